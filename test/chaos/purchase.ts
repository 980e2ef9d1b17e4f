import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { User } from '../e2e/client';
import { pick } from './pick';
import type { Sender } from './send';
import type { LoggedIn } from './sessions';

/** Points that a buyer uses if the wallet has them. Less than a seat costs, so the card pays a part. */
const POINTS = 10_000;
const ASK_MS = 2_000;
/** The gateway's outcome is known much earlier. A reservation that is still open at the end is found by its row. */
const SETTLED_WITHIN_MS = 300_000;

const state = z.object({ status: z.string() });

export interface Purchases {
  /** Pays in every way that clients do: twice at once, with two keys, again after a failure. */
  pay(user: User, reservationId: string): Promise<void>;
  /** Waits until the outcome of the payment is known. */
  isConfirmed(user: User, reservationId: string): Promise<boolean>;
  /** Cancels a confirmed reservation, twice at once under one key. */
  cancel(user: User, reservationId: string): Promise<void>;
}

export function createPurchases(
  loggedIn: LoggedIn,
  { send, untilFinal }: Sender,
  { cards, faults }: { cards: readonly string[]; faults: string[] },
): Purchases {
  return {
    async pay(user, reservationId) {
      const key = randomUUID();
      const paymentKey = pick(cards);
      const balance = await user.balance().catch(() => 0);
      const points = balance >= POINTS && Math.random() < 0.5 ? POINTS : 0;
      const payUnder = async (one: string) => send(user.pay(reservationId, { points, paymentKey, key: one }));
      const [first, second] = await Promise.all([payUnder(key), payUnder(key), payUnder(randomUUID())]);
      if (first?.status === 200 && second?.status === 200 && first.text !== second.text)
        faults.push(`payment key ${key} got two responses`);
      const again = await payUnder(key);
      if (first?.status === 200 && again && again.status < 500 && again.text !== first.text)
        faults.push(`payment key ${key} got ${first.text}, and now gets ${again.text}`);
      if (first?.status === 200) return;
      const last = { points: 0, paymentKey: 'sandbox:approve', key: randomUUID() };
      await send(user.pay(reservationId, last));
    },

    async isConfirmed(user, reservationId) {
      const path = `/v1/reservations/${reservationId}`;
      const until = Date.now() + SETTLED_WITHIN_MS;
      while (Date.now() < until) {
        const reply = await untilFinal(`GET ${path}`, async () => (await loggedIn(user)).get(path));
        const { data } = state.safeParse(reply?.body);
        if (data?.status !== 'PAYING' && data?.status !== 'SETTLING') return data?.status === 'CONFIRMED';
        await sleep(ASK_MS);
      }
      return false;
    },

    async cancel(user, reservationId) {
      const key = randomUUID();
      const cancelOnce = async () =>
        untilFinal(`cancellation key ${key}`, async () =>
          (await loggedIn(user)).cancel(reservationId, { key }),
        );
      const [first, second] = await Promise.all([cancelOnce(), cancelOnce()]);
      for (const reply of [first, second]) {
        if (reply && reply.status !== 200)
          faults.push(`cancellation key ${key} of ${reservationId}: ${reply.status} ${reply.text}`);
      }
    },
  };
}
