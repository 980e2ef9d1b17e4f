import type { Knex } from 'knex';
import type { ReservationStatus } from '../domain/reservationStates';
import type { ShowCancellationSettings, ShowCounts } from '../domain/showCancellation';
import { createScheduleStore } from './scheduleStore';

export interface ShowCancellation extends ShowCancellationSettings {
  scheduleId: string;
  reason: string | null;
  startedAt: Date;
  finishedAt: Date | null;
}

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
  /** Due to the card. */
  amount: number;
  attempts: number;
  lastFault: string;
  /** Since when it is due. */
  since: Date;
}

/** A page of a walk through the reservations of a show. */
export interface ReservationPage {
  scheduleId: string;
  statuses: readonly ReservationStatus[];
  /** The last of the page before; null for the first page. */
  after: string | null;
  limit: number;
}

export type ShowCancellationStore = ReturnType<typeof createShowCancellationStore>;

/** Cancelled shows. Given a transaction, all of it happens in that transaction. */
export function createShowCancellationStore(db: Knex) {
  return {
    /** Closes the sale for good and opens the record; a record that stands is left as it is. Needs a transaction. */
    async open({
      scheduleId,
      startedAt,
      reason,
      ...settings
    }: Omit<ShowCancellation, 'finishedAt'>): Promise<void> {
      await createScheduleStore(db).cancel(scheduleId, startedAt, reason);
      await db('show_cancellations')
        .insert({ schedule_id: scheduleId, ...columnsOf(settings) })
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

    async saveSettings(scheduleId: string, settings: ShowCancellationSettings): Promise<void> {
      await db('show_cancellations').where({ schedule_id: scheduleId }).update(columnsOf(settings));
    },

    async finish(scheduleId: string, at: Date): Promise<void> {
      await db('show_cancellations')
        .where({ schedule_id: scheduleId })
        .whereNull('finished_at')
        .update({ finished_at: at });
    },

    /** Ids in their order: a walk that goes on after the last one of a page misses none that was there before it. */
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

    /** By reservation id, from just above `after`. */
    async failing(
      scheduleId: string,
      page: { limit: number; after?: string | undefined },
    ): Promise<FailingRefund[]> {
      const { rows } = await db.raw<{ rows: FailingRefund[] }>(
        `SELECT reservation_id AS "reservationId", amount, attempts, last_fault AS "lastFault",
                refund.created_at AS since
         FROM refunds AS refund JOIN reservations ON reservations.id = reservation_id
         WHERE schedule_id = :scheduleId AND refund.status = 'PENDING' AND last_fault IS NOT NULL
           AND (:after::uuid IS NULL OR reservation_id > :after::uuid)
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
 * Points are back in the wallet with the commit that cancels a reservation. A card's part is a refund of its own,
 * where there is one: without, nothing was due to a card.
 */
const PROGRESS = `
  SELECT count(*) FILTER (WHERE sold) AS reservations,
         count(*) FILTER (WHERE sold AND NOT due AND NOT pending) AS refunded,
         count(*) FILTER (WHERE pending AND last_fault IS NULL) AS refunding,
         count(*) FILTER (WHERE pending AND last_fault IS NOT NULL) AS failing,
         count(*) FILTER (WHERE due) AS "toDo",
         count(*) FILTER (WHERE rule <> 'organiser-cancelled') AS "cancelledByCustomer",
         count(*) FILTER (WHERE open) AS "openHolds",
         coalesce(sum(back_points), 0)::bigint AS "refundedPoints",
         coalesce(sum(refund_amount) FILTER (WHERE NOT pending), 0)::bigint AS "refundedCard",
         coalesce(sum(paid_points) FILTER (WHERE due), 0)::bigint AS "duePoints",
         (coalesce(sum(paid_card) FILTER (WHERE due), 0)
           + coalesce(sum(refund_amount) FILTER (WHERE pending), 0))::bigint AS "dueCard",
         (SELECT currency FROM schedules WHERE id = :scheduleId) AS currency
  FROM (SELECT reservation.status IN ('CONFIRMED', 'CANCELLED') AS sold,
               reservation.status = 'CONFIRMED' AS due,
               reservation.status IN ('HELD', 'PAYING', 'SETTLING') AS open,
               cancellation.rule, cancellation.points AS back_points,
               coalesce(refund.status = 'PENDING', false) AS pending, refund.last_fault,
               refund.amount AS refund_amount, payment.points AS paid_points, payment.card AS paid_card
        FROM reservations AS reservation
        LEFT JOIN payments AS payment ON payment.reservation_id = reservation.id AND payment.status = 'SUCCEEDED'
        LEFT JOIN cancellations AS cancellation ON cancellation.reservation_id = reservation.id
        LEFT JOIN refunds AS refund ON refund.reservation_id = reservation.id
        WHERE reservation.schedule_id = :scheduleId) AS each`;

function columnsOf({ paused, refundsPerSecond }: ShowCancellationSettings) {
  return { paused, refunds_per_second: refundsPerSecond };
}
