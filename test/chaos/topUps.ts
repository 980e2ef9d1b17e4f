import { randomUUID } from 'node:crypto';
import type { Client, User } from '../e2e/client';
import { pick } from './pick';
import { createSender } from './send';
import { createSessions } from './sessions';
import { startTurns } from './turns';

const EVERY_MS = 1_000;
const AMOUNT = 20_000;

export interface TopUps {
  /** Faults that buyers have seen, in words. */
  readonly faults: readonly string[];
  /** Ends the load. Resolves when every top-up has its final response. */
  stop(): Promise<void>;
}

/** Buyers that buy points, one each second. They send each request until its response is final, and then once more. */
export function startTopUps(
  client: Client,
  users: readonly User[],
  { cards, patienceMs }: { cards: readonly string[]; patienceMs: number },
): TopUps {
  const faults: string[] = [];
  const loggedIn = createSessions(client);
  const sender = createSender(faults, patienceMs);

  const turns = startTurns(
    EVERY_MS,
    async () => buy(pick(users)),
    (error) => faults.push(String(error)),
  );

  async function buy(user: User): Promise<void> {
    const key = randomUUID();
    const paymentKey = pick(cards);
    const send = async () =>
      sender.untilFinal(`top-up key ${key}`, async () =>
        (await loggedIn(user)).topUp(AMOUNT, { key, paymentKey }),
      );
    const first = await send();
    const second = await send();
    if (first && second && (first.status !== second.status || first.text !== second.text))
      faults.push(`top-up key ${key} got ${first.text}, and now gets ${second.text}`);
  }

  return { faults, stop: async () => turns.stop() };
}
