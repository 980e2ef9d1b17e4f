import type { Knex } from 'knex';
import {
  cancellationPolicySchema,
  type CancellationPolicy,
} from '../../domain/cancellations/cancellationPolicy';
import type { SeatSupply } from '../../domain/catalogue/seatSupply';
import type { SaleSwitch } from '../../domain/catalogue/saleStatus';
import type { Grade, PricedCategory } from '../../domain/catalogue/seatingPlan/grades';
import type { WaitingRoom } from '../../domain/queue/waitingRoom';

/** The facts that decide whether and how seats of a schedule can be held. */
export interface ScheduleFacts {
  scheduleId: string;
  saleOpensAt: Date;
  saleClosesAt: Date;
  saleSwitch: SaleSwitch;
  /** Set if the show does not take place. Its sale is permanently closed. */
  cancelledAt: Date | null;
  maxSeatsPerUser: number;
  /** The booking fee for one seat, in whole currency units. */
  bookingFee: number;
  currency: string;
  /** null: only the service-wide room applies. */
  waitingRoom: WaitingRoom | null;
  /** null: the opening has no draw. true: the draw is done, and the line is complete. */
  drawDone: boolean | null;
}

/** A schedule as the catalogue shows it. */
export interface ScheduleOverview extends Omit<ScheduleFacts, 'drawDone'> {
  concertId: string;
  venueName: string;
  startsAt: Date;
  seatsTotal: number;
  seatsAvailable: number;
}

export interface NewSchedule extends Omit<ScheduleFacts, 'saleSwitch' | 'cancelledAt' | 'drawDone'> {
  concertId: string;
  venueId: string;
  startsAt: Date;
  seatsTotal: number;
  cancellationPolicy: CancellationPolicy;
  /** In the order of the plan. A grade without a price is not for sale. */
  grades: readonly Pick<PricedCategory, 'grade' | 'price' | 'color'>[];
}

export interface ScheduleChange {
  saleSwitch?: SaleSwitch | undefined;
  waitingRoom?: WaitingRoom | null | undefined;
}

/**
 * The lock key of a schedule's sale. Every transaction that records a hold takes it shared. A transaction that takes it
 * exclusively has waited for all earlier holds. Later holds see what it has committed.
 */
export const SALE_LOCK = `hashtextextended('sale:' || :scheduleId::text, 0)`;

/** The columns, renamed to the properties of {@link ScheduleFacts}, without its draw. */
const FACTS = `schedule.id AS "scheduleId", schedule.sale_opens_at AS "saleOpensAt",
  schedule.sale_closes_at AS "saleClosesAt", schedule.sale_switch AS "saleSwitch",
  schedule.cancelled_at AS "cancelledAt",
  schedule.max_seats_per_user AS "maxSeatsPerUser", schedule.booking_fee AS "bookingFee",
  schedule.currency, schedule.waiting_room AS "waitingRoom"`;

/** A seat is free unless it is allocated or blocked. An allocated seat cannot be blocked, so no seat counts twice. */
const OVERVIEW = `${FACTS}, schedule.concert_id AS "concertId", schedule.starts_at AS "startsAt",
  venue.name AS "venueName", schedule.seats_total AS "seatsTotal",
  schedule.seats_total
    - (SELECT count(*) FROM allocations WHERE schedule_id = schedule.id AND released_at IS NULL)
    - (SELECT count(*) FROM seats WHERE schedule_id = schedule.id AND blocked) AS "seatsAvailable"`;

export type ScheduleStore = ReturnType<typeof createScheduleStore>;

/** If `db` is a transaction, all statements run in it. */
export function createScheduleStore(db: Knex) {
  return {
    /**
     * Inserts the schedule and its grades. The caller inserts its seats in the same transaction.
     *
     * @returns false if a schedule with this id exists; it stays unchanged
     */
    async insert(schedule: NewSchedule): Promise<boolean> {
      const inserted = await db('schedules')
        .insert({
          id: schedule.scheduleId,
          concert_id: schedule.concertId,
          venue_id: schedule.venueId,
          starts_at: schedule.startsAt,
          sale_opens_at: schedule.saleOpensAt,
          sale_closes_at: schedule.saleClosesAt,
          currency: schedule.currency,
          booking_fee: schedule.bookingFee,
          max_seats_per_user: schedule.maxSeatsPerUser,
          seats_total: schedule.seatsTotal,
          waiting_room: schedule.waitingRoom,
          cancellation_policy: schedule.cancellationPolicy,
        })
        .onConflict('id')
        .ignore()
        .returning('id');
      if (inserted.length === 0) return false;
      await db('grades').insert(
        schedule.grades.map(({ grade, price, color }, position) => ({
          schedule_id: schedule.scheduleId,
          position,
          grade,
          price,
          color,
        })),
      );
      return true;
    },

    async facts(scheduleId: string): Promise<ScheduleFacts | null> {
      const { rows } = await db
        .raw<{ rows: ScheduleFacts[] }>(
          `SELECT ${FACTS},
                (SELECT opened_at IS NOT NULL FROM draws WHERE schedule_id = schedule.id) AS "drawDone"
           FROM schedules AS schedule WHERE schedule.id = :scheduleId`,
          { scheduleId },
        )
        .options({ name: 'schedule-facts' });
      return rows[0] ?? null;
    },

    /** The number of seats that can be bought, now or when holds end. An unknown schedule has none. */
    async supply(scheduleId: string): Promise<SeatSupply> {
      const { rows } = await db
        .raw<{ rows: SeatSupply[] }>(
          `SELECT (schedule.seats_total - live.taken
                     - (SELECT count(*) FROM seats WHERE schedule_id = schedule.id AND blocked))::int AS available,
                  live.held::int AS held
           FROM schedules AS schedule,
                LATERAL (SELECT count(*) AS taken, count(*) FILTER (WHERE sold_at IS NULL) AS held
                         FROM allocations
                         WHERE schedule_id = schedule.id AND released_at IS NULL) AS live
           WHERE schedule.id = :scheduleId`,
          { scheduleId },
        )
        .options({ name: 'seat-supply' });
      return rows[0] ?? { available: 0, held: 0 };
    },

    async cancellationPolicy(scheduleId: string): Promise<CancellationPolicy | null> {
      const row = await db('schedules')
        .where({ id: scheduleId })
        .first<{ cancellation_policy: unknown } | undefined>('cancellation_policy');
      return row ? cancellationPolicySchema.parse(row.cancellation_policy) : null;
    },

    /** The grades that are for sale, in the order of the plan. */
    async grades(scheduleId: string): Promise<Grade[]> {
      const { rows } = await db.raw<{ rows: Grade[] }>(
        `SELECT grade, price, color FROM grades
         WHERE schedule_id = ? AND price IS NOT NULL ORDER BY position`,
        [scheduleId],
      );
      return rows;
    },

    async overview(scheduleId: string): Promise<ScheduleOverview | null> {
      const { rows } = await db.raw<{ rows: ScheduleOverview[] }>(
        `SELECT ${OVERVIEW} FROM schedules AS schedule JOIN venues AS venue ON venue.id = schedule.venue_id
         WHERE schedule.id = ?`,
        [scheduleId],
      );
      return rows[0] ?? null;
    },

    /** By time, earliest first. */
    async ofConcerts(concertIds: readonly string[]): Promise<ScheduleOverview[]> {
      const { rows } = await db.raw<{ rows: ScheduleOverview[] }>(
        `SELECT ${OVERVIEW} FROM schedules AS schedule JOIN venues AS venue ON venue.id = schedule.venue_id
         WHERE schedule.concert_id = ANY(?)
         ORDER BY schedule.starts_at, schedule.id`,
        [[...concertIds]],
      );
      return rows;
    },

    /**
     * Changes the given properties only.
     *
     * @returns false for an unknown schedule
     */
    async update(scheduleId: string, change: ScheduleChange): Promise<boolean> {
      const columns = {
        ...(change.saleSwitch !== undefined && { sale_switch: change.saleSwitch }),
        ...(change.waitingRoom !== undefined && { waiting_room: change.waitingRoom }),
      };
      const rows = db('schedules').where({ id: scheduleId });
      if (Object.keys(columns).length === 0) return (await rows.first('id')) !== undefined;
      return (await rows.update(columns)) > 0;
    },

    /**
     * Closes the sale permanently. After the commit no hold is recorded, and every earlier hold is visible. A repeated
     * call changes nothing.
     */
    async cancel(scheduleId: string, reason: string | null): Promise<void> {
      await db.raw(`SELECT pg_advisory_xact_lock(${SALE_LOCK})`, { scheduleId });
      await db('schedules')
        .where({ id: scheduleId })
        .whereNull('cancelled_at')
        .update({ cancelled_at: db.raw('service_now()'), cancel_reason: reason });
    },
  };
}
