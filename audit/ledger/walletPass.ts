import { z } from 'zod';
import { amountSchema, PAGE, type AuditPass, type LedgerFault } from './pass';

const rowSchema = z.object({
  user_id: z.string(),
  balance: amountSchema,
  sum: amountSchema,
  breaks: z.array(
    z.object({ key: z.string(), before: amountSchema, amount: amountSchema, after: amountSchema }),
  ),
});
type WalletRow = z.infer<typeof rowSchema>;

/**
 * Checks that every wallet is the sum of its entries, that each entry continues from the balance of the entry before
 * it, and that no balance was ever below zero.
 */
export const walletPass: AuditPass = {
  subject: 'wallets',
  async readPage(snapshot, after) {
    const rows = await snapshot.read(
      `WITH page AS MATERIALIZED (
         SELECT user_id, balance FROM wallets WHERE $1::uuid IS NULL OR user_id > $1
         ORDER BY user_id LIMIT $2),
       chain AS (
         SELECT page.user_id, key, entries.amount, balance_after,
                coalesce(lag(balance_after) OVER (PARTITION BY page.user_id ORDER BY entries.id), 0) AS before
         FROM page JOIN entries ON entries.user_id = page.user_id JOIN journals ON journals.id = journal_id)
       SELECT page.user_id, balance, coalesce(sum(amount), 0)::bigint AS sum,
              coalesce(jsonb_agg(jsonb_build_object('key', key, 'before', before, 'amount', amount,
                                                    'after', balance_after))
                         FILTER (WHERE balance_after <> before + amount OR balance_after < 0), '[]') AS breaks
       FROM page LEFT JOIN chain USING (user_id)
       GROUP BY page.user_id, balance ORDER BY page.user_id`,
      rowSchema,
      [after, PAGE],
    );
    const last = rows.length < PAGE ? undefined : rows.at(-1);
    return { last: last?.user_id ?? null, read: rows.length, faults: rows.flatMap(faultsOfWallet) };
  },
};

function faultsOfWallet({ user_id: userId, balance, sum, breaks }: WalletRow): LedgerFault[] {
  const total = `the wallet of ${userId} has ${balance}, its entries say ${sum}`;
  return [
    ...breaks.map(({ key, before, amount, after }) => ({
      journal: key,
      what: `leaves ${after} in the wallet of ${userId}, which had ${before} and got ${amount}`,
    })),
    ...(balance === sum ? [] : [{ journal: null, what: total }]),
  ];
}
