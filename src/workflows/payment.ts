import type { ApplicationFailure } from '@temporalio/workflow';
import type { PaymentStep } from '../activities/payments';
import { chargeOfPayment } from '../gateways/chargeRequest';
import { GATEWAY_UNAVAILABLE } from '../gateways/gateway';
import { charge, type KnownCharge } from './charge';
import { membersOf, reasonOf, refuse } from './failures';
import { LOST, type GiveBacks } from './giveBacks';
import type { PayInput, PayResult } from './messages';
import { Saga } from './saga';
import { boundedStep, endlessStep, refusalOf } from './steps';

/** A payment of a hold that was still running when the payment was accepted. */
export interface PaymentRequest extends PayInput {
  reservationId: string;
  scheduleId: string;
  userId: string;
  /** ISO 8601; told to the client where the payment fails. */
  expiresAt: string;
  /** Milliseconds since 1970. */
  requestedAt: number;
}

/** What a payment shares with its reservation. */
export interface PaymentSurroundings {
  /** Until when (milliseconds since 1970) an unknown charge is asked about while the seats wait. */
  until: number;
  /** Counts the gateway's messages to this workflow. */
  hints(): number;
  /** The gateway's word is awaited from now on. */
  onSettling(): void;
  giveBacks: GiveBacks;
}

type Paid = Extract<PayResult, { status: 'SUCCEEDED' }>;

const takePoints = boundedStep('Open the payment and take the points', (activities) => activities.takePoints);
const confirmReservation = boundedStep(
  'Confirm: seats sold, tickets issued, sale booked',
  (activities) => activities.confirmReservation,
);
const readConfirmation = endlessStep(
  'Read the confirmation that had won',
  (activities) => activities.confirmReservation,
);
const failPayment = endlessStep(
  'Undo: points back, the hold goes on',
  (activities) => activities.failPayment,
);
const findOpenPayment = endlessStep(
  'Look for a payment that was lost',
  (activities) => activities.findOpenPayment,
);
const markSettling = endlessStep("Wait for the gateway's word", (activities) => activities.markSettling);

/** A client who waits hears of a failure when the card has its money back too, if that takes no longer. */
const GIVE_BACK_PATIENCE_MS = 5_000;

/**
 * The saga of one payment: take the points, charge the card, confirm. It ends paid, or with the points back and
 * its charge on the way back before the failure is told. Its caller shields it from a cancellation of the workflow.
 *
 * @throws {ApplicationFailure} insufficient-points, payment-failed, reservation-expired or temporarily-unavailable
 */
export async function payReservation(
  request: PaymentRequest,
  surroundings: PaymentSurroundings,
): Promise<Paid> {
  const saga = new Saga();
  try {
    return await runSteps(request, saga, surroundings);
  } catch (error) {
    await saga.compensate(error);
    throw asFailure(error, request.expiresAt);
  }
}

/**
 * Runs a step that only another open payment may stand in the way of. The caller has none under way, so that
 * one was lost: its update ran, and the server forgot it before any of it was in the history, as when everything
 * is killed at once. It is closed, its charge is given back, and the step is run again.
 */
export async function afterLostPayments<Result>(
  reservationId: string,
  giveBacks: GiveBacks,
  step: () => Promise<Result>,
): Promise<Result> {
  for (;;) {
    try {
      return await step();
    } catch (error) {
      if (refusalOf(error)?.type !== 'payment-in-progress') throw error;
      const lost = await findOpenPayment(reservationId);
      if (lost && (await failPayment(failureOf(lost, LOST, true))) === 'FAILED') giveBacks.start(lost);
    }
  }
}

async function runSteps(
  request: PaymentRequest,
  saga: Saga,
  surroundings: PaymentSurroundings,
): Promise<Paid> {
  const { paymentId, reservationId, scheduleId, userId, amount, requestedAt } = request;
  const { giveBacks } = surroundings;
  const paymentKey = request.paymentKey ?? null;
  const step = { paymentId, reservationId, scheduleId, userId, amount, paymentKey, requestedAt };
  let charged: KnownCharge | null = null;
  let mayBeCharged = false;

  saga.beforeStep(async (cause) => {
    await failPayment(failureOf(step, causeOf(cause), mayBeCharged));
  });
  const earlier = await afterLostPayments(reservationId, giveBacks, () => takePoints(step));
  for (const payment of earlier) giveBacks.start(payment);

  if (amount.card > 0) {
    saga.beforeStep(async (cause) => {
      if (!mayBeCharged) return;
      giveBacks.start(step, causeOf(cause));
      // A gateway that is down gives nothing back soon.
      if (causeOf(cause) === GATEWAY_UNAVAILABLE) return;
      // Past the bound the seats wait for nobody.
      await giveBacks.wait(Math.min(GIVE_BACK_PATIENCE_MS, Math.max(0, surroundings.until - Date.now())));
    });
    mayBeCharged = true;
    const outcome = await charge(chargeOfPayment(step), {
      until: surroundings.until,
      hints: () => surroundings.hints(),
      begin: async () => {
        await markSettling(step);
        surroundings.onSettling();
      },
    });
    if (outcome.outcome === 'unknown') throw cardFailure(outcome.reason);
    mayBeCharged = outcome.outcome === 'approved';
    if (outcome.outcome === 'declined') throw cardFailure(outcome.reason);
    charged = outcome;
  }

  const approvedAt = Date.now();
  const gatewayPaymentId = charged?.outcome === 'approved' ? charged.gatewayPaymentId : null;
  const confirmation = { ...step, gatewayPaymentId, approvedAt };
  const tickets = await confirmReservation(confirmation).catch(async (error: unknown) => {
    // The answer of a confirmation can be lost after its commit: Postgres is asked before anything is undone.
    const status = await failPayment(failureOf(step, causeOf(error), mayBeCharged));
    if (status !== 'SUCCEEDED') throw error;
    return readConfirmation(confirmation);
  });
  return { paymentId, status: 'SUCCEEDED', amount, approvedAt: new Date(approvedAt).toISOString(), tickets };
}

const failureOf = (step: PaymentStep, reason: string, mayBeCharged: boolean) => ({
  ...step,
  reason,
  mayBeCharged: mayBeCharged && step.amount.card > 0,
});

const cardFailure = (reason: string): ApplicationFailure =>
  refuse('payment-failed', 'The card was not charged.', { reason });

/** What an operator reads in the payment's row. */
function causeOf(error: unknown): string {
  const refusal = refusalOf(error);
  return refusal ? reasonOf(refusal) : 'internal-failure';
}

/** Names the failure for the client: the step's own refusal, or that a part of the service failed. */
function asFailure(error: unknown, expiresAt: string): ApplicationFailure {
  const refusal = refusalOf(error);
  if (refusal && refusal.type !== 'payment-failed')
    return refuse(refusal.type, refusal.message, { ...membersOf(refusal), expiresAt });
  return refuse('payment-failed', 'The payment failed; nothing was taken.', {
    reason: causeOf(error),
    expiresAt,
  });
}
