import type { NotCancellableReason } from '../domain/cancellations/cancellationTerms';
import type { PaymentAmount } from '../domain/money';
import type { ShowCounts } from '../domain/cancellations/showCancellation';

export const CANCELLATION_WORKFLOW = 'cancellation';
export const SHOW_CANCELLATION_WORKFLOW = 'showCancellation';
/** To a cancellation: answers once it is decided. */
export const DECIDED_UPDATE = 'decided';
/** To a show's cancellation: its settings have changed in Postgres. */
export const SETTINGS_SIGNAL = 'settings';

export const cancellationWorkflowId = (cancellationId: string): string => `cancellation-${cancellationId}`;

export const showCancellationWorkflowId = (scheduleId: string): string => `show-cancellation-${scheduleId}`;

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

/** NOT_REQUESTED: nobody has cancelled the show; nothing was done. */
export type ShowCancellationResult =
  | { scheduleId: string; status: 'DONE'; counts: ShowCounts }
  | { scheduleId: string; status: 'NOT_REQUESTED' };

export type CancellationWorkflow = (input: CancellationInput) => Promise<CancellationResult>;

export type ShowCancellationWorkflow = (input: ShowCancellationInput) => Promise<ShowCancellationResult>;
