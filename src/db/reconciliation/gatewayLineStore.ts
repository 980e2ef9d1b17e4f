import type { Knex } from 'knex';
import { validate as isUuid } from 'uuid';
import type { StrangeLine } from '../../domain/reconciliation/reconciliation';
import type { BookedCharge } from '../../domain/payments/gateway';

/** The rows of one statement, about 100 ms. */
const ROWS = 1_000;

export type GatewayLineStore = ReturnType<typeof createGatewayLineStore>;

/** The gateway's book, as one run reads it. */
export function createGatewayLineStore(db: Knex) {
  return {
    /**
     * Stores a page of the book, each charge with the attempt of this gateway to which it belongs. The attempt is found
     * by its key if the gateway reports it, or else by the gateway's id of the charge. If a charge is stored again, the
     * newer data counts.
     */
    async keep(runId: string, gateway: string, charges: readonly BookedCharge[]): Promise<void> {
      for (let first = 0; first < charges.length; first += ROWS) {
        await insert(runId, gateway, charges.slice(first, first + ROWS));
      }
    },

    /**
     * Deletes up to `limit` lines of a run, or of any run that started at least a day ago.
     *
     * @returns the number of deleted lines
     */
    async forget(runId: string, limit: number): Promise<number> {
      const { rowCount } = await db.raw<{ rowCount: number }>(
        `DELETE FROM gateway_lines WHERE ctid IN
           (SELECT ctid FROM gateway_lines
            WHERE run_id = :runId
               OR run_id IN (SELECT id FROM reconciliation_runs WHERE started_at < now() - interval '1 day')
            LIMIT :limit)`,
        { runId, limit },
      );
      return rowCount;
    },

    /** Charges that keep money and that belong to no attempt of ours, in the order of the gateway's ids. */
    async strange(page: {
      runId: string;
      gateway: string;
      bookedBefore: Date;
      after: string | null;
      limit: number;
    }): Promise<StrangeLine[]> {
      const { rows } = await db.raw<{ rows: StrangeLine[] }>(
        `SELECT :gateway AS gateway, line.gateway_payment_id AS "gatewayPaymentId", idempotency_key AS "idempotencyKey",
                order_id AS "orderId", line.status, line.amount, refunded, line.currency, booked_at AS "bookedAt",
                CASE WHEN top_ups.status = 'SUCCEEDED'
                       OR EXISTS (SELECT FROM payments
                                  WHERE reservation_id = reservations.id
                                    AND status IN ('SUCCEEDED', 'REFUNDED', 'PARTIALLY_REFUNDED')) THEN 'PAID'
                     WHEN reservations.id IS NOT NULL OR top_ups.id IS NOT NULL THEN 'UNPAID'
                     ELSE 'UNKNOWN' END AS "order"
         FROM (SELECT *, CASE WHEN order_id ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
                              THEN order_id::uuid END AS our_order
               FROM gateway_lines
               WHERE run_id = :runId AND attempt_id IS NULL AND refunded < amount AND booked_at < :bookedBefore
                 AND gateway_payment_id > :after
               ORDER BY gateway_payment_id LIMIT :limit) AS line
         LEFT JOIN reservations ON reservations.id = our_order
         LEFT JOIN top_ups ON top_ups.id = our_order
         ORDER BY line.gateway_payment_id`,
        { ...page, after: page.after ?? '' },
      );
      return rows;
    },
  };

  async function insert(runId: string, gateway: string, charges: readonly BookedCharge[]): Promise<void> {
    const lines = charges.map((charge) => ({ ...charge, attemptId: asUuid(charge.idempotencyKey) }));
    await db.raw(
      `INSERT INTO gateway_lines
         (run_id, gateway_payment_id, idempotency_key, order_id, status, amount, refunded, currency, booked_at,
          attempt_id)
       SELECT :runId, "gatewayPaymentId", "idempotencyKey", "orderId", status, amount, refunded, currency,
              "bookedAt",
              coalesce((SELECT id FROM payments WHERE id = line."attemptId" AND gateway = :gateway),
                       (SELECT id FROM top_ups WHERE id = line."attemptId" AND gateway = :gateway),
                       (SELECT id FROM payments WHERE gateway_payment_id = line."gatewayPaymentId"
                          AND gateway = :gateway LIMIT 1),
                       (SELECT id FROM top_ups WHERE gateway_payment_id = line."gatewayPaymentId"
                          AND gateway = :gateway LIMIT 1),
                       (SELECT id FROM payments WHERE payment_key = line."gatewayPaymentId"
                          AND gateway = :gateway AND gateway <> 'sandbox'),
                       (SELECT id FROM top_ups WHERE payment_key = line."gatewayPaymentId"
                          AND gateway = :gateway AND gateway <> 'sandbox'))
       FROM jsonb_to_recordset(:lines::jsonb) AS line
         ("gatewayPaymentId" text, "idempotencyKey" text, "orderId" text, status text, amount bigint,
          refunded bigint, currency text, "bookedAt" timestamptz, "attemptId" uuid)
       ON CONFLICT (run_id, gateway_payment_id) DO UPDATE SET status = excluded.status,
         amount = excluded.amount, refunded = excluded.refunded, attempt_id = excluded.attempt_id`,
      { runId, gateway, lines: JSON.stringify(lines) },
    );
  }
}

/** The keys of our charges are the ids of their attempts. A key in another form is not ours. */
function asUuid(text: string | null): string | null {
  return text !== null && isUuid(text) ? text : null;
}
