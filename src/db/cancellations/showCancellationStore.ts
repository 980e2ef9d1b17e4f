import type { Knex } from 'knex';
import type { ReservationStatus } from '../../domain/reservations/reservationStates';
import type { ShowCancellationSettings, ShowCounts } from '../../domain/cancellations/showCancellation';
import { OPEN_LIST } from '../reservations/openReservations';
import { createScheduleStore } from '../catalogue/scheduleStore';

export interface ShowCancellation extends ShowCancellationSettings {
  scheduleId: string;
  reason: string | null;
  startedAt: Date;
  finishedAt: Date | null;
}

/** Absent properties stay unchanged. */
export type SettingsChange = {
  [Name in keyof ShowCancellationSettings]?: ShowCancellationSettings[Name] | undefined;
};

/** In whole currency units. */
export interface PointsAndCard {
  points: number;
  card: number;
}

export interface ShowProgress {
  counts: ShowCounts;
  refunded: PointsAndCard;
  due: PointsAndCard;
  currency: string;
}

/** A refund whose last try failed. */
export interface FailingRefund {
  reservationId: string;
  /** The amount due to the card. */
  amount: number;
  attempts: number;
  lastFault: string;
  /** The time since which it is due. */
  since: Date;
}

/** A page of a pass over the reservations of a show. */
export interface ReservationPage {
  scheduleId: string;
  statuses: readonly ReservationStatus[];
  /** The last reservation of the page before; null for the first page. */
  after: string | null;
  limit: number;
}

export type ShowCancellationStore = ReturnType<typeof createShowCancellationStore>;

/** Cancelled shows. If `db` is a transaction, all statements run in it. */
export function createShowCancellationStore(db: Knex) {
  return {
    /**
     * Closes the sale permanently and creates the record, not paused. An existing record stays unchanged. Needs a
     * transaction.
     */
    async open({
      scheduleId,
      reason,
      refundsPerSecond,
    }: Pick<ShowCancellation, 'scheduleId' | 'reason' | 'refundsPerSecond'>): Promise<void> {
      await createScheduleStore(db).cancel(scheduleId, reason);
      await db('show_cancellations')
        .insert({ schedule_id: scheduleId, refunds_per_second: refundsPerSecond, paused: false })
        .onConflict('schedule_id')
        .ignore();
    },

    async find(scheduleId: string): Promise<ShowCancellation | null> {
      const { rows } = await db.raw<{ rows: ShowCancellation[] }>(
        `SELECT schedule_id AS "scheduleId", paused, refunds_per_second AS "refundsPerSecond",
                cancel_reason AS reason, cancelled_at AS "startedAt", finished_at AS "finishedAt"
         FROM show_cancellations JOIN schedules ON schedules.id = schedule_id
         WHERE schedule_id = ?`,
        [scheduleId],
      );
      return rows[0] ?? null;
    },

    /** Reads the operator's settings. If there is a transaction, the settings cannot change until it ends. */
    async lockSettings(scheduleId: string): Promise<ShowCancellationSettings | null> {
      const { rows } = await db.raw<{ rows: ShowCancellationSettings[] }>(
        `SELECT paused, refunds_per_second AS "refundsPerSecond" FROM show_cancellations
         WHERE schedule_id = ? FOR SHARE`,
        [scheduleId],
      );
      return rows[0] ?? null;
    },

    /**
     * Changes the given settings only.
     *
     * @returns false if all refunds are finished
     */
    async adjust(scheduleId: string, change: SettingsChange): Promise<boolean> {
      const { rowCount } = await db.raw<{ rowCount: number }>(
        `UPDATE show_cancellations SET paused = coalesce(:paused, paused),
                refunds_per_second = coalesce(:refundsPerSecond, refunds_per_second)
         WHERE schedule_id = :scheduleId AND finished_at IS NULL`,
        { scheduleId, paused: change.paused ?? null, refundsPerSecond: change.refundsPerSecond ?? null },
      );
      return rowCount > 0;
    },

    async finish(scheduleId: string): Promise<void> {
      await db('show_cancellations')
        .where({ schedule_id: scheduleId })
        .whereNull('finished_at')
        .update({ finished_at: db.raw('service_now()') });
    },

    /** The schedules whose refunds are not finished, of shows that were cancelled at least this long ago. */
    async unfinished(olderThanSeconds: number): Promise<string[]> {
      const { rows } = await db.raw<{ rows: { id: string }[] }>(
        `SELECT schedules.id FROM show_cancellations JOIN schedules ON schedules.id = schedule_id
         WHERE finished_at IS NULL AND cancelled_at < service_now() - make_interval(secs => ?)`,
        [olderThanSeconds],
      );
      return rows.map((row) => row.id);
    },

    /**
     * Ids in ascending order. If a pass continues after the last id of a page, it misses no reservation that already
     * existed.
     */
    async page({ scheduleId, statuses, after, limit }: ReservationPage): Promise<string[]> {
      const query = db('reservations')
        .where({ schedule_id: scheduleId })
        .whereIn('status', statuses)
        .orderBy('id')
        .limit(limit)
        .select<{ id: string }[]>('id');
      if (after !== null) void query.where('id', '>', after);
      return (await query).map((row) => row.id);
    },

    async progress(scheduleId: string): Promise<ShowProgress> {
      const { rows } = await db.raw<{ rows: [ProgressRow] }>(PROGRESS, { scheduleId });
      const [{ refundedPoints, refundedCard, duePoints, dueCard, currency, ...counts }] = rows;
      return {
        counts,
        refunded: { points: refundedPoints, card: refundedCard },
        due: { points: duePoints, card: dueCard },
        currency,
      };
    },

    /**
     * By reservation id, starting after `after`. Several refunds of one reservation are combined: their sum, and the
     * last fault.
     */
    async failing(
      scheduleId: string,
      page: { limit: number; after?: string | undefined },
    ): Promise<FailingRefund[]> {
      const { rows } = await db.raw<{ rows: FailingRefund[] }>(
        `SELECT reservation_id AS "reservationId", sum(amount)::bigint AS amount, max(attempts) AS attempts,
                (array_agg(last_fault ORDER BY refund.created_at DESC))[1] AS "lastFault",
                min(refund.created_at) AS since
         FROM refunds AS refund JOIN reservations ON reservations.id = reservation_id
         WHERE schedule_id = :scheduleId AND refund.status = 'PENDING' AND last_fault IS NOT NULL
           AND (:after::uuid IS NULL OR reservation_id > :after::uuid)
         GROUP BY reservation_id
         ORDER BY reservation_id
         LIMIT :limit`,
        { scheduleId, limit: page.limit, after: page.after ?? null },
      );
      return rows;
    },
  };
}

interface ProgressRow extends ShowCounts {
  refundedPoints: number;
  refundedCard: number;
  duePoints: number;
  dueCard: number;
  currency: string;
}

/**
 * Points are back in the wallet when the transaction that cancels seats commits. The card part has a refund row.
 * Without that row, nothing was due to a card. A reservation with remaining seats is still to do, even if its customer
 * has cancelled some seats.
 */
const PROGRESS = `
  SELECT count(*) FILTER (WHERE sold) AS reservations,
         count(*) FILTER (WHERE sold AND NOT due AND NOT pending) AS refunded,
         count(*) FILTER (WHERE pending AND last_fault IS NULL) AS refunding,
         count(*) FILTER (WHERE pending AND last_fault IS NOT NULL) AS failing,
         count(*) FILTER (WHERE due) AS "toDo",
         count(*) FILTER (WHERE by_customer AND NOT due) AS "cancelledByCustomer",
         count(*) FILTER (WHERE open) AS "openHolds",
         coalesce(sum(back_points), 0)::bigint AS "refundedPoints",
         coalesce(sum(back_card), 0)::bigint AS "refundedCard",
         coalesce(sum(left_points) FILTER (WHERE due), 0)::bigint AS "duePoints",
         (coalesce(sum(left_total - left_points) FILTER (WHERE due), 0)
           + coalesce(sum(pending_card), 0))::bigint AS "dueCard",
         (SELECT currency FROM schedules WHERE id = :scheduleId) AS currency
  FROM (SELECT reservation.status IN ('CONFIRMED', 'CANCELLED') AS sold,
               reservation.status = 'CONFIRMED' AS due,
               reservation.status IN (${OPEN_LIST}) AS open,
               given.by_customer, given.points AS back_points,
               reservation.status <> 'CONFIRMED' AND coalesce(refund.pending, false) AS pending, refund.last_fault,
               refund.done AS back_card, refund.due AS pending_card,
               least(payment.points - given.points, left_over.total) AS left_points, left_over.total AS left_total
        FROM reservations AS reservation
        LEFT JOIN payments AS payment
          ON payment.reservation_id = reservation.id AND payment.status IN ('SUCCEEDED', 'REFUNDED', 'PARTIALLY_REFUNDED')
        CROSS JOIN LATERAL (
          SELECT coalesce(bool_and(rule <> 'organiser-cancelled'), false) AS by_customer,
                 coalesce(sum(points), 0)::bigint AS points,
                 coalesce(sum(tickets + booking_fee), 0)::bigint AS total
          FROM cancellations WHERE reservation_id = reservation.id) AS given
        CROSS JOIN LATERAL (
          SELECT reservation.tickets + reservation.booking_fee - given.total AS total) AS left_over
        CROSS JOIN LATERAL (
          SELECT bool_or(status = 'PENDING') AS pending,
                 max(last_fault) FILTER (WHERE status = 'PENDING') AS last_fault,
                 coalesce(sum(amount) FILTER (WHERE status = 'PENDING'), 0)::bigint AS due,
                 coalesce(sum(amount) FILTER (WHERE status = 'DONE'), 0)::bigint AS done
          FROM refunds WHERE reservation_id = reservation.id) AS refund
        WHERE reservation.schedule_id = :scheduleId) AS each`;
