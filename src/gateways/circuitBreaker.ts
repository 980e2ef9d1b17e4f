import {
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleWhenResult,
  isBrokenCircuitError,
} from 'cockatiel';
import type { Logger } from '../config/logging';
import { GATEWAY_UNAVAILABLE, type ChargeOutcome, type PaymentGateway } from './gateway';

/** `open`: no charge is sent. `half-open`: one is, and its outcome decides. */
export const CIRCUITS = ['closed', 'open', 'half-open'] as const;
export type Circuit = (typeof CIRCUITS)[number];

export interface GuardedGateway extends PaymentGateway {
  readonly circuit: () => Circuit;
}

/** So many charges in a row without a word: some three payments, each tried three times. */
const FAILURES_IN_A_ROW = 10;
/** One customer's charge shows so often whether the gateway is back. */
const PROBE_AFTER_MS = 5_000;

const NOT_SENT: ChargeOutcome = { outcome: 'unknown', reason: GATEWAY_UNAVAILABLE };

/**
 * Sends no more charges to a gateway that leaves them unanswered, so that a customer hears at once instead of
 * waiting for it. They are `unknown`, reason {@link GATEWAY_UNAVAILABLE}, never `declined`: an earlier request under
 * the same key may have been sent by another worker.
 *
 * Only charges are kept back. What finds out about money, takes what is reserved, or gives back is always sent: its
 * callers ask with growing pauses, and would have to ask again.
 *
 * @param logger hears each new state
 */
export function withCircuitBreaker(gateway: PaymentGateway, logger: Logger): GuardedGateway {
  const policy = circuitBreaker(handleWhenResult(isWithoutAWord), {
    breaker: new ConsecutiveBreaker(FAILURES_IN_A_ROW),
    halfOpenAfter: PROBE_AFTER_MS,
  });
  policy.onStateChange((state) => {
    logger.warn({ gateway: gateway.name, circuit: nameOf(state) }, 'circuit to the payment gateway');
  });

  return {
    ...gateway,
    circuit: () => nameOf(policy.state),
    async charge(request) {
      // The library lets others wait for the probe's outcome; a customer is told at once.
      if (policy.state === CircuitState.HalfOpen) return NOT_SENT;
      try {
        return await policy.execute(() => gateway.charge(request));
      } catch (error) {
        if (isBrokenCircuitError(error)) return NOT_SENT;
        throw error;
      }
    },
  };
}

function isWithoutAWord(outcome: unknown): boolean {
  return (
    typeof outcome === 'object' &&
    outcome !== null &&
    'outcome' in outcome &&
    outcome.outcome === ('unknown' satisfies ChargeOutcome['outcome'])
  );
}

function nameOf(state: CircuitState): Circuit {
  if (state === CircuitState.Closed) return 'closed';
  return state === CircuitState.HalfOpen ? 'half-open' : 'open';
}
