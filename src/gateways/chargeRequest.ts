import type { PaymentAmount } from '../domain/money';
import type { ChargeRequest } from '../domain/payments/gateway';

/** One attempt to pay a reservation, as far as its charge is concerned. */
export interface CardPayment {
  paymentId: string;
  reservationId: string;
  userId: string;
  amount: PaymentAmount;
  /** The name of the gateway that charges. */
  gateway: string;
  /** The client's key for a payment that it has prepared with the gateway. */
  paymentKey: string | null;
  /** Milliseconds since 1970. */
  requestedAt: number;
}

/** The charge of an attempt's card part: the same whenever it is asked for, so that its key never names two. */
export function chargeOfPayment(payment: CardPayment): ChargeRequest {
  const { paymentId, reservationId, userId, amount, gateway, paymentKey, requestedAt } = payment;
  return {
    gateway,
    idempotencyKey: paymentId,
    orderId: reservationId,
    payerId: userId,
    amount: amount.card,
    currency: amount.currency,
    ...(paymentKey === null ? {} : { paymentKey }),
    description: `Reservation ${reservationId}`,
    requestedAt,
  };
}

/** A top-up, as far as its charge is concerned. */
export interface CardTopUp {
  topUpId: string;
  userId: string;
  amount: number;
  currency: string;
  /** The name of the gateway that charges. */
  gateway: string;
  /** The client's key for a payment that it has prepared with the gateway. */
  paymentKey: string | null;
  /** Milliseconds since 1970. */
  requestedAt: number;
}

/** The charge of a top-up, which is its own order: the same whenever it is asked for. */
export function chargeOfTopUp(topUp: CardTopUp): ChargeRequest {
  const { topUpId, userId, amount, currency, gateway, paymentKey, requestedAt } = topUp;
  return {
    gateway,
    idempotencyKey: topUpId,
    orderId: topUpId,
    payerId: userId,
    amount,
    currency,
    ...(paymentKey === null ? {} : { paymentKey }),
    description: `Top-up ${topUpId}`,
    requestedAt,
  };
}
