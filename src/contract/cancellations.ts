import type { NotCancellableReason } from '../domain/cancellations/cancellationTerms';
import type { PaymentAmount } from '../domain/money';
import type { ShowCounts } from '../domain/cancellations/showCancellation';

export const CANCELLATION_WORKFLOW = 'cancellation';
export const SHOW_CANCELLATION_WORKFLOW = 'showCancellation';
/** An update to a cancellation workflow. It returns once the workflow has decided about the cancellation. */
export const DECIDED_UPDATE = 'decided';
/** A signal to the workflow of a cancelled show: its settings have changed in Postgres. */
export const SETTINGS_SIGNAL = 'settings';

export const cancellationWorkflowId = (cancellationId: string): string => `cancellation-${cancellationId}`;

export const showCancellationWorkflowId = (scheduleId: string): string => `show-cancellation-${scheduleId}`;

/**
 * The workflow carries out the cancellation that is recorded under this id. The API has written it, or the cancellation
 * of its show has.
 */
export interface CancellationInput {
  cancellationId: string;
}

/**
 * REFUSED: the workflow changed nothing; `reason` is that of a `not-cancellable` problem. NOT_REQUESTED: there is no
 * request, or it was withdrawn.
 */
export type CancellationResult =
  | { status: 'CANCELLED'; reservationId: string; fee: number; refund: PaymentAmount }
  | { status: 'REFUSED'; reason: NotCancellableReason }
  | { status: 'NOT_REQUESTED' };

/** The workflow refunds the show whose cancellation the API has written. */
export interface ShowCancellationInput {
  scheduleId: string;
  /** The position of an earlier run of the same workflow. */
  resumeFrom?: ShowWalk;
}

/** The position of the walk through the reservations of a show. */
export interface ShowWalk {
  /** The last reservation that this pass has handled; null at its start. */
  after: string | null;
  /** Milliseconds to wait after this pass. */
  pauseMs: number;
}

/** NOT_REQUESTED: no cancellation of the show is recorded; the workflow did nothing. */
export type ShowCancellationResult =
  | { scheduleId: string; status: 'DONE'; counts: ShowCounts }
  | { scheduleId: string; status: 'NOT_REQUESTED' };

export type CancellationWorkflow = (input: CancellationInput) => Promise<CancellationResult>;

export type ShowCancellationWorkflow = (input: ShowCancellationInput) => Promise<ShowCancellationResult>;
