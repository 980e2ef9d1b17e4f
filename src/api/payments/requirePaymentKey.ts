import type { PaymentGateway } from '../../gateways/gateway';
import { validationFailed } from '../http/validation';

/** @throws {Problem} validation-failed where the gateway charges only what the client has prepared with it */
export function requirePaymentKey(
  { needsPaymentKey }: Pick<PaymentGateway, 'needsPaymentKey'>,
  paymentKey: string | undefined,
): void {
  if (!needsPaymentKey || paymentKey !== undefined) return;
  const message = "Required: the gateway's key for the payment that the client has prepared";
  throw validationFailed([{ path: 'paymentKey', message }]);
}
