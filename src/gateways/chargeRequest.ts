import type { PaymentAmount } from '../domain/money';
import type { ChargeRequest } from '../domain/payments/gateway';

/** An attempt to pay a reservation, with the data that its charge needs. */
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

/** The charge of the card part of an attempt. It is the same at every call, so that its key never names two charges. */
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

/** A top-up, with the data that its charge needs. */
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

/** The charge of a top-up, which is its own order. It is the same at every call. */
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
