import { setTimeout as pause } from 'node:timers/promises';
import { Agent, request } from 'undici';
import type { Logger } from '../src/config/logging';
import { nameOf } from '../src/gateways/jsonHttp';
import type { Message, Outbox } from './outbox';
import { SIGNATURE_HEADER, signWebhook } from '../src/gateways/sandbox/webhook';

export interface DeliveryOptions {
  outbox: Outbox;
  /** The receiver of the messages, such as `http://127.0.0.1:3000/v1/webhooks/sandbox`. */
  url: string;
  /** The secret that signs them. */
  secret: string;
  logger: Logger;
}

/** Only a few at a time, so that a busy shop does not become busier. */
const AT_ONCE = 4;
const TIMEOUT_MS = 5_000;
/** A due message is noticed at most this late. Each look is one read of the book. */
const LOOK_EVERY_MS = 200;

/**
 * Sends due messages beside all other work, and repeats each one until it has arrived. If a message was not settled
 * when the process died, it is sent again: at least once.
 *
 * @returns a function that ends the delivery; it gives up the tries that are under way
 */
export function startDelivery({ outbox, url, secret, logger }: DeliveryOptions): () => Promise<void> {
  const agent = new Agent({ connections: AT_ONCE });
  const stopped = new AbortController();

  async function deliver(message: Message): Promise<void> {
    const answer = await send(message);
    await outbox.settle(message, answer, Date.now());
    const { eventId, type } = message.event;
    logger.debug({ eventId, type, answer, attempts: message.attempts }, 'webhook sent');
  }

  async function send({ event, isBadlySigned }: Message): Promise<string> {
    const body = JSON.stringify(event);
    const signature = signWebhook(body, isBadlySigned ? `not ${secret}` : secret, Date.now());
    try {
      const response = await request(url, {
        method: 'POST',
        dispatcher: agent,
        signal: AbortSignal.any([stopped.signal, AbortSignal.timeout(TIMEOUT_MS)]),
        headers: { 'content-type': 'application/json', [SIGNATURE_HEADER]: signature },
        body,
      });
      await response.body.dump();
      return `http-${response.statusCode}`;
    } catch (error) {
      return nameOf(error);
    }
  }

  async function run(): Promise<void> {
    while (!stopped.signal.aborted) {
      // One batch follows another, which limits the requests at a time.
      if (outbox.hasDue(Date.now())) await Promise.all((await outbox.take(Date.now(), AT_ONCE)).map(deliver));
      else await pause(LOOK_EVERY_MS, undefined, { signal: stopped.signal }).catch(() => undefined);
    }
  }

  const running = run();
  return async () => {
    stopped.abort();
    await running;
    await agent.close();
  };
}
