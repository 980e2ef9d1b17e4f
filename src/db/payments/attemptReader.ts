import type { Knex } from 'knex';
import { ATTEMPT_STATES, type AttemptStatus } from '../../domain/payments/attemptState';
import type { Attempt, BookLine } from '../../domain/reconciliation/reconciliation';
import { CLEARING } from '../ledger/ledgerStore';

/** The scope of a run. Changes after `settledBefore` count as still under way. */
export interface ComparedWindow {
  runId: string;
  gateway: string;
  /** The other configured gateways. Separate runs compare their charges. */
  others: readonly string[];
  windowFrom: Date;
  settledBefore: Date;
}

/** Where a page begins: after the row with this id, or at the beginning if it is null. */
export interface PageStart {
  after: string | null;
  limit: number;
}

/** An attempt. `settled` is false while its records still change. */
export interface ReadAttempt {
  attempt: Attempt;
  settled: boolean;
}

/** Payments and top-ups in one shape. It leaves out what has not begun, because no gateway knows it. */
const ATTEMPTS = `(
  SELECT 'PAYMENT' AS kind, id, reservation_id AS order_id, status, card AS amount, currency, gateway, created_at,
         approved_at, undone_at FROM payments WHERE status NOT IN ('REQUESTED', 'WITHDRAWN')
  UNION ALL
  SELECT 'TOP_UP', id, id, status, amount, currency, gateway, created_at, NULL, undone_at FROM top_ups
  WHERE status NOT IN ('REQUESTED', 'WITHDRAWN'))`;

export type AttemptReader = ReturnType<typeof createAttemptReader>;

/** Attempts to charge a card, with what the ledger, the seats and the gateway's book say about each. */
export function createAttemptReader(db: Knex) {
  return {
    /** The attempts of the window, oldest first. */
    ofWindow: (window: ComparedWindow, page: PageStart) =>
      read(
        window,
        page,
        `SELECT * FROM ${ATTEMPTS} AS attempt
         WHERE created_at >= :windowFrom AND created_at < :settledBefore
           AND gateway <> ALL(:others)
           AND (:after::uuid IS NULL
                OR (created_at, id) > (SELECT created_at, id FROM ${ATTEMPTS} AS last WHERE id = :after))
         ORDER BY created_at, id LIMIT :limit`,
        'attempt.created_at, attempt.id',
      ),

    /** Attempts from before the window whose charges are in it. */
    earlier: (window: ComparedWindow, page: PageStart) =>
      read(
        window,
        page,
        `SELECT attempt.* FROM ${ATTEMPTS} AS attempt
         JOIN (SELECT DISTINCT attempt_id FROM gateway_lines WHERE run_id = :runId) AS booked
           ON attempt_id = attempt.id
         WHERE created_at < :windowFrom AND (:after::uuid IS NULL OR attempt.id > :after)
         ORDER BY attempt.id LIMIT :limit`,
        'attempt.id',
      ),
  };

  async function read(
    window: ComparedWindow,
    page: PageStart,
    scope: string,
    order: string,
  ): Promise<ReadAttempt[]> {
    const { rows } = await db.raw<{ rows: AttemptRow[] }>(
      `SELECT attempt.*, reservations.status IN ('CONFIRMED', 'CANCELLED') AS sold,
              EXISTS (SELECT FROM payments AS other
                      WHERE other.reservation_id = reservations.id AND other.id <> attempt.id
                        AND other.status IN ('SUCCEEDED', 'REFUNDED', 'PARTIALLY_REFUNDED')) AS paid_by_another,
              given.done AS refunded, given.due AS refund_due,
              ledger.taken, ledger.pending, book.lines,
              greatest(attempt.created_at, approved_at, undone_at, given.changed_at,
                       ledger.booked_at) < :settledBefore AS settled
       FROM (${scope}) AS attempt
       LEFT JOIN reservations ON kind = 'PAYMENT' AND reservations.id = order_id
       CROSS JOIN LATERAL (
         SELECT coalesce(sum(amount) FILTER (WHERE refunds.status = 'DONE'), 0)::bigint AS done,
                coalesce(sum(amount) FILTER (WHERE refunds.status = 'PENDING'), 0)::bigint AS due,
                max(greatest(refunds.created_at, refunded_at)) AS changed_at
         FROM refunds WHERE refunds.payment_id = attempt.id) AS given
       CROSS JOIN LATERAL (
         SELECT coalesce(-sum(amount) FILTER (WHERE account = '${CLEARING}' || attempt.gateway), 0)::bigint AS taken,
                coalesce(sum(amount) FILTER (WHERE account = 'house:pending'), 0)::bigint AS pending,
                max(created_at) AS booked_at
         FROM journals JOIN entries ON journal_id = journals.id WHERE payment_id = attempt.id) AS ledger
       CROSS JOIN LATERAL (
         SELECT coalesce(jsonb_agg(jsonb_build_object('gatewayPaymentId', gateway_payment_id, 'status', status,
                  'amount', amount, 'refunded', refunded, 'currency', currency)
                  ORDER BY booked_at, gateway_payment_id), '[]') AS lines
         FROM gateway_lines WHERE run_id = :runId AND attempt_id = attempt.id) AS book
       ORDER BY ${order}`,
      { ...window, others: [...window.others], ...page },
    );
    return rows.map((row) => ({ attempt: toAttempt(row, window.gateway), settled: row.settled }));
  }
}

interface AttemptRow {
  kind: Attempt['kind'];
  id: string;
  order_id: string;
  status: AttemptStatus;
  amount: number;
  currency: string;
  gateway: string;
  created_at: Date;
  undone_at: Date | null;
  sold: boolean | null;
  paid_by_another: boolean;
  refunded: number;
  refund_due: number;
  taken: number;
  pending: number;
  lines: BookLine[];
  settled: boolean;
}

function toAttempt(row: AttemptRow, gateway: string): Attempt {
  const { kind, id: attemptId, order_id: orderId, amount, currency } = row;
  const state = ATTEMPT_STATES[row.status];
  return {
    kind,
    attemptId,
    gateway: row.gateway,
    orderId,
    state: state === 'FAILED' && row.undone_at === null ? 'UNDOING' : state,
    amount,
    currency,
    refunds: { done: row.refunded, due: row.refund_due },
    order: {
      sold: kind === 'TOP_UP' ? state === 'PAID' : row.sold === true,
      paidByAnother: row.paid_by_another,
    },
    ledger: { taken: row.taken, pending: row.pending },
    lines: row.gateway === gateway ? row.lines : null,
    createdAt: row.created_at,
  };
}
