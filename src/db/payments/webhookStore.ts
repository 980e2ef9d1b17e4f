import type { Knex } from 'knex';
import { validate as isUuid } from 'uuid';

/**
 * The effect of a message from a gateway.
 * - NONE: it contained nothing new.
 * - HINT: the running workflow of the payment or top-up asks the gateway at once.
 * - SETTLEMENT: a separate workflow finds out the outcome of the charge, and refunds a charge without a sale.
 * - UNKNOWN_CHARGE: no payment or top-up of ours has this charge. If money moved, reconciliation shows it.
 */
export type WebhookEffect = 'NONE' | 'HINT' | 'SETTLEMENT' | 'UNKNOWN_CHARGE';

export interface WebhookMark {
  gateway: string;
  eventId: string;
  type: string;
  attemptId: string | null;
  effect: WebhookEffect;
}

/** The payment or top-up of a charge, and its state. */
export interface ChargeOwner {
  kind: 'PAYMENT' | 'TOP_UP';
  attemptId: string;
  /** The reservation that a payment pays. */
  reservationId: string | null;
  /** OPEN: its workflow is running. SOLD: the charge bought something. FAILED: nothing may stay charged. */
  state: 'OPEN' | 'SETTLING' | 'SOLD' | 'FAILED';
}

export type WebhookStore = ReturnType<typeof createWebhookStore>;

/** Gateways repeat a message for at most 3 days and 19 hours (Toss Payments), or 3 days (Stripe). */
const KEPT_DAYS = 30;

/** Call `mark` and `ownerOf` in the transaction of the effect. */
export function createWebhookStore(db: Knex) {
  return {
    /** @returns false if this event was already taken */
    async mark({ gateway, eventId, type, attemptId, effect }: WebhookMark): Promise<boolean> {
      const inserted = await db('webhook_events')
        .insert({ gateway, event_id: eventId, type, attempt_id: attemptId, effect })
        .onConflict(['gateway', 'event_id'])
        .ignore()
        .returning<{ event_id: string }[]>('event_id');
      return inserted.length > 0;
    },

    async isMarked(gateway: string, eventId: string): Promise<boolean> {
      const row = await db('webhook_events')
        .where({ gateway, event_id: eventId })
        .first<{ effect: string } | undefined>('effect');
      return row !== undefined;
    },

    /**
     * Removes up to `limit` marks of messages that arrived more than 30 days ago.
     *
     * @returns the number of removed marks
     */
    async removeOld(limit: number): Promise<number> {
      const { rowCount } = await db.raw<{ rowCount: number }>(
        `DELETE FROM webhook_events WHERE (gateway, event_id) IN
           (SELECT gateway, event_id FROM webhook_events
             WHERE received_at < now() - make_interval(days => :days)
             ORDER BY received_at LIMIT :limit)`,
        { days: KEPT_DAYS, limit },
      );
      return rowCount;
    },

    /**
     * Finds the attempt of this gateway: by the key of the attempt if the gateway reports it, or else by the gateway's
     * id of the charge.
     */
    async ownerOf(charge: {
      gateway: string;
      idempotencyKey: string | null;
      gatewayPaymentId: string | null;
    }): Promise<ChargeOwner | null> {
      const { rows } = await db.raw<{ rows: ChargeOwner[] }>(
        `SELECT 'PAYMENT' AS kind, id AS "attemptId", reservation_id AS "reservationId",
                CASE status WHEN 'PENDING' THEN 'OPEN' WHEN 'SETTLING' THEN 'SETTLING' WHEN 'FAILED' THEN 'FAILED'
                     ELSE 'SOLD' END AS state
         FROM payments
         WHERE gateway = :gateway
           AND (id = :key::uuid OR gateway_payment_id = :charge OR (gateway <> 'sandbox' AND payment_key = :charge))
         UNION ALL
         SELECT 'TOP_UP', id, NULL,
                CASE status WHEN 'PENDING' THEN 'SETTLING' WHEN 'FAILED' THEN 'FAILED' ELSE 'SOLD' END
         FROM top_ups
         WHERE gateway = :gateway
           AND (id = :key::uuid OR gateway_payment_id = :charge OR (gateway <> 'sandbox' AND payment_key = :charge))
         LIMIT 1`,
        {
          gateway: charge.gateway,
          key: asAttemptId(charge.idempotencyKey),
          charge: charge.gatewayPaymentId,
        },
      );
      return rows[0] ?? null;
    },
  };
}

/** The keys of our charges are the ids of their attempts. A key in another form is not ours. */
function asAttemptId(idempotencyKey: string | null): string | null {
  return idempotencyKey !== null && isUuid(idempotencyKey) ? idempotencyKey : null;
}
