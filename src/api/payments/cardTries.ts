import { Problem } from '../../domain/problems';
import { GATEWAY_UNAVAILABLE } from '../../domain/payments/gateway';
import type { RateLimits } from '../../redis/rateLimits';
import { heedKeyedLimit } from '../edge/rateLimit';

/** Who charges a card, and from which network. */
export interface CardPayer {
  userId: string;
  network: string;
}

/**
 * Runs a charge of a card that the client chose. Charges that fail are counted for the user and for the network,
 * because each tells a card tester which stolen card works (OWASP OAT-001 Carding).
 *
 * @throws {Problem} rate-limited, before anything is charged, where too many have failed; or what the charge throws
 */
export type TryCard = <Result>(payer: CardPayer, charge: () => Promise<Result>) => Promise<Result>;

export function createTryCard(limits: RateLimits): TryCard {
  return async ({ userId, network }, charge) => {
    await heedKeyedLimit(limits, 'failed-cards', userId);
    await heedKeyedLimit(limits, 'failed-cards-address', network);
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

/** A gateway that is known to be down was not asked, so its failure tells nothing. */
function tellsOfCard(error: unknown): boolean {
  return (
    error instanceof Problem &&
    error.slug === 'payment-failed' &&
    error.members['reason'] !== GATEWAY_UNAVAILABLE
  );
}
