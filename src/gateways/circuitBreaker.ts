import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../config/logging';
import { GATEWAY_UNAVAILABLE, unknown, type PaymentGateway } from '../domain/payments/gateway';

/** `open`: no charge is sent. */
export const CIRCUITS = ['closed', 'open'] as const;
export type Circuit = (typeof CIRCUITS)[number];

export interface GuardedGateway extends PaymentGateway {
  readonly circuit: () => Circuit;
}

/** The circuit opens after this number of pings in a row without an answer: one lost packet is no outage. */
const MISSED_PINGS = 2;
/** The pause after a ping without an answer. So a gateway that is back is used again within about this time. */
const PING_EVERY_MS = 1_000;

/**
 * Sends no more charges to a gateway that is down, so that a customer gets a response at once instead of waiting. Such
 * a charge is `unknown` with the reason {@link GATEWAY_UNAVAILABLE}, never `declined`: another worker may have sent an
 * earlier request under the same key.
 *
 * Customers choose what they charge, so a charge without an answer says nothing about the gateway: the card's bank may
 * be slow. Such a charge only makes the worker ping the gateway until it answers. Only pings open the circuit. Any
 * answer closes it.
 *
 * The circuit breaker stops only charges. It always sends the calls that find out about money, capture it or return it:
 * their callers ask with growing pauses, and would have to ask again.
 *
 * @param logger gets each new state
 */
export function withCircuitBreaker(gateway: PaymentGateway, logger: Logger): GuardedGateway {
  let missed = 0;
  let watch: Promise<void> | null = null;
  const ended = new AbortController();

  const circuit = (): Circuit => (missed < MISSED_PINGS ? 'closed' : 'open');

  function note(isAnswered: boolean): void {
    const before = circuit();
    missed = isAnswered ? 0 : missed + 1;
    if (circuit() !== before) {
      logger.warn({ gateway: gateway.name, circuit: circuit() }, 'circuit to the payment gateway');
    }
  }

  async function pingUntilAnswered(): Promise<void> {
    while (!ended.signal.aborted) {
      const isAnswered = await gateway.ping().then(
        () => true,
        () => false,
      );
      note(isAnswered);
      if (isAnswered) return;
      await sleep(PING_EVERY_MS, undefined, { signal: ended.signal, ref: false }).catch(() => undefined);
    }
  }

  function judged<Outcome extends { outcome: string }>(outcome: Outcome): Outcome {
    if (outcome.outcome !== 'unknown') note(true);
    else watch ??= pingUntilAnswered().finally(() => (watch = null));
    return outcome;
  }

  return {
    ...gateway,
    circuit,
    async charge(request) {
      return circuit() === 'open' ? unknown(GATEWAY_UNAVAILABLE) : judged(await gateway.charge(request));
    },
    capture: async (...args) => judged(await gateway.capture(...args)),
    lookUp: async (...args) => judged(await gateway.lookUp(...args)),
    void: async (...args) => judged(await gateway.void(...args)),
    refund: async (...args) => judged(await gateway.refund(...args)),
    async close() {
      ended.abort();
      await gateway.close();
    },
  };
}
