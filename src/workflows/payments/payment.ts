import type { ApplicationFailure } from '@temporalio/workflow';
import type { OpenedPayment } from '../../activities/payments/payments';
import { isPaid } from '../../domain/payments/attemptState';
import { isProblemSlug } from '../../domain/problems';
import { GATEWAY_UNAVAILABLE } from '../../domain/payments/gateway';
import { charge, type KnownCharge } from './charge';
import type { RequiredSteps } from '../lib/requiredSteps';
import { membersOf, refuse, refuseAgain } from '../../contract/failures';
import { failureReasonOf, refusalOf } from '../lib/failures';
import { LOST, type PendingVoids } from './pendingVoids';
import type { PayResult } from '../../contract/reservations';
import { Saga } from '../lib/saga';
import { boundedStep, endlessStep } from '../lib/steps';

/** A payment of a hold that was still running when the payment was accepted. */
export interface PaymentRequest {
  paymentId: string;
  reservationId: string;
  /** ISO 8601; reported to the client if the payment fails. */
  expiresAt: string;
}

/** The things that a payment shares with its reservation. */
export interface PaymentSurroundings {
  /** Until this time (milliseconds since 1970) the workflow looks up an unknown charge and keeps the seats. */
  until: number;
  /** Counts the gateway's messages to this workflow. */
  hints: () => number;
  /** Called when the outcome of the charge is not known, before the workflow waits for it. */
  onSettling: () => void;
  pendingVoids: PendingVoids;
  requiredSteps: RequiredSteps;
}

type Paid = Extract<PayResult, { status: 'SUCCEEDED' }>;

const openPayment = boundedStep(
  'Open the payment and take the points',
  (activities) => activities.openPayment,
);
const confirmReservation = boundedStep(
  'Confirm: sell the seats, issue the tickets, book the sale',
  (activities) => activities.confirmReservation,
);
const readPaidOutcome = endlessStep(
  'Read the confirmation that came first',
  (activities) => activities.readPaidOutcome,
);
const failPayment = endlessStep(
  'Undo: return the points, continue the hold',
  (activities) => activities.failPayment,
);
const findOpenPayment = endlessStep(
  'Look for a payment that was lost',
  (activities) => activities.findOpenPayment,
);
const markSettling = endlessStep(
  'Record that the outcome of the charge is not known yet',
  (activities) => activities.markSettling,
);

/** If the refund of the card takes no longer than this, a waiting client gets the failure after the refund. */
const VOID_PATIENCE_MS = 5_000;

/**
 * The saga of one payment: take the points, charge the card, confirm. In the end the payment is made, or the points are
 * returned and the refund of the charge is under way. The caller shields the saga from a cancellation of the workflow.
 *
 * Before the saga reports a failure, it asks Postgres for the outcome. Another run of the same steps, on a worker that
 * stalled or died, may have confirmed the payment.
 *
 * @throws {ApplicationFailure} insufficient-points, payment-failed, reservation-expired or temporarily-unavailable
 */
export async function payReservation(
  request: PaymentRequest,
  surroundings: PaymentSurroundings,
): Promise<Paid> {
  const { paymentId } = request;
  const saga = new Saga();
  try {
    return await runSteps(request, saga, surroundings);
  } catch (error) {
    if ((await saga.compensate(error)) === 'UNDONE') throw asFailure(error, request.expiresAt);
    const outcome = await surroundings.requiredSteps.complete(() => readPaidOutcome(paymentId));
    return { paymentId, status: 'SUCCEEDED', ...outcome };
  }
}

/**
 * Runs a step that only another open payment may prevent. The caller has no payment under way, so the open one was
 * lost. Its update ran, but the server forgot it before any of it was in the history. That happens if all processes are
 * killed at once, for example. The function closes that payment, refunds its charge, and runs the step again.
 */
export async function runDespiteLostPayments<Result>(
  reservationId: string,
  { pendingVoids, requiredSteps }: Pick<PaymentSurroundings, 'pendingVoids' | 'requiredSteps'>,
  step: () => Promise<Result>,
): Promise<Result> {
  for (;;) {
    try {
      return await step();
    } catch (error) {
      if (refusalOf(error)?.type !== 'payment-in-progress') throw error;
      const lost = await requiredSteps.complete(() => findOpenPayment(reservationId));
      if (lost === null) continue;
      const failure = { paymentId: lost, reason: LOST, mayBeCharged: true };
      const status = await requiredSteps.complete(() => failPayment(failure));
      if (status === 'FAILED') pendingVoids.start(lost);
    }
  }
}

async function runSteps(
  { paymentId, reservationId }: PaymentRequest,
  saga: Saga,
  { until, hints, onSettling, pendingVoids, requiredSteps }: PaymentSurroundings,
): Promise<Paid> {
  let mayBeCharged = false;
  saga.beforeStep(async (cause) => {
    const failure = { paymentId, reason: failureReasonOf(cause), mayBeCharged };
    const status = await requiredSteps.complete(() => failPayment(failure));
    return isPaid(status) ? 'DONE' : 'UNDONE';
  });
  const opened = await runDespiteLostPayments(reservationId, { pendingVoids, requiredSteps }, () =>
    openPayment(paymentId),
  );
  for (const earlier of opened.toGiveBack) pendingVoids.start(earlier);

  let charged: Approved | null = null;
  if (opened.charge) {
    saga.beforeStep(async (cause) => {
      if (mayBeCharged) await voidAndWait(paymentId, failureReasonOf(cause), pendingVoids, until);
      return 'UNDONE';
    });
    mayBeCharged = true;
    const outcome = await charge(opened.charge, {
      until,
      hints,
      begin: async () => {
        await markSettling(paymentId);
        onSettling();
      },
    });
    mayBeCharged = outcome.outcome !== 'declined';
    if (outcome.outcome !== 'approved') throw cardFailure(outcome.reason);
    charged = outcome;
  }
  return confirm(paymentId, opened, charged);
}

type Approved = Extract<KnownCharge, { outcome: 'approved' }>;

async function confirm(
  paymentId: string,
  { amount }: OpenedPayment,
  charged: Approved | null,
): Promise<Paid> {
  const approvedAt = Date.now();
  const gatewayPaymentId = charged?.gatewayPaymentId ?? null;
  const tickets = await confirmReservation({ paymentId, gatewayPaymentId, approvedAt });
  return { paymentId, status: 'SUCCEEDED', amount, approvedAt: new Date(approvedAt).toISOString(), tickets };
}

/** Starts the refund and waits a while for it. The refund closes the attempt first. */
async function voidAndWait(
  paymentId: string,
  reason: string,
  pendingVoids: PendingVoids,
  until: number,
): Promise<void> {
  pendingVoids.start(paymentId, reason);
  // A gateway that is down refunds nothing soon.
  if (reason === GATEWAY_UNAVAILABLE) return;
  // After `until`, the seats wait for no refund.
  await pendingVoids.wait(Math.min(VOID_PATIENCE_MS, Math.max(0, until - Date.now())));
}

const cardFailure = (reason: string): ApplicationFailure =>
  refuse('payment-failed', 'The card was not charged.', { reason });

/** Names the failure for the client: the refusal of the step, or the failure of a part of the service. */
function asFailure(error: unknown, expiresAt: string): ApplicationFailure {
  const refusal = refusalOf(error);
  if (refusal && isProblemSlug(refusal.type) && refusal.type !== 'payment-failed')
    return refuseAgain(refusal.type, refusal.message, { ...membersOf(refusal), expiresAt });
  return refuse('payment-failed', 'The payment failed; nothing was taken.', {
    reason: failureReasonOf(error),
    expiresAt,
  });
}
