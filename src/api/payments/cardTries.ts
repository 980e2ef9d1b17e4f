import { Problem } from '../../domain/problems';
import { GATEWAY_UNAVAILABLE } from '../../domain/payments/gateway';
import type { RateLimits } from '../../redis/rateLimits';
import { enforceKeyedLimit } from '../edge/rateLimit';

/** The user who pays with a card, and the network of the client. */
export interface CardPayer {
  userId: string;
  network: string;
}

/**
 * Runs a charge of a card that the client chose. The API counts failed charges for the user and for the network,
 * because each one helps a card tester to find out which stolen card works (OWASP OAT-001 Carding).
 *
 * @throws {Problem} rate-limited, before anything is charged, if too many have failed; or what the charge throws
 */
export type TryCard = <Result>(payer: CardPayer, charge: () => Promise<Result>) => Promise<Result>;

export function createTryCard(limits: RateLimits): TryCard {
  return async ({ userId, network }, charge) => {
    await enforceKeyedLimit(limits, 'failed-cards', userId);
    await enforceKeyedLimit(limits, 'failed-cards-address', network);
    try {
      return await charge();
    } catch (error) {
      if (tellsOfCard(error)) {
        await Promise.all([
          limits.consume('failed-cards', userId),
          limits.consume('failed-cards-address', network),
        ]);
      }
      throw error;
    }
  };
}

/** If the gateway is known to be down, it was not asked. Such a failure tells nothing about the card. */
function tellsOfCard(error: unknown): boolean {
  return (
    error instanceof Problem &&
    error.slug === 'payment-failed' &&
    error.members['reason'] !== GATEWAY_UNAVAILABLE
  );
}
