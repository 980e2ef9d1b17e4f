import type { Settings } from '../config/settings';
import type { PaymentGateway } from './gateway';
import { createSandboxGateway } from './sandbox/client';

/** The gateway that the settings choose. It keeps connections; close it with the process. */
export function createGateway(settings: Settings): PaymentGateway {
  const gateways: Record<Settings['PAYMENT_GATEWAY'], () => PaymentGateway> = {
    sandbox: () =>
      createSandboxGateway({ url: settings.SANDBOX_GATEWAY_URL, secret: settings.SANDBOX_SECRET }),
  };
  return gateways[settings.PAYMENT_GATEWAY]();
}
