import type { Settings } from '../config/settings';
import type { PaymentGateway } from './gateway';
import { createSandboxGateway } from './sandbox/client';
import { createStripeGateway } from './stripe/client';
import { createTossGateway } from './toss/client';

/** The gateway that the settings choose. It keeps connections; close it with the process. */
export function createGateway(settings: Settings): PaymentGateway {
  switch (settings.PAYMENT_GATEWAY) {
    case 'sandbox':
      return createSandboxGateway({
        url: settings.SANDBOX_GATEWAY_URL,
        secret: settings.SANDBOX_SECRET,
        webhookSecret: settings.SANDBOX_WEBHOOK_SECRET,
      });
    case 'stripe':
      return createStripeGateway({
        url: settings.STRIPE_API_URL,
        secretKey: settings.STRIPE_SECRET_KEY,
        webhookSecret: settings.STRIPE_WEBHOOK_SECRET,
      });
    case 'toss':
      return createTossGateway({
        url: settings.TOSS_API_URL,
        secretKey: settings.TOSS_SECRET_KEY,
        webhookToken: settings.TOSS_WEBHOOK_SECRET,
      });
  }
}
