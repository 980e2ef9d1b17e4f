import { faultsOf, type Snapshot } from '../evidence/database';
import type { Evidence } from '../evidence/evidence';
import { auditLedger } from '../ledger/audit';

/** The first faults of a ledger are enough: `npm run ledger:audit` names all. */
const MOST = 100;

/**
 * Invariant 3: every journal sums to zero; the balance of a wallet equals its entries and is never negative; and every
 * payment, top-up and cancellation has its journals, and no journal is without one.
 */
export async function ledger({ snapshot, ledger: depth }: Evidence): Promise<string[]> {
  const faults = await ledgerSums(snapshot);
  if (faults.length > 0 || depth === 'sums') return faults;
  await auditLedger(snapshot, {
    onFault({ journal, what }) {
      if (faults.length < MOST) faults.push(journal === null ? what : `journal ${journal} ${what}`);
    },
  });
  return faults;
}

export const ledgerSums = async (snapshot: Snapshot): Promise<string[]> => faultsOf(snapshot, LEDGER);

const LEDGER = `
  SELECT 'journal ' || key || ' sums to ' || sum(amount) AS what
  FROM journals JOIN entries ON journal_id = journals.id GROUP BY key, currency HAVING sum(amount) <> 0
  UNION ALL
  SELECT 'the wallet of ' || wallets.user_id || ' has ' || balance || ', and its entries say ' || coalesce(sum(amount), 0)
  FROM wallets LEFT JOIN entries ON entries.user_id = wallets.user_id
  GROUP BY wallets.user_id, balance HAVING balance <> coalesce(sum(amount), 0)
  UNION ALL
  SELECT 'the wallet of ' || user_id || ' has ' || balance FROM wallets WHERE balance < 0`;
