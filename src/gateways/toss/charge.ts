import {
  unknown,
  type ChargeOutcome,
  type ChargeRequest,
  type PaymentGateway,
} from '../../domain/payments/gateway';
import type { PaymentAnswer, TossApi } from './api';
import type { Refunds } from './refunds';
import { isOpen, isPreparedFor, objectionTo, outcomeOf } from './outcomes';
import type { Payment } from './protocol';

/** The smallest amount that a card can pay, in KRW (BELOW_MINIMUM_AMOUNT of Toss). */
const MIN_AMOUNT = 100;

/**
 * Charges and their outcomes. A charge first looks the payment up, and checks what it is for and its amount. Only then
 * does it confirm the payment.
 */
export function createCharges(
  api: TossApi,
  { cancelWhole }: Pick<Refunds, 'cancelWhole'>,
): Pick<PaymentGateway, 'charge' | 'lookUp'> {
  async function confirm(payment: Payment, request: ChargeRequest): Promise<ChargeOutcome> {
    const { paymentKey, orderId, totalAmount } = payment;
    const answer = await api.confirm({ paymentKey, orderId, amount: totalAmount }, request.idempotencyKey);
    if ('outcome' in answer) return asCharge(answer);
    return answer.paymentKey === paymentKey ? settled(answer, request) : unknown('malformed-answer');
  }

  /** The outcome of a payment that cannot be confirmed any more. */
  async function settled(payment: Payment, request: ChargeRequest): Promise<ChargeOutcome> {
    if (payment.status === 'WAITING_FOR_DEPOSIT') return refuseDeposit(payment, request);
    const outcome = outcomeOf(payment, request);
    return outcome.outcome === 'absent' ? unknown('not-confirmed') : outcome;
  }

  /** Cancels a payment by bank deposit: seats do not wait for days until the payer has paid at the bank. */
  async function refuseDeposit(payment: Payment, request: ChargeRequest): Promise<ChargeOutcome> {
    const result = await cancelWhole(payment, request, 'unsupported-method');
    return result.outcome === 'voided' ? declined('unsupported-method') : result;
  }

  return {
    async charge(request) {
      if (request.currency === 'KRW' && request.amount < MIN_AMOUNT) return declined('below-minimum-amount');
      if (request.paymentKey === undefined) return declined('payment-key-missing');
      const payment = await api.look(request.paymentKey);
      if ('outcome' in payment) return asCharge(payment);
      if (!isPreparedFor(payment, request)) return declined('payment-key-mismatch');
      if (!isOpen(payment)) return settled(payment, request);
      const objection = objectionTo(payment, request);
      return objection === null ? confirm(payment, request) : declined(objection);
    },

    async lookUp(request) {
      if (request.paymentKey === undefined) return declined('payment-key-missing');
      const payment = await api.look(request.paymentKey);
      if (!('outcome' in payment)) return outcomeOf(payment, request);
      return payment.outcome === 'refused' ? { outcome: 'absent' } : payment;
    },
  };
}

function asCharge(answer: Exclude<PaymentAnswer, Payment>): ChargeOutcome {
  return answer.outcome === 'refused' ? declined(answer.reason) : answer;
}

const declined = (reason: string): ChargeOutcome => ({ outcome: 'declined', reason });
