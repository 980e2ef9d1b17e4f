/**
 * What the API and the workflows say to each other: names, ids, inputs and results. Types and constants
 * only, so that the API may import it without pulling in workflow code.
 */
import type { NotCancellableReason } from '../domain/cancellationTerms';
import type { PaymentAmount } from '../domain/money';
import type { ReservationStatus } from '../domain/reservationStates';
import type { ShowCounts } from '../domain/showCancellation';

export const RESERVATION_WORKFLOW = 'reservation';
export const TOP_UP_WORKFLOW = 'topUp';
export const CHARGE_SETTLEMENT_WORKFLOW = 'chargeSettlement';
export const CANCELLATION_WORKFLOW = 'cancellation';
export const RECONCILIATION_WORKFLOW = 'reconciliation';
export const GATEWAY_RECONCILIATION_WORKFLOW = 'gatewayReconciliation';
export const SHOW_CANCELLATION_WORKFLOW = 'showCancellation';
export const SALE_OPENING_WORKFLOW = 'saleOpening';
export const PAY_UPDATE = 'pay';
export const RELEASE_UPDATE = 'release';
/** To a cancellation: answers once it is decided. */
export const DECIDED_UPDATE = 'decided';
/** To a show's cancellation: its settings have changed in Postgres. */
export const SETTINGS_SIGNAL = 'settings';
export const RESERVATION_QUERY = 'reservation';
/** To any workflow with a stuck step: an operator has mended its cause. */
export const RETRY_SIGNAL = 'retry';
/** To a reservation or a top-up: the gateway has told something about its charge. */
export const GATEWAY_HINT_SIGNAL = 'gatewayHint';

export const reservationWorkflowId = (reservationId: string): string => `reservation-${reservationId}`;
export const chargeSettlementWorkflowId = (attemptId: string): string => `charge-settlement-${attemptId}`;
export const cancellationWorkflowId = (cancellationId: string): string => `cancellation-${cancellationId}`;
/** The schedule that starts a workflow by the clock. */
export const temporalScheduleId = (workflow: string, taskQueue: string): string => `${workflow}-${taskQueue}`;
/** One runs at a time for each gateway of a task queue. */
export const gatewayReconciliationWorkflowId = (gateway: string, taskQueue: string): string =>
  `reconciliation-${gateway}-${taskQueue}`;
export const topUpWorkflowId = (topUpId: string): string => `top-up-${topUpId}`;
export const showCancellationWorkflowId = (scheduleId: string): string => `show-cancellation-${scheduleId}`;
/** Names the Temporal Schedule of an opening, and begins the id of the workflow that it starts. */
export const saleOpeningWorkflowId = (scheduleId: string): string => `sale-opening-${scheduleId}`;

/**
 * Starts the workflow of one reservation, before the reservation has a row. What is held, for how much, and whether at
 * all, is in Postgres; a workflow whose reservation has no row does nothing.
 */
export interface ReservationInput {
  reservationId: string;
  userId: string;
  scheduleId: string;
  /** When the hold ends, milliseconds since 1970: the same instant as in Postgres. */
  expiresAt: number;
  /** How long past the hold an unknown payment may keep the seats. */
  settleSeconds: number;
}

/** The update `pay`: makes the payment that the API has written under this id. */
export interface PayInput {
  paymentId: string;
}

/** The answer to the update `pay`. A refusal is an update failure named by its problem slug instead. */
export type PayResult =
  | {
      paymentId: string;
      status: 'SUCCEEDED';
      amount: PaymentAmount;
      approvedAt: string;
      tickets: { ticketId: string; seatId: string }[];
    }
  | { paymentId: string; status: 'SETTLING' };

/** The answer to the query `reservation`, and the workflow's result when it ends. */
export interface ReservationState {
  /** REFUSED: no hold was granted; such a reservation has no row in Postgres. */
  status: ReservationStatus | 'REFUSED';
  /** ISO 8601. */
  expiresAt: string;
  /** The running or successful payment. */
  paymentId: string | null;
  /** Attempts to pay so far. */
  payments: number;
}

/** Makes the top-up that the API has written under this id. */
export interface TopUpInput {
  topUpId: string;
}

export type TopUpResult =
  | { topUpId: string; status: 'SUCCEEDED'; balance: number }
  | { topUpId: string; status: 'FAILED'; reason: string };

/** Names the payment or top-up whose charge is to be brought to where it belongs. */
export interface ChargeSettlementInput {
  kind: 'PAYMENT' | 'TOP_UP';
  attemptId: string;
}

/** Carries out the cancellation that the API, or the cancellation of its show, has written under this id. */
export interface CancellationInput {
  cancellationId: string;
}

/** REFUSED: nothing was changed, for the `reason` of a `not-cancellable`. NOT_REQUESTED: nobody asks for it. */
export type CancellationResult =
  | { status: 'CANCELLED'; reservationId: string; fee: number; refund: PaymentAmount }
  | { status: 'REFUSED'; reason: NotCancellableReason }
  | { status: 'NOT_REQUESTED' };

/** Refunds the show whose cancellation the API has written. */
export interface ShowCancellationInput {
  scheduleId: string;
  /** Where an earlier run of the same workflow stands. */
  resumeFrom?: ShowWalk;
}

/** Where the walk through the reservations of a show stands. */
export interface ShowWalk {
  /** The last reservation of this pass that was seen to; null at its start. */
  after: string | null;
  /** Milliseconds to wait after this pass. */
  pauseMs: number;
}

/** Opens a sale that has a waiting room of its own, at the time that its row says. */
export interface SaleOpeningInput {
  scheduleId: string;
}

/** NOTHING_TO_DRAW: the schedule has no draw, because announcing it has failed. */
export interface SaleOpeningResult {
  scheduleId: string;
  status: 'OPENED' | 'NOTHING_TO_DRAW';
  entries: number;
}

/** NOT_REQUESTED: nobody has cancelled the show; nothing was done. */
export type ShowCancellationResult =
  | { scheduleId: string; status: 'DONE'; counts: ShowCounts }
  | { scheduleId: string; status: 'NOT_REQUESTED' };

/**
 * What became of the charge. SOLD: it bought something. LEFT: the workflow of its payment or top-up still runs.
 * GIVEN_BACK: nothing of it is taken any more. UNKNOWN: no payment or top-up has it.
 */
export interface ChargeSettlementResult {
  status: 'SOLD' | 'LEFT' | 'GIVEN_BACK' | 'UNKNOWN';
}
