import type { Knex } from 'knex';
import type { CancellationCause, NotCancellableReason } from '../../domain/cancellations/cancellationTerms';

export type CancellationRequestStatus = 'REQUESTED' | 'WITHDRAWN' | 'ACCEPTED' | 'REFUSED';

/** A requested cancellation. The cancellation that results from it has the same id. */
export interface CancellationRequest {
  cancellationId: string;
  reservationId: string;
  cause: CancellationCause;
  /** Null: all remaining seats. */
  seatIds: string[] | null;
  status: CancellationRequestStatus;
  /** Why the request was refused. */
  reason: NotCancellableReason | null;
  /** By the clock of Postgres. It decides about the fee. */
  requestedAt: Date;
}

/** A request that has not ended yet, and its reservation. */
export interface OpenRequest {
  cancellationId: string;
  reservationId: string;
  scheduleId: string;
  userId: string;
}

interface RequestRow {
  id: string;
  reservation_id: string;
  cause: CancellationCause;
  seat_ids: string[] | null;
  status: CancellationRequestStatus;
  reason: NotCancellableReason | null;
  requested_at: Date;
}

const COLUMNS = 'id, reservation_id, cause, seat_ids, status, reason, requested_at';

export type CancellationRequestStore = ReturnType<typeof createCancellationRequestStore>;

/** Requests for cancellations, recorded when they are made. If `db` is a transaction, all statements run in it. */
export function createCancellationRequestStore(db: Knex) {
  return {
    /**
     * Records a request before its workflow gets it. A withdrawn request becomes requested again. Any other one stays
     * unchanged.
     */
    async request(
      request: Pick<CancellationRequest, 'cancellationId' | 'reservationId' | 'cause' | 'seatIds'>,
    ): Promise<void> {
      await db.raw(
        `INSERT INTO cancellation_requests AS request (id, reservation_id, cause, seat_ids)
         VALUES (:cancellationId, :reservationId, :cause, :seatIds::uuid[])
         ON CONFLICT (id) DO UPDATE SET status = 'REQUESTED', requested_at = service_now(), ended_at = NULL
         WHERE request.status = 'WITHDRAWN'`,
        { ...request },
      );
    },

    /**
     * Records the organiser's request for each of these reservations that is sold, once for each.
     *
     * @returns the requests that have not ended
     */
    async requestAll(reservationIds: readonly string[]): Promise<OpenRequest[]> {
      const { rows } = await db.raw<{ rows: OpenRequest[] }>(
        `WITH added AS (
           INSERT INTO cancellation_requests (id, reservation_id, cause)
           SELECT gen_random_uuid(), id, 'ORGANISER' FROM reservations
           WHERE id = ANY(:reservationIds) AND status = 'CONFIRMED' ORDER BY id
           ON CONFLICT (reservation_id) WHERE cause = 'ORGANISER' DO NOTHING
           RETURNING id, reservation_id),
         open AS (
           SELECT id, reservation_id FROM added
           UNION
           SELECT id, reservation_id FROM cancellation_requests
           WHERE reservation_id = ANY(:reservationIds) AND cause = 'ORGANISER' AND ended_at IS NULL)
         SELECT open.id AS "cancellationId", reservation_id AS "reservationId", schedule_id AS "scheduleId",
                user_id AS "userId"
         FROM open JOIN reservations ON reservations.id = reservation_id`,
        { reservationIds: [...reservationIds] },
      );
      return rows;
    },

    async find(cancellationId: string): Promise<CancellationRequest | null> {
      const { rows } = await db.raw<{ rows: RequestRow[] }>(
        `SELECT ${COLUMNS} FROM cancellation_requests WHERE id = ?`,
        [cancellationId],
      );
      return rows[0] ? toRequest(rows[0]) : null;
    },

    /** Like {@link find}, but also prevents other decisions about the request until the transaction ends. */
    async lock(cancellationId: string): Promise<CancellationRequest | null> {
      const { rows } = await db.raw<{ rows: RequestRow[] }>(
        `SELECT ${COLUMNS} FROM cancellation_requests WHERE id = ? FOR UPDATE`,
        [cancellationId],
      );
      return rows[0] ? toRequest(rows[0]) : null;
    },

    /** @returns true if the request was not decided: then it has no effect */
    async withdraw(cancellationId: string): Promise<boolean> {
      const changed = await requested(cancellationId).update({ status: 'WITHDRAWN', ended_at: db.fn.now() });
      return changed > 0;
    },

    /** @param isOver true if no refund to a card is due */
    async accept(cancellationId: string, isOver: boolean): Promise<void> {
      const ended = isOver ? { ended_at: db.fn.now() } : {};
      await requested(cancellationId).update({ status: 'ACCEPTED', ...ended });
    },

    async refuse(cancellationId: string, reason: NotCancellableReason): Promise<void> {
      await requested(cancellationId).update({ status: 'REFUSED', reason, ended_at: db.fn.now() });
    },

    /** Marks that nothing is left to do. */
    async end(cancellationId: string): Promise<void> {
      await db('cancellation_requests')
        .where({ id: cancellationId, status: 'ACCEPTED' })
        .whereNull('ended_at')
        .update({ ended_at: db.fn.now() });
    },

    /**
     * Takes requests of some age that have not ended, starting with the one that was swept longest ago. So each gets
     * its turn, however many there are.
     */
    async takeOpen(page: { olderThanSeconds: number; limit: number }): Promise<OpenRequest[]> {
      const { rows } = await db.raw<{ rows: OpenRequest[] }>(
        `WITH taken AS (
           UPDATE cancellation_requests SET swept_at = now()
           WHERE id IN (SELECT id FROM cancellation_requests
                        WHERE ended_at IS NULL
                          AND requested_at < service_now() - make_interval(secs => :olderThanSeconds)
                        ORDER BY swept_at NULLS FIRST, id LIMIT :limit FOR UPDATE SKIP LOCKED)
           RETURNING id, reservation_id)
         SELECT taken.id AS "cancellationId", reservation_id AS "reservationId", schedule_id AS "scheduleId",
                user_id AS "userId"
         FROM taken JOIN reservations ON reservations.id = reservation_id`,
        page,
      );
      return rows;
    },
  };

  /** A decision is never changed. */
  function requested(cancellationId: string) {
    return db('cancellation_requests').where({ id: cancellationId, status: 'REQUESTED' });
  }
}

function toRequest(row: RequestRow): CancellationRequest {
  return {
    cancellationId: row.id,
    reservationId: row.reservation_id,
    cause: row.cause,
    seatIds: row.seat_ids,
    status: row.status,
    reason: row.reason,
    requestedAt: row.requested_at,
  };
}
