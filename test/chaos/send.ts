import { setTimeout as sleep } from 'node:timers/promises';
import type { Reply } from '../e2e/reply';

const ASK_AGAIN_MS = 1_000;

/** Sends requests to a service whose processes freeze and die. */
export interface Sender {
  /** @returns null if the connection was cut */
  send: (request: Promise<Reply>) => Promise<Reply | null>;
  /**
   * Sends the same request again until the response is final.
   *
   * @param what names the request in a fault
   * @returns null if no response was final in time, which is a fault
   */
  untilFinal: (what: string, request: () => Promise<Reply>) => Promise<Reply | null>;
}

/**
 * @param faults gets every response that breaks the contract, and every request without a final response
 * @param patienceMs for how long a client retries
 */
export function createSender(faults: string[], patienceMs: number): Sender {
  const send: Sender['send'] = async (request) => {
    try {
      return await request;
    } catch (error) {
      if (!isCut(error)) faults.push(String(error));
      return null;
    }
  };
  return {
    send,
    async untilFinal(what, request) {
      const until = Date.now() + patienceMs;
      while (Date.now() < until) {
        const reply = await send(request());
        if (reply && isFinal(reply)) return reply;
        await sleep(ASK_AGAIN_MS);
      }
      faults.push(`${what} got no final response within ${patienceMs} ms`);
      return null;
    },
  };
}

/** 401: the session ended while the service was away. The client logs in and sends the request again. */
export const isFinal = ({ status }: Reply): boolean => ![401, 408, 429, 503].includes(status);

/** `fetch` reports a connection that it could not make, or that ended early. Its TypeError is not the one of Jest. */
const isCut = (error: unknown): boolean => /^TypeError: (?:fetch failed|terminated)$/.test(String(error));
