import type { Knex } from 'knex';
import {
  OWN_BOOKS_KINDS,
  type DifferenceKind,
  type DifferenceStatus,
  type Finding,
} from '../../domain/reconciliation/reconciliation';

/** A difference between the books, as a run last saw it. */
export interface Difference {
  differenceId: string;
  kind: DifferenceKind;
  subject: string;
  /** The gateway of the money. Null if no gateway is concerned, or none is known. */
  gateway: string | null;
  status: DifferenceStatus;
  amount: number;
  currency: string;
  detail: Record<string, unknown>;
  aroseAt: Date;
  firstSeenAt: Date;
  lastSeenAt: Date;
  resolvedAt: Date | null;
  /** The operator who closed it. Null if it disappeared without an operator. */
  resolvedBy: string | null;
  note: string | null;
}

export interface DifferenceCount {
  kind: DifferenceKind;
  status: DifferenceStatus;
  count: number;
  amount: number;
}

export interface DifferenceSummary {
  counts: DifferenceCount[];
  /** The sum of all differences that are OPEN or MENDING. */
  unexplained: number;
  /** When the oldest of this money moved. Null if there is none. */
  oldestUnexplained: Date | null;
}

interface DifferenceRow {
  id: string;
  kind: DifferenceKind;
  subject: string;
  gateway: string | null;
  status: DifferenceStatus;
  amount: number;
  currency: string;
  detail: Record<string, unknown>;
  arose_at: Date;
  first_seen_at: Date;
  last_seen_at: Date;
  resolved_at: Date | null;
  resolved_by: string | null;
  note: string | null;
}

export type DifferenceStore = ReturnType<typeof createDifferenceStore>;

export function createDifferenceStore(db: Knex) {
  return {
    /**
     * Records the findings of a comparison. A difference that an operator has closed stays closed while its figures
     * stay the same. A difference that had disappeared becomes open again.
     */
    async record(findings: readonly Finding[]): Promise<void> {
      if (findings.length === 0) return;
      await db.raw(
        `INSERT INTO differences AS known
           (id, kind, subject, gateway, status, amount, currency, detail, arose_at, first_seen_at, last_seen_at)
         SELECT gen_random_uuid(), kind, subject, gateway, CASE WHEN mendable THEN 'MENDING' ELSE 'OPEN' END,
                amount, currency, detail, "aroseAt", now(), now()
         FROM jsonb_to_recordset(:findings::jsonb) AS finding
           (kind text, subject text, gateway text, amount bigint, currency text, "aroseAt" timestamptz, detail jsonb,
            mendable boolean)
         ON CONFLICT (kind, subject) DO UPDATE SET
           gateway = excluded.gateway,
           last_seen_at = excluded.last_seen_at,
           (status, amount, currency, detail, resolved_at, resolved_by) =
             (SELECT known.status, known.amount, known.currency, known.detail, known.resolved_at, known.resolved_by
              WHERE known.resolved_by IS NOT NULL
                AND (known.amount, known.detail) = (excluded.amount, excluded.detail)
              UNION ALL
              SELECT excluded.status, excluded.amount, excluded.currency, excluded.detail, NULL, NULL
              LIMIT 1)`,
        { findings: JSON.stringify(findings) },
      );
    },

    /**
     * Resolves the differences that a run would have seen if they still existed: those of its gateway, and those
     * without a gateway. For a gateway without keys, the run has seen only our own books.
     *
     * @param run.others gateways whose differences are left to separate runs
     */
    async resolveUnseen(run: {
      gateway: string;
      startedAt: Date;
      windowFrom: Date;
      others: readonly string[];
    }): Promise<void> {
      await db<DifferenceRow>('differences')
        .whereNot({ status: 'RESOLVED' })
        .where('arose_at', '>=', run.windowFrom)
        .where('last_seen_at', '<', run.startedAt)
        .where((about) => {
          void about
            .whereNull('gateway')
            .orWhere({ gateway: run.gateway })
            .orWhere((without) => {
              void without.whereNotIn('gateway', run.others).whereIn('kind', OWN_BOOKS_KINDS);
            });
        })
        .update({ status: 'RESOLVED', resolved_at: db.fn.now() });
    },

    /** Closes a difference by hand. A resolved difference stays unchanged. */
    async close(differenceId: string, by: { userId: string; note: string }): Promise<Difference | null> {
      await db<DifferenceRow>('differences')
        .where({ id: differenceId })
        .whereNot({ status: 'RESOLVED' })
        .update({ status: 'RESOLVED', resolved_at: db.fn.now(), resolved_by: by.userId, note: by.note });
      const row = await db<DifferenceRow>('differences').where({ id: differenceId }).first();
      return row ? toDifference(row) : null;
    },

    /** Newest first, older than the difference `before`. An unknown `before` gives an empty page. */
    async page(options: {
      status: DifferenceStatus | undefined;
      limit: number;
      before: string | undefined;
    }): Promise<Difference[]> {
      const { status, limit, before } = options;
      const query = db<DifferenceRow>('differences')
        .orderBy([
          { column: 'first_seen_at', order: 'desc' },
          { column: 'id', order: 'desc' },
        ])
        .limit(limit);
      if (status !== undefined) void query.where({ status });
      if (before !== undefined) {
        void query.whereRaw(
          '(first_seen_at, id) < (SELECT first_seen_at, id FROM differences WHERE id = ?)',
          before,
        );
      }
      return (await query).map(toDifference);
    },

    async summary(): Promise<DifferenceSummary> {
      const { rows } = await db.raw<{ rows: (DifferenceCount & { oldest: Date })[] }>(
        `SELECT kind, status, count(*) AS count, sum(amount)::bigint AS amount,
                min(arose_at) FILTER (WHERE amount > 0) AS oldest
         FROM differences GROUP BY kind, status ORDER BY kind, status`,
      );
      const unresolved = rows.filter(({ status, amount }) => status !== 'RESOLVED' && amount > 0);
      const oldest = unresolved.toSorted((a, b) => a.oldest.getTime() - b.oldest.getTime()).at(0)?.oldest;
      return {
        counts: rows.map(({ kind, status, count, amount }) => ({ kind, status, count, amount })),
        unexplained: unresolved.reduce((sum, { amount }) => sum + amount, 0),
        oldestUnexplained: oldest ?? null,
      };
    },
  };
}

function toDifference(row: DifferenceRow): Difference {
  return {
    differenceId: row.id,
    kind: row.kind,
    subject: row.subject,
    gateway: row.gateway,
    status: row.status,
    amount: row.amount,
    currency: row.currency,
    detail: row.detail,
    aroseAt: row.arose_at,
    firstSeenAt: row.first_seen_at,
    lastSeenAt: row.last_seen_at,
    resolvedAt: row.resolved_at,
    resolvedBy: row.resolved_by,
    note: row.note,
  };
}
