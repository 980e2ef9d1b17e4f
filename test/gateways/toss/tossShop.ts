import type { ChargeRequest, PaymentGateway, RefundRequest } from '../../../src/domain/payments/gateway';
import { createTossGateway } from '../../../src/gateways/toss/client';
import { aCharge } from '../../sandbox/server';
import type { Prepared } from './tossBook';
import { SECRET_KEY, startToss, type TossServer } from './tossServer';

export const WEBHOOK_TOKEN = 'a-token-of-the-tests-that-is-long-enough';

/** A shop at the local Toss, with what its page and its server do. */
export interface TossShop {
  toss: TossServer;
  gateway: PaymentGateway;
  /** A charge with a payment that the payer has prepared correctly, except for the given values. */
  prepared(prepared?: Partial<Prepared>, request?: Partial<ChargeRequest>): ChargeRequest & Keyed;
  /** A charge that is paid. */
  paid(request?: Partial<ChargeRequest>): Promise<ChargeRequest & Keyed>;
  stop(): Promise<void>;
}

interface Keyed {
  paymentKey: string;
}

export async function openShop(): Promise<TossShop> {
  const toss = await startToss();
  const gateway = createTossGateway({ url: toss.url, secretKey: SECRET_KEY, webhookToken: WEBHOOK_TOKEN });
  const prepared: TossShop['prepared'] = (payment = {}, request = {}) => {
    const charge = aCharge(request);
    const { orderId, amount } = charge;
    return { ...charge, paymentKey: toss.prepare({ orderId: `${orderId}-1`, amount, ...payment }) };
  };
  return {
    toss,
    gateway,
    prepared,
    async paid(request) {
      const charge = prepared({}, request);
      const { outcome } = await gateway.charge(charge);
      if (outcome !== 'approved') throw new Error(`the charge is ${outcome}`);
      return charge;
    },
    async stop() {
      await toss.stop();
      await gateway.close();
    },
  };
}

/** A refund of a paid charge. */
export function aRefund(charge: ChargeRequest & Keyed, refund: Partial<RefundRequest> = {}): RefundRequest {
  const refundKey = `refund-${charge.idempotencyKey}-1`;
  return {
    refundKey,
    charge,
    gatewayPaymentId: charge.paymentKey,
    amount: 500,
    reason: 'cancelled',
    ...refund,
  };
}
