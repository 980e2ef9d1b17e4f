import { z } from 'zod';
import type { Snapshot } from '../evidence/database';
import type { Line } from './expectedJournals';

/** Something that the ledger should not say. */
export interface LedgerFault {
  /** The journal's key; the key that it should have where it is missing. Null for a wallet as a whole. */
  journal: string | null;
  what: string;
}

export interface AuditPage {
  /** Where the next page begins; null after the last. */
  last: string | null;
  read: number;
  faults: LedgerFault[];
}

/** One reading of the whole ledger from its beginning, so many rows at a time. */
export interface AuditPass {
  /** What it reads, in the plural. */
  subject: string;
  readPage(snapshot: Snapshot, after: string | null): Promise<AuditPage>;
}

/** Rows of a page: what is in memory at once. */
export const PAGE = 500;

/** Postgres sends a bigint as text. */
export const amountSchema = z.coerce.number().int();

/** An entry as it is booked. */
export const bookedLineSchema = z.object({
  account: z.string(),
  amount: amountSchema,
  currency: z.string(),
}) satisfies z.ZodType<Line>;
export type BookedLine = z.infer<typeof bookedLineSchema>;

export function pageOf<Row>(
  rows: readonly Row[],
  idOf: (row: Row) => string,
  faultsOf: (row: Row) => LedgerFault[],
): AuditPage {
  const last = rows.length < PAGE ? undefined : rows.at(-1);
  return { last: last ? idOf(last) : null, read: rows.length, faults: rows.flatMap(faultsOf) };
}
