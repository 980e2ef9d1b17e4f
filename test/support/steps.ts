import { randomUUID } from 'node:crypto';
import type { CancelReservationInput } from '../../src/activities/cancellations';
import type { ConfirmInput, FailPaymentInput, PaymentStep } from '../../src/activities/payments';
import type { EndHoldInput, RecordHoldInput } from '../../src/activities/reservations';
import { aHold, anAttempt, type Sale } from './factories';

const HOLD_MS = 300_000;

/** The input of `recordHold`, for a hold that begins now. */
export function aRecording(
  sale: Pick<Sale, 'scheduleId'>,
  userId: string,
  seatIds: readonly string[],
): RecordHoldInput {
  const { reservationId, scheduleId, seatIds: sorted } = aHold(sale, userId, seatIds);
  const heldAt = Date.now();
  return { reservationId, userId, scheduleId, seatIds: sorted, heldAt, expiresAt: heldAt + HOLD_MS };
}

export function anEnd(hold: RecordHoldInput, status: EndHoldInput['status'] = 'EXPIRED'): EndHoldInput {
  const { reservationId, scheduleId, expiresAt } = hold;
  return { reservationId, scheduleId, status, endedAt: expiresAt };
}

/** One attempt to pay a hold: the seats with points, the booking fee by card. */
export function aStep({ reservationId, scheduleId, userId, seatIds }: RecordHoldInput): PaymentStep {
  const { paymentId, amount } = anAttempt(seatIds.length);
  const names = { paymentId, reservationId, scheduleId, userId };
  return { ...names, amount, paymentKey: null, requestedAt: Date.now() };
}

export function aConfirmation(step: PaymentStep): ConfirmInput {
  return { ...step, gatewayPaymentId: `gateway-${randomUUID()}`, approvedAt: Date.now() };
}

export function aCancellation(
  reservationId: string,
  more: Partial<CancelReservationInput> = {},
): CancelReservationInput {
  return { reservationId, cause: 'CUSTOMER', requestId: randomUUID(), acceptedAt: Date.now(), ...more };
}

export function aFailure(step: PaymentStep): FailPaymentInput {
  return { ...step, reason: 'card-declined', mayBeCharged: false };
}
