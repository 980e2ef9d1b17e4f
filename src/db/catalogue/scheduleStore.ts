import type { Knex } from 'knex';
import {
  cancellationPolicySchema,
  type CancellationPolicy,
} from '../../domain/cancellations/cancellationPolicy';
import type { SeatSupply } from '../../domain/catalogue/seatSupply';
import type { SaleSwitch } from '../../domain/catalogue/saleStatus';
import type { Grade, PricedCategory } from '../../domain/catalogue/seatingPlan/grades';
import type { WaitingRoom } from '../../domain/queue/waitingRoom';

/** What decides whether and how seats of a schedule can be held. */
export interface ScheduleFacts {
  scheduleId: string;
  saleOpensAt: Date;
  saleClosesAt: Date;
  saleSwitch: SaleSwitch;
  /** The show does not take place: its sale is closed for good. */
  cancelledAt: Date | null;
  maxSeatsPerUser: number;
  /** A seat's fee in whole currency units. */
  bookingFee: number;
  currency: string;
  /** null: the service-wide room is enough. */
  waitingRoom: WaitingRoom | null;
  /** null: nobody is drawn at the opening. true: it is done, and the line stands. */
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
  /** In the plan's order; one without a price is not for sale. */
  grades: readonly Pick<PricedCategory, 'grade' | 'price' | 'color'>[];
}

export interface ScheduleChange {
  saleSwitch?: SaleSwitch | undefined;
  waitingRoom?: WaitingRoom | null | undefined;
}

/**
 * Names the lock of a schedule's sale. Every hold shares it while it is recorded; who takes it alone has waited
 * for the holds before, and those after see what was committed under it.
 */
export const SALE_LOCK = `hashtextextended('sale:' || :scheduleId::text, 0)`;

/** Columns under the names of {@link ScheduleFacts}; without its draw. */
const FACTS = `schedule.id AS "scheduleId", schedule.sale_opens_at AS "saleOpensAt",
  schedule.sale_closes_at AS "saleClosesAt", schedule.sale_switch AS "saleSwitch",
  schedule.cancelled_at AS "cancelledAt",
  schedule.max_seats_per_user AS "maxSeatsPerUser", schedule.booking_fee AS "bookingFee",
  schedule.currency, schedule.waiting_room AS "waitingRoom"`;

/** A seat is free unless it is allocated or blocked; blocking refuses allocated seats, so none counts twice. */
const OVERVIEW = `${FACTS}, schedule.concert_id AS "concertId", schedule.starts_at AS "startsAt",
  venue.name AS "venueName", schedule.seats_total AS "seatsTotal",
  schedule.seats_total
    - (SELECT count(*) FROM allocations WHERE schedule_id = schedule.id AND released_at IS NULL)
    - (SELECT count(*) FROM seats WHERE schedule_id = schedule.id AND blocked) AS "seatsAvailable"`;

export type ScheduleStore = ReturnType<typeof createScheduleStore>;

/** Given a transaction, all of it happens in that transaction. */
export function createScheduleStore(db: Knex) {
  return {
    /**
     * The schedule and its grades; its seats follow in the same transaction.
     *
     * @returns false when a schedule with this id exists; it is left as it is
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
      const { rows } = await db.raw<{ rows: ScheduleFacts[] }>(
        `SELECT ${FACTS},
                (SELECT opened_at IS NOT NULL FROM draws WHERE schedule_id = schedule.id) AS "drawDone"
           FROM schedules AS schedule WHERE schedule.id = ?`,
        [scheduleId],
      );
      return rows[0] ?? null;
    },

    /** How many seats can be bought, now or when holds end. An unknown schedule has none. */
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

    /** Those that are for sale, in the plan's order. */
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

    /** Changes what is given and leaves the rest. @returns false for an unknown schedule */
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
     * Closes the sale for good: no hold is recorded after this is committed, and every one before can be seen.
     * Run again, it changes nothing.
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
