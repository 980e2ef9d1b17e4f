import type { Knex } from 'knex';
import {
  OWN_BOOKS_KINDS,
  type DifferenceKind,
  type DifferenceStatus,
  type Finding,
} from '../../domain/reconciliation/reconciliation';

/** A difference between the books, as it was seen last. */
export interface Difference {
  differenceId: string;
  kind: DifferenceKind;
  subject: string;
  /** Whose money it is about; null where no gateway is concerned, or none is known. */
  gateway: string | null;
  status: DifferenceStatus;
  amount: number;
  currency: string;
  detail: Record<string, unknown>;
  aroseAt: Date;
  firstSeenAt: Date;
  lastSeenAt: Date;
  resolvedAt: Date | null;
  /** The operator who closed it; null where it is gone by itself. */
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
  /** The sum of what is OPEN or MENDING. */
  unexplained: number;
  /** When the oldest money of it moved; null where there is none. */
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
     * Records what a comparison found. One that an operator has closed stays closed while its figures stay the
     * same; one that was gone is open again.
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
     * Resolves what a run would have seen if it were still there: what is about its gateway, or about none. Of a gateway
     * without keys it has seen our own books alone.
     *
     * @param run.others gateways whose differences are left to runs of their own
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

    /** Closes a difference by hand; one that is resolved already stays as it is. */
    async close(differenceId: string, by: { userId: string; note: string }): Promise<Difference | null> {
      await db<DifferenceRow>('differences')
        .where({ id: differenceId })
        .whereNot({ status: 'RESOLVED' })
        .update({ status: 'RESOLVED', resolved_at: db.fn.now(), resolved_by: by.userId, note: by.note });
      const row = await db<DifferenceRow>('differences').where({ id: differenceId }).first();
      return row ? toDifference(row) : null;
    },

    /** Newest first, below the difference `before`; an unknown one gives an empty page. */
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
