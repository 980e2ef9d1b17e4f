import { randomUUID } from 'node:crypto';
import type { ConfirmInput } from '../../src/activities/payments/confirmation';
import type { FailPaymentInput } from '../../src/activities/payments/payments';
import type { CardPayment } from '../../src/gateways/chargeRequest';
import type { EndHoldInput } from '../../src/activities/reservations/reservations';
import type { HoldToGrant } from '../../src/api/reservations/grantHold';
import type { AnsweredKey } from '../../src/db/idempotencyStore';
import { aHold, type Sale } from './factories';

const HOLD_MS = 300_000;

/** A hold to grant. It begins now. */
export function aGrant(
  sale: Pick<Sale, 'scheduleId'>,
  userId: string,
  seatIds: readonly string[],
): HoldToGrant {
  const { reservationId, scheduleId, seatIds: sorted } = aHold(sale, userId, seatIds);
  const heldAt = new Date();
  const expiresAt = new Date(heldAt.getTime() + HOLD_MS);
  return { reservationId, userId, scheduleId, room: 'service', seatIds: sorted, heldAt, expiresAt };
}

/** A new idempotency key of the user of a hold, with its response. */
export function anAnsweredKey({ userId }: HoldToGrant, body: unknown): AnsweredKey {
  return {
    scope: { userId, route: 'POST /v1/reservations', key: randomUUID() },
    bodyHash: Buffer.from('a body'),
    answer: { status: 201, body },
  };
}

export function anEnd(hold: HoldToGrant, status: EndHoldInput['status'] = 'RELEASED'): EndHoldInput {
  const { reservationId, expiresAt } = hold;
  return { reservationId, status, expiresAt: expiresAt.getTime() };
}

/** An attempt to pay, as the API has recorded it. */
export interface PaymentStep extends CardPayment {
  scheduleId: string;
}

export function aConfirmation({ paymentId }: Pick<PaymentStep, 'paymentId'>): ConfirmInput {
  return { paymentId, gatewayPaymentId: `gateway-${randomUUID()}`, approvedAt: Date.now() };
}

export function aFailure({ paymentId }: Pick<PaymentStep, 'paymentId'>): FailPaymentInput {
  return { paymentId, reason: 'card-declined', mayBeCharged: false };
}
