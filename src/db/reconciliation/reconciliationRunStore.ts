import type { Knex } from 'knex';

/** How far back a run looks. RECENT runs are frequent. DEEP runs once a day. */
export type ReconciliationDepth = 'RECENT' | 'DEEP';

export interface RunTotals {
  /** The number of charges in the gateway's book. */
  lines: number;
  /** The number of payments and top-ups. */
  attempts: number;
  /** Whole currency units. */
  money: number;
}

/** A run and its window. The window ends at the start of the run. */
export interface RecordedRun extends RunTotals {
  runId: string;
  gateway: string;
  depth: ReconciliationDepth;
  windowFrom: Date;
  startedAt: Date;
  /** Null: under way, or interrupted. */
  finishedAt: Date | null;
}

export interface NewRun {
  runId: string;
  gateway: string;
  recentDays: number;
  deepDays: number;
  deepEveryHours: number;
}

/** How long runs are kept, to show when a problem began. */
const KEPT_DAYS = 30;

interface RunRow {
  id: string;
  gateway: string;
  depth: ReconciliationDepth;
  started_at: Date;
  window_from: Date;
  finished_at: Date | null;
  lines: number;
  attempts: number;
  money: number;
}

export type ReconciliationRunStore = ReturnType<typeof createReconciliationRunStore>;

export function createReconciliationRunStore(db: Knex) {
  return {
    /**
     * Begins a run. It is DEEP if no DEEP run was finished lately. If the run already began, returns that run. Uses the
     * clock of Postgres.
     */
    async begin(run: NewRun): Promise<RecordedRun> {
      const { rows } = await db.raw<{ rows: RunRow[] }>(
        `INSERT INTO reconciliation_runs AS run (id, gateway, depth, started_at, window_from)
         SELECT :runId, :gateway, depth, now(),
                now() - make_interval(days => CASE depth WHEN 'DEEP' THEN :deepDays::int ELSE :recentDays::int END)
         FROM (SELECT CASE WHEN EXISTS (SELECT FROM reconciliation_runs
                                        WHERE depth = 'DEEP' AND gateway = :gateway AND finished_at IS NOT NULL
                                          AND started_at > now() - make_interval(hours => :deepEveryHours::int))
                           THEN 'RECENT' ELSE 'DEEP' END AS depth) AS due
         ON CONFLICT (id) DO UPDATE SET gateway = run.gateway
         RETURNING *`,
        { ...run },
      );
      const [row] = rows;
      if (!row) throw new Error('an upsert returned no row');
      return toRun(row);
    },

    /** Ends a run, and deletes old ones. */
    async finish(runId: string, { lines, attempts, money }: RunTotals): Promise<void> {
      await db<RunRow>('reconciliation_runs')
        .where({ id: runId })
        .whereNull('finished_at')
        .update({ finished_at: db.fn.now(), lines, attempts, money });
      await db<RunRow>('reconciliation_runs')
        .where('started_at', '<', db.raw('now() - make_interval(days => ?::int)', [KEPT_DAYS]))
        .delete();
    },

    /** The newest run of a gateway, which may be under way, and its newest finished run. Often both are the same. */
    async latest(gateway: string): Promise<{ newest: RecordedRun | null; finished: RecordedRun | null }> {
      const row = await newestFirst(gateway).first();
      const newest = row ? toRun(row) : null;
      if (!newest || newest.finishedAt) return { newest, finished: newest };
      const earlier = await newestFirst(gateway).whereNotNull('finished_at').first();
      return { newest, finished: earlier ? toRun(earlier) : null };
    },
  };

  function newestFirst(gateway: string) {
    return db<RunRow>('reconciliation_runs').where({ gateway }).orderBy('started_at', 'desc');
  }
}

function toRun(row: RunRow): RecordedRun {
  return {
    runId: row.id,
    gateway: row.gateway,
    depth: row.depth,
    windowFrom: row.window_from,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    lines: row.lines,
    attempts: row.attempts,
    money: row.money,
  };
}
