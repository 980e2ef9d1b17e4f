import { z } from 'zod';
import type { Snapshot } from '../evidence/database';
import type { Line } from './expectedJournals';

/** A fault in the ledger. */
export interface LedgerFault {
  /** The key of the journal. If the journal is missing, the key that it should have. Null for a wallet as a whole. */
  journal: string | null;
  what: string;
}

export interface AuditPage {
  /** The id after which the next page begins; null after the last page. */
  last: string | null;
  read: number;
  faults: LedgerFault[];
}

/** One pass over the whole ledger from its beginning, page by page. */
export interface AuditPass {
  /** The name of what it reads, in the plural. */
  subject: string;
  readPage(snapshot: Snapshot, after: string | null): Promise<AuditPage>;
}

/** The rows of a page, which are in memory at once. */
export const PAGE = 500;

/** Postgres sends a bigint as text. */
export const amountSchema = z.coerce.number().int();

/** A booked entry. */
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
