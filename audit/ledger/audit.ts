import type { Snapshot } from '../evidence/database';
import { journalPass, type AccountSum } from './journalPass';
import type { AuditPage, AuditPass, LedgerFault } from './pass';
import { paymentPass, topUpPass } from './purchasePass';
import { walletPass } from './walletPass';

export interface LedgerReport {
  /** The number of rows read, by subject. */
  read: Readonly<Record<string, number>>;
  accounts: AccountSum[];
  faults: number;
}

export interface AuditListener {
  /** Called for each fault when it is found, because all faults together may not fit into memory. */
  onFault(fault: LedgerFault): void;
  /** Called after each page. */
  onProgress?(subject: string, read: number): void;
}

/**
 * Proves the whole ledger from its beginning: journals, payments, top-ups, cancellations, refunds and wallets.
 * It reads the snapshot in pages, so that its memory does not grow with the ledger.
 *
 * @throws if the database cannot be read
 */
export async function auditLedger(snapshot: Snapshot, listener: AuditListener): Promise<LedgerReport> {
  const sums = new Map<string, AccountSum>();
  const read: Record<string, number> = {};
  let faults = 0;
  const count = (fault: LedgerFault): void => {
    faults += 1;
    listener.onFault(fault);
  };
  for (const pass of [journalPass(sums), paymentPass, topUpPass, walletPass]) {
    read[pass.subject] = await readAll(snapshot, pass, { ...listener, onFault: count });
  }
  const accounts = [...sums.values()].toSorted((a, b) => a.account.localeCompare(b.account));
  return { read, accounts, faults };
}

async function readAll(snapshot: Snapshot, pass: AuditPass, listener: AuditListener): Promise<number> {
  let read = 0;
  let after: string | null = null;
  do {
    const page: AuditPage = await pass.readPage(snapshot, after);
    for (const fault of page.faults) listener.onFault(fault);
    read += page.read;
    after = page.last;
    listener.onProgress?.(pass.subject, read);
  } while (after !== null);
  return read;
}
