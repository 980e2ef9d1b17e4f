import { z } from 'zod';
import { JOURNAL_KINDS } from '../../db/ledger/ledgerStore';
import { paymentKey } from '../payments/schema';
import { pageQuery } from '../http/paging';

const instant = z.iso.datetime();
const money = z.int();

/** REST contract, Wallet: 400 under 1,000 or over 2,000,000. */
const MIN_TOP_UP = 1_000;
const MAX_TOP_UP = 2_000_000;

export const walletSchema = z.object({ balance: money, currency: z.string() });

export const entryListQuery = z.object({
  ...pageQuery,
});

export const entrySchema = z.object({
  entryId: z.uuid(),
  kind: z.enum(JOURNAL_KINDS),
  amount: money.meta({ description: 'Positive if money goes into the wallet, negative if it goes out' }),
  balanceAfter: money,
  reservationId: z.uuid().optional(),
  createdAt: instant,
});

export const topUpBody = z.strictObject({
  amount: z.int().min(MIN_TOP_UP).max(MAX_TOP_UP),
  paymentKey: paymentKey.optional(),
});

export const topUpSchema = z.object({
  topUpId: z.uuid(),
  amount: money,
  status: z.literal('SUCCEEDED'),
  balance: money.meta({ description: 'The balance right after this top-up' }),
});
