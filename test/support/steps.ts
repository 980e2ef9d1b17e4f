import { randomUUID } from 'node:crypto';
import type { CancelReservationInput } from '../../src/activities/cancellations';
import type { ConfirmInput, FailPaymentInput, PaymentStep } from '../../src/activities/payments';
import type { EndHoldInput } from '../../src/activities/reservations';
import type { HoldToGrant } from '../../src/api/reservations/grantHold';
import { aHold, anAttempt, type Sale } from './factories';

const HOLD_MS = 300_000;

/** A hold to be granted, that begins now. */
export function aGrant(
  sale: Pick<Sale, 'scheduleId'>,
  userId: string,
  seatIds: readonly string[],
): HoldToGrant {
  const { reservationId, scheduleId, seatIds: sorted } = aHold(sale, userId, seatIds);
  const heldAt = new Date();
  const expiresAt = new Date(heldAt.getTime() + HOLD_MS);
  return { reservationId, userId, scheduleId, seatIds: sorted, heldAt, expiresAt };
}

export function anEnd(hold: HoldToGrant, status: EndHoldInput['status'] = 'RELEASED'): EndHoldInput {
  const { reservationId, expiresAt } = hold;
  return { reservationId, status, expiresAt: expiresAt.getTime() };
}

/** One attempt to pay a hold: the seats with points, the booking fee by card. */
export function aStep({ reservationId, scheduleId, userId, seatIds }: HoldToGrant): PaymentStep {
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
