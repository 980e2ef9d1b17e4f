import type { ApplicationFailure } from '@temporalio/workflow';
import type { PaymentStep } from '../activities/payments';
import { charge, type KnownCharge } from './charge';
import { membersOf, refuse } from './failures';
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
  /** Milliseconds since 1970: how long an unknown charge is waited for. */
  settleUntil: number;
}

const takePoints = boundedStep('Open the payment and take the points', (activities) => activities.takePoints);
const confirmReservation = boundedStep(
  'Confirm: seats sold, tickets issued, sale booked',
  (activities) => activities.confirmReservation,
);
const barConfirmation = endlessStep(
  'Undo: bar a late confirmation',
  (activities) => activities.barConfirmation,
);
const readConfirmation = endlessStep(
  'Read the confirmation that had won',
  (activities) => activities.confirmReservation,
);
const failPayment = endlessStep(
  'Undo: points back, the hold goes on',
  (activities) => activities.failPayment,
);
const voidCharge = endlessStep('Undo: void the charge', (activities) => activities.voidCharge);
const findOpenPayment = endlessStep(
  'Look for a payment that was lost',
  (activities) => activities.findOpenPayment,
);
const markSettling = endlessStep("Wait for the gateway's word", (activities) => activities.markSettling);

/** Why a payment that nobody remembers was undone. */
const LOST = 'lost';

/**
 * The saga of one payment: take the points, charge the card, confirm. It ends paid, or with everything undone
 * before the failure is told. Its caller shields it from a cancellation of the workflow.
 *
 * @throws {ApplicationFailure} insufficient-points, payment-failed, reservation-expired or temporarily-unavailable
 */
export async function payReservation(
  request: PaymentRequest,
  onSettling: () => void,
): Promise<Extract<PayResult, { status: 'SUCCEEDED' }>> {
  const saga = new Saga();
  try {
    return await runSteps(request, saga, onSettling);
  } catch (error) {
    await saga.compensate(error);
    throw asFailure(error, request.expiresAt);
  }
}

/**
 * Runs a step that only another open payment may stand in the way of. The caller has none under way, so that
 * one was lost: its update ran, and the server forgot it before any of it was in the history, as when everything
 * is killed at once. It is undone, and the step is run again.
 */
export async function afterLostPayments<Result>(
  reservationId: string,
  step: () => Promise<Result>,
): Promise<Result> {
  for (;;) {
    try {
      return await step();
    } catch (error) {
      if (refusalOf(error)?.type !== 'payment-in-progress') throw error;
      const lost = await findOpenPayment(reservationId);
      if (lost) await undoLostPayment(lost);
    }
  }
}

/** It may be at any of its steps: the confirmation is barred first, and nothing is undone where that comes late. */
async function undoLostPayment(step: PaymentStep): Promise<void> {
  if ((await barConfirmation(step, LOST)) === 'SUCCEEDED') return;
  if (step.amount.card > 0) await voidCharge(step.paymentId, LOST);
  await failPayment({ ...step, reason: LOST, chargeVoided: false });
}

async function runSteps(
  request: PaymentRequest,
  saga: Saga,
  onSettling: () => void,
): Promise<Extract<PayResult, { status: 'SUCCEEDED' }>> {
  const { paymentId, reservationId, scheduleId, userId, amount } = request;
  const step: PaymentStep = { paymentId, reservationId, scheduleId, userId, amount };
  let charged: KnownCharge | null = null;

  saga.beforeStep((cause) =>
    failPayment({ ...step, reason: reasonOf(cause), chargeVoided: charged?.outcome === 'approved' }),
  );
  await afterLostPayments(reservationId, () => takePoints(step));

  if (amount.card > 0) {
    saga.beforeStep(async () => {
      // A refused charge took nothing, and the charge step itself voids what stays unknown.
      if (charged?.outcome === 'approved') await voidCharge(paymentId, 'not-confirmed');
    });
    charged = await charge(
      {
        idempotencyKey: paymentId,
        amount: amount.card,
        currency: amount.currency,
        orderId: reservationId,
        description: `Reservation ${reservationId}`,
        ...(request.paymentKey === undefined ? {} : { paymentKey: request.paymentKey }),
      },
      {
        begin: async () => {
          await markSettling(step);
          onSettling();
        },
        until: request.settleUntil,
      },
    );
    if (charged.outcome === 'declined')
      throw refuse('payment-failed', 'The card was refused.', { reason: charged.reason });
  }

  const approvedAt = Date.now();
  const confirmation = {
    ...step,
    gatewayPaymentId: charged?.outcome === 'approved' ? charged.gatewayPaymentId : null,
    approvedAt,
  };
  const tickets = await confirmReservation(confirmation).catch(async (error: unknown) => {
    // The answer of a confirmation can be lost after its commit: Postgres is asked before anything is undone.
    if ((await barConfirmation(step, reasonOf(error))) !== 'SUCCEEDED') throw error;
    return readConfirmation(confirmation);
  });
  return { paymentId, status: 'SUCCEEDED', amount, approvedAt: new Date(approvedAt).toISOString(), tickets };
}

/** What an operator reads in the payment's row. */
function reasonOf(cause: unknown): string {
  const refusal = refusalOf(cause);
  if (!refusal) return 'internal-failure';
  const { reason } = membersOf(refusal);
  return typeof reason === 'string' ? reason : (refusal.type ?? 'refused');
}

/** Names the failure for the client: the step's own refusal, or that a part of the service failed. */
function asFailure(error: unknown, expiresAt: string): ApplicationFailure {
  const refusal = refusalOf(error);
  if (refusal && refusal.type !== 'payment-failed')
    return refuse(refusal.type, refusal.message, { ...membersOf(refusal), expiresAt });
  return refuse('payment-failed', 'The payment failed; nothing was taken.', {
    reason: reasonOf(error),
    expiresAt,
  });
}
