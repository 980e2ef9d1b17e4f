import type { GatewaySettings } from '../config/settings';
import type { PaymentGateway } from '../domain/payments/gateway';
import { createSandboxGateway } from './sandbox/client';
import { createStripeGateway } from './stripe/client';
import { createTossGateway } from './toss/client';

/**
 * Connects every gateway that the settings have keys for. The gateways keep connections; close them with the process.
 */
export function connectGateways({ sandbox, stripe, toss }: GatewaySettings): PaymentGateway[] {
  return [
    sandbox &&
      createSandboxGateway({
        url: sandbox.SANDBOX_GATEWAY_URL,
        secret: sandbox.SANDBOX_SECRET,
        webhookSecret: sandbox.SANDBOX_WEBHOOK_SECRET,
      }),
    stripe &&
      createStripeGateway({
        url: stripe.STRIPE_API_URL,
        secretKey: stripe.STRIPE_SECRET_KEY,
        webhookSecret: stripe.STRIPE_WEBHOOK_SECRET,
      }),
    toss &&
      createTossGateway({
        url: toss.TOSS_API_URL,
        secretKey: toss.TOSS_SECRET_KEY,
        webhookToken: toss.TOSS_WEBHOOK_SECRET,
      }),
  ].filter((gateway) => gateway !== undefined);
}
