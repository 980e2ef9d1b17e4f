import type { Knex } from 'knex';
import type { GatewayJournal } from '../../domain/reconciliation/reconciliation';
import type { ComparedWindow, PageStart } from '../payments/attemptReader';
import { CLEARING } from '../ledger/ledgerStore';

/** A confirmed reservation, and whether a payment paid for it. */
export interface ReadSale {
  reservationId: string;
  total: number;
  currency: string;
  confirmedAt: Date;
  paid: boolean;
}

/** A journal. `known` is false if it moves the gateway's money without a payment or a top-up. */
export interface ReadJournal extends GatewayJournal {
  known: boolean;
}

type RecordWindow = Pick<ComparedWindow, 'windowFrom' | 'settledBefore'>;

export type RecordReader = ReturnType<typeof createRecordReader>;

/**
 * Reads sales and journals page by page, to find those without an attempt. The page is cut before the joins, so that
 * each row costs one index lookup, however large the tables are.
 */
export function createRecordReader(db: Knex) {
  return {
    /** The reservations that were confirmed in the window, oldest first. */
    async sales(window: RecordWindow, page: PageStart): Promise<ReadSale[]> {
      const { rows } = await db.raw<{ rows: ReadSale[] }>(
        `SELECT id AS "reservationId", tickets + booking_fee AS total, currency, ended_at AS "confirmedAt",
                EXISTS (SELECT FROM payments WHERE reservation_id = reservations.id
                          AND status IN ('SUCCEEDED', 'REFUNDED', 'PARTIALLY_REFUNDED')) AS paid
         FROM (SELECT * FROM reservations
               WHERE status = 'CONFIRMED' AND ended_at >= :windowFrom AND ended_at < :settledBefore
                 AND (:after::uuid IS NULL
                      OR (ended_at, id) > (SELECT ended_at, id FROM reservations WHERE id = :after))
               ORDER BY ended_at, id LIMIT :limit) AS reservations
         ORDER BY ended_at, id`,
        { ...window, ...page },
      );
      return rows;
    },

    /** The journals of the window, oldest first. */
    async journals(window: RecordWindow, page: PageStart): Promise<ReadJournal[]> {
      const { rows } = await db.raw<{ rows: ReadJournal[] }>(
        `SELECT journal.id AS "journalId", key, kind, created_at AS "bookedAt",
                coalesce(booked.amount, 0) AS amount, coalesce(booked.currency, '') AS currency,
                booked.amount IS NULL
                  OR EXISTS (SELECT FROM payments WHERE id = payment_id)
                  OR EXISTS (SELECT FROM top_ups WHERE id = payment_id) AS known
         FROM (SELECT * FROM journals
               WHERE created_at >= :windowFrom AND created_at < :settledBefore
                 AND (:after::uuid IS NULL
                      OR (created_at, id) > (SELECT created_at, id FROM journals WHERE id = :after))
               ORDER BY created_at, id LIMIT :limit) AS journal
         CROSS JOIN LATERAL (
           SELECT sum(abs(amount))::bigint AS amount, min(currency) AS currency
           FROM entries WHERE journal_id = journal.id AND account LIKE '${CLEARING}%') AS booked
         ORDER BY created_at, id`,
        { ...window, ...page },
      );
      return rows;
    },
  };
}
