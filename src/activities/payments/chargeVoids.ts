import type { Stores } from '../../db/stores';
import { clearingOf } from '../../db/ledger/ledgerStore';
import type { ChargeRequest } from '../../domain/payments/gateway';
import type { Gateways } from '../../gateways/gateways';

/**
 * Makes sure that no money stays taken under a key, at the gateway that may have taken it.
 *
 * @returns the amount that had been taken and is refunded
 * @throws until the gateway has confirmed it; its caller retries
 */
export async function voidAtGateway(
  gateways: Gateways,
  request: ChargeRequest,
  reason: string,
): Promise<number> {
  const result = await gateways.of(request.gateway).void(request, reason);
  if (result.outcome === 'unknown')
    throw new Error(`the gateway has not answered the void: ${result.reason}`);
  return result.returned;
}

/** Books a charge that was taken and refunded, once. If nothing had been taken, there is nothing to book. */
export async function bookVoid(
  stores: Stores,
  charge: { attemptId: string; reservationId?: string; currency: string; gateway: string },
  returned: number,
): Promise<void> {
  if (returned === 0) return;
  const { attemptId, reservationId, currency, gateway } = charge;
  await stores.ledger.post({
    key: `charge-voided:${attemptId}`,
    kind: 'CHARGE_VOIDED',
    currency,
    ...(reservationId === undefined ? {} : { reservationId }),
    paymentId: attemptId,
    house: [
      { account: clearingOf(gateway), amount: -returned },
      { account: clearingOf(gateway), amount: returned },
    ],
  });
}
