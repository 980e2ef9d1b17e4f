import type { UnbegunStatus } from '../../domain/payments/attemptState';
import type { PaymentGateway } from '../../domain/payments/gateway';
import { validationFailed } from '../http/validation';

/**
 * @param findEarlier finds the same attempt, if an earlier request under the same key has recorded it. The gateway that
 *   took new payments then may need no payment key, and it continues the attempt
 * @throws {Problem} validation-failed if the gateway charges only what the client has prepared with it
 */
export async function requirePaymentKey(
  { needsPaymentKey }: Pick<PaymentGateway, 'needsPaymentKey'>,
  paymentKey: string | undefined,
  findEarlier: () => Promise<{ status: string } | null>,
): Promise<void> {
  if (!needsPaymentKey || paymentKey !== undefined) return;
  const earlier = await findEarlier();
  if (earlier && earlier.status !== ('WITHDRAWN' satisfies UnbegunStatus)) return;
  const message = "Required: the gateway's key for the payment that the client has prepared";
  throw validationFailed([{ path: 'paymentKey', message }]);
}
