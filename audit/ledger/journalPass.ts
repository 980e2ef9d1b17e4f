import { z } from 'zod';
import { CLEARING_ACCOUNTS, HOUSE_ACCOUNTS, JOURNAL_KINDS } from './accounts';
import { bookedLineSchema, pageOf, PAGE, type AuditPass, type LedgerFault } from './pass';

/** The sum of one account, over the whole ledger. */
export interface AccountSum {
  account: string;
  currency: string;
  entries: number;
  sum: number;
}

const rowSchema = z.object({
  id: z.string(),
  key: z.string(),
  kind: z.string(),
  has_purchase: z.boolean(),
  lines: z.array(bookedLineSchema.extend({ userId: z.string().nullable(), hasWallet: z.boolean() })),
});
type JournalRow = z.infer<typeof rowSchema>;
type JournalLine = JournalRow['lines'][number];

const KINDS: ReadonlySet<string> = new Set(JOURNAL_KINDS);
const HOUSE: ReadonlySet<string> = new Set([...HOUSE_ACCOUNTS, ...CLEARING_ACCOUNTS]);

/** The report shows all wallets as one line. */
const WALLETS = 'wallets';

/**
 * Checks that every journal sums to zero for each currency, has a known kind, belongs to a payment or a top-up, and
 * names existing accounts.
 *
 * @param sums gets the sums of the accounts, by account and currency
 */
export function journalPass(sums: Map<string, AccountSum>): AuditPass {
  return {
    subject: 'journals',
    async readPage(snapshot, after) {
      const rows = await snapshot.read(
        `SELECT journal.id, key, kind, lines,
                EXISTS (SELECT FROM payments WHERE id = payment_id)
                  OR EXISTS (SELECT FROM top_ups WHERE id = payment_id) AS has_purchase
         FROM (SELECT * FROM journals WHERE $1::uuid IS NULL OR id > $1 ORDER BY id LIMIT $2) AS journal
         CROSS JOIN LATERAL (
           SELECT coalesce(jsonb_agg(jsonb_build_object('account', account, 'amount', amount,
                    'currency', entries.currency, 'userId', entries.user_id,
                    'hasWallet', wallets.user_id IS NOT NULL)), '[]') AS lines
           FROM entries LEFT JOIN wallets USING (user_id) WHERE journal_id = journal.id) AS booked
         ORDER BY journal.id`,
        rowSchema,
        [after, PAGE],
      );
      for (const { lines } of rows) addTo(sums, lines);
      return pageOf(rows, ({ id }) => id, faultsOfJournal);
    },
  };
}

function faultsOfJournal({ key, kind, has_purchase: hasPurchase, lines }: JournalRow): LedgerFault[] {
  const unbalanced = [...sumsOf(lines)].filter(([, sum]) => sum !== 0);
  const unknown = lines.filter(
    ({ account, userId, hasWallet }) =>
      !(userId === null ? HOUSE.has(account) : hasWallet && account === `wallet:${userId}`),
  );
  return [
    ...unbalanced.map(([currency, sum]) => `sums to ${sum} ${currency}`),
    ...unknown.map(({ account }) => `names the account ${account}, which does not exist`),
    ...(KINDS.has(kind) ? [] : [`is of the unknown kind ${kind}`]),
    ...(hasPurchase ? [] : ['belongs to no payment and no top-up']),
  ].map((what) => ({ journal: key, what }));
}

function sumsOf(lines: readonly JournalLine[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { currency, amount } of lines) sums.set(currency, (sums.get(currency) ?? 0) + amount);
  return sums;
}

function addTo(sums: Map<string, AccountSum>, lines: readonly JournalLine[]): void {
  for (const { account: name, userId, currency, amount } of lines) {
    const account = userId === null ? name : WALLETS;
    const known = sums.get(`${account} ${currency}`) ?? { account, currency, entries: 0, sum: 0 };
    sums.set(`${account} ${currency}`, { ...known, entries: known.entries + 1, sum: known.sum + amount });
  }
}
