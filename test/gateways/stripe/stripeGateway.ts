import type { ChargeOutcome, ChargeRequest, PaymentGateway } from '../../../src/domain/payments/gateway';
import { createStripeGateway } from '../../../src/gateways/stripe/client';
import { aCharge } from '../../sandbox/server';
import { SECRET_KEY, startStandIn, type StandIn } from './standIn';
import { CARD } from './standInAccount';

export const WEBHOOK_SECRET = 'whsec_of_the_tests';

export interface OnStandIn {
  stripe: StandIn;
  gateway: PaymentGateway;
}

export async function startStripe(): Promise<OnStandIn> {
  const stripe = await startStandIn();
  const credentials = { secretKey: SECRET_KEY, webhookSecret: WEBHOOK_SECRET };
  return { stripe, gateway: createStripeGateway({ url: stripe.url, ...credentials }) };
}

/** A card charge for a separate order. */
export const aCardCharge = (overrides: Partial<ChargeRequest> = {}): ChargeRequest =>
  aCharge({ paymentKey: CARD.visa, ...overrides });

/** The id of a charge that must be authorised or approved. */
export function idOf(outcome: ChargeOutcome): string {
  if ('gatewayPaymentId' in outcome) return outcome.gatewayPaymentId;
  throw new Error(`no money is there: ${JSON.stringify(outcome)}`);
}

/** A charge whose money is taken, and its id at the gateway. */
export async function takeMoney(gateway: PaymentGateway, charge = aCardCharge()) {
  const gatewayPaymentId = idOf(await gateway.charge(charge));
  idOf(await gateway.capture(charge, gatewayPaymentId));
  return { charge, gatewayPaymentId };
}
