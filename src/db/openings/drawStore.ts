import type { Knex } from 'knex';

/** The draw of a sale's opening. */
export interface Draw {
  scheduleId: string;
  /** SHA-256 of the seed's text, as 64 hex digits. */
  seedHash: string;
  opensAt: Date;
  /** Null before the draw. */
  result: DrawResult | null;
}

export interface DrawResult {
  drawnAt: Date;
  /** 64 hex digits. */
  seed: string;
  /** In the order of the draw: the first entry is first in line. */
  entries: string[];
}

/** A sale that still has to be opened. */
export interface Opening {
  scheduleId: string;
  opensAt: Date;
}

export type DrawStore = ReturnType<typeof createDrawStore>;

/** If `db` is a transaction, all statements run in it. */
export function createDrawStore(db: Knex) {
  return {
    /**
     * Commits to a seed, if the schedule has its own waiting room and its sale has not opened yet. A schedule with a
     * draw keeps it.
     *
     * @returns the opening if it is new; the caller must plan it before this is committed
     */
    async commit(scheduleId: string): Promise<Opening | null> {
      const { rows } = await db.raw<{ rows: Opening[] }>(
        `WITH committed AS (
           INSERT INTO draws (schedule_id)
           SELECT id FROM schedules WHERE id = ? AND waiting_room IS NOT NULL AND sale_opens_at > now()
           ON CONFLICT (schedule_id) DO NOTHING
           RETURNING schedule_id
         )
         SELECT id AS "scheduleId", sale_opens_at AS "opensAt"
           FROM schedules JOIN committed ON schedule_id = id`,
        [scheduleId],
      );
      return rows[0] ?? null;
    },

    async find(scheduleId: string): Promise<Draw | null> {
      const { rows } = await db.raw<{ rows: DrawRow[] }>(
        `SELECT draw.schedule_id AS "scheduleId", draw.seed_hash AS "seedHash",
                schedule.sale_opens_at AS "opensAt",
                result.drawn_at AS "drawnAt", result.seed, result.entries
           FROM draws AS draw JOIN schedules AS schedule ON schedule.id = draw.schedule_id
           LEFT JOIN draw_results AS result ON result.schedule_id = draw.schedule_id
          WHERE draw.schedule_id = ?`,
        [scheduleId],
      );
      return rows[0] ? toDraw(rows[0]) : null;
    },

    /**
     * Records the entries and draws their order. Only the first call has an effect. Later calls with other entries
     * change nothing.
     */
    async record(scheduleId: string, entries: readonly string[], drawnAt: Date): Promise<void> {
      await db.raw('SELECT record_draw(?, ?::uuid[], ?)', [scheduleId, [...entries], drawnAt]);
    },

    /** The first instant is permanent. */
    async markOpened(scheduleId: string, openedAt: Date): Promise<void> {
      await db('draws')
        .where({ schedule_id: scheduleId })
        .whereNull('opened_at')
        .update({ opened_at: openedAt });
    },

    /** Sales that should have opened at least this long ago, by the clock of Postgres. */
    async overdue(olderThanSeconds: number): Promise<string[]> {
      const { rows } = await db.raw<{ rows: { id: string }[] }>(
        `SELECT schedule.id FROM draws AS draw JOIN schedules AS schedule ON schedule.id = draw.schedule_id
         WHERE draw.opened_at IS NULL
           AND schedule.sale_opens_at < service_now() - make_interval(secs => ?)`,
        [olderThanSeconds],
      );
      return rows.map((row) => row.id);
    },

    /** Every opening that is still to come, soonest first. */
    async toOpen(): Promise<Opening[]> {
      const { rows } = await db.raw<{ rows: Opening[] }>(
        `SELECT draw.schedule_id AS "scheduleId", schedule.sale_opens_at AS "opensAt"
           FROM draws AS draw JOIN schedules AS schedule ON schedule.id = draw.schedule_id
          WHERE draw.opened_at IS NULL
          ORDER BY schedule.sale_opens_at, draw.schedule_id`,
      );
      return rows;
    },
  };
}

interface DrawRow extends Omit<Draw, 'result'> {
  drawnAt: Date | null;
  seed: string | null;
  entries: string[] | null;
}

function toDraw({ drawnAt, seed, entries, ...draw }: DrawRow): Draw {
  return { ...draw, result: drawnAt && seed && entries ? { drawnAt, seed, entries } : null };
}
