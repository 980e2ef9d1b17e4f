import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import { insufficientPoints } from '../../domain/money';
import { PermanentError } from '../../domain/permanentError';

/** The accounts of the house. Migrations 004 and 008 explain their meaning and sign. */
export const HOUSE_ACCOUNTS = [
  'house:revenue',
  'house:booking-fees',
  'house:cancellation-fees',
  'house:pending',
  'house:refunds-due',
] as const;

/**
 * The prefix of the clearing accounts. Each gateway has its own account. Negative: the amount that the gateway owes the
 * house.
 */
export const CLEARING = 'gateway:clearing:';
type ClearingAccount = `${typeof CLEARING}${string}`;

export const clearingOf = (gateway: string): ClearingAccount => `${CLEARING}${gateway}`;

/** An account that is not a user's wallet. */
export type HouseAccount = (typeof HOUSE_ACCOUNTS)[number] | ClearingAccount;

export const JOURNAL_KINDS = [
  'TOP_UP',
  'POINTS_TAKEN',
  'POINTS_RETURNED',
  'SALE',
  'CHARGE_VOIDED',
  'CANCELLATION',
  'CARD_REFUNDED',
] as const;
export type JournalKind = (typeof JOURNAL_KINDS)[number];

/** One business event. Its entries must sum to zero. Otherwise the database rejects them. */
export interface Journal {
  /** Identifies the effect, such as `debit:<paymentId>`. The ledger books it at most once. */
  key: string;
  kind: JournalKind;
  currency: string;
  reservationId?: string;
  paymentId?: string;
  /** The amount that flows into (positive) or out of (negative) the user's wallet. */
  wallet?: { userId: string; amount: number };
  house: readonly { account: HouseAccount; amount: number }[];
}

/** A line in the ledger view of a user. */
export interface WalletEntry {
  /** The id of the journal. A journal has at most one entry for a wallet. */
  entryId: string;
  kind: JournalKind;
  amount: number;
  balanceAfter: number;
  reservationId: string | null;
  createdAt: Date;
}

/** One entry of a journal, as the service shows it. */
export interface JournalLine {
  journalId: string;
  kind: JournalKind;
  account: string;
  amount: number;
  bookedAt: Date;
}

export interface Posting {
  /** False if a journal with this key was already booked. Then nothing was changed. */
  booked: boolean;
  /** The balance of the wallet after this journal. Null if it has no wallet entry, or if nothing was booked. */
  balance: number | null;
}

export type LedgerStore = ReturnType<typeof createLedgerStore>;

/** The double-entry ledger. Call `post` in the transaction of the effect that it books. */
export function createLedgerStore(db: Knex) {
  return {
    /**
     * Books a journal, once for each key.
     *
     * @throws {Problem} insufficient-points with `balance` and `required`; the caller must then roll back the
     *   transaction
     */
    async post(journal: Journal): Promise<Posting> {
      const { wallet, currency } = journal;
      const house = journal.house.filter((entry) => entry.amount !== 0);
      const { rows } = await db
        .raw<{ rows: { booked: boolean; balance: number | null }[] }>(
          `WITH wallet AS (SELECT :userId::uuid AS user_id, :walletAmount::bigint AS amount),
         journal AS (
           INSERT INTO journals (id, key, kind, reservation_id, payment_id)
           VALUES (:id, :key, :kind, :reservationId, :paymentId)
           ON CONFLICT (key) DO NOTHING
           RETURNING id),
         moved AS (
           -- The write carries its own condition, so that parallel debits cannot take a wallet below zero.
           UPDATE wallets SET balance = wallets.balance + wallet.amount
           FROM journal, wallet
           WHERE wallets.user_id = wallet.user_id AND wallets.balance + wallet.amount >= 0
           RETURNING wallets.user_id, wallet.amount, wallets.balance),
         lines AS (
           SELECT 'wallet:' || user_id AS account, user_id, amount, balance FROM moved
           UNION ALL
           SELECT line.account, NULL, line.amount, NULL
           FROM unnest(:accounts::text[], :amounts::bigint[]) AS line (account, amount), wallet
           WHERE wallet.user_id IS NULL OR EXISTS (SELECT FROM moved)),
         booked AS (
           INSERT INTO entries (journal_id, account, user_id, amount, currency, balance_after)
           SELECT journal.id, account, user_id, amount, :currency, balance FROM journal, lines)
         SELECT EXISTS (SELECT FROM journal) AS booked, (SELECT balance FROM moved) AS balance`,
          {
            id: randomUUID(),
            key: journal.key,
            kind: journal.kind,
            reservationId: journal.reservationId ?? null,
            paymentId: journal.paymentId ?? null,
            userId: wallet?.userId ?? null,
            walletAmount: wallet?.amount ?? 0,
            currency,
            accounts: house.map((entry) => entry.account),
            amounts: house.map((entry) => entry.amount),
          },
        )
        .options({ name: 'post-journal' });
      const { booked = false, balance = null } = rows[0] ?? {};
      if (!booked || !wallet || balance !== null) return { booked, balance };
      if (wallet.amount >= 0) throw new PermanentError(`user ${wallet.userId} has no wallet`);
      throw insufficientPoints(await balanceOf(wallet.userId), -wallet.amount);
    },

    async isBooked(key: string): Promise<boolean> {
      const row = await db('journals').where({ key }).first<{ id: string } | undefined>('id');
      return row !== undefined;
    },

    balance: balanceOf,

    /** Newest first, older than the entry `before`. An unknown `before` gives an empty page. */
    async walletEntries(
      userId: string,
      page: { limit: number; before?: string | undefined },
    ): Promise<WalletEntry[]> {
      const query = db('entries')
        .join('journals', 'journals.id', 'entries.journal_id')
        .where('entries.user_id', userId)
        .orderBy('entries.id', 'desc')
        .limit(page.limit)
        .select<WalletEntry[]>({
          entryId: 'entries.journal_id',
          kind: 'journals.kind',
          amount: 'entries.amount',
          balanceAfter: 'entries.balance_after',
          reservationId: 'journals.reservation_id',
          createdAt: 'journals.created_at',
        });
      if (page.before !== undefined) {
        const before = db('entries').where({ journal_id: page.before, user_id: userId }).select('id');
        void query.where('entries.id', '<', before);
      }
      return query;
    },

    /** Every entry of a reservation's journals, oldest first. */
    async linesOf(reservationId: string): Promise<JournalLine[]> {
      return db('entries')
        .join('journals', 'journals.id', 'entries.journal_id')
        .where('journals.reservation_id', reservationId)
        .orderBy('entries.id')
        .select<JournalLine[]>({
          journalId: 'journals.id',
          kind: 'journals.kind',
          account: 'entries.account',
          amount: 'entries.amount',
          bookedAt: 'journals.created_at',
        });
    },
  };

  /** 0 if the user has no wallet yet. */
  async function balanceOf(userId: string): Promise<number> {
    const row = await db('wallets')
      .where({ user_id: userId })
      .first<{ balance: number } | undefined>('balance');
    return row?.balance ?? 0;
  }
}
