import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { decodeJwt } from 'jose';
import { z } from 'zod';
import * as contract from '../e2e/contract';
import type { Client, User } from '../e2e/client';
import type { Reply } from '../e2e/reply';

/**
 * A 201 that a client got. Until `expiresAt`, or until the client releases the seats, no other client may have them.
 */
export interface Promised {
  reservationId: string;
  seatIds: string[];
  expiresAt: string;
  /** When the client requested the release, in milliseconds since 1970. */
  releasedAt: number | null;
}

/** One wish under one key, with all its responses. */
export interface Wish {
  user: User;
  key: string;
  seatId: string;
  promised: Promised | null;
  /** The slug of a rejection that is final for the key. */
  refused: string | null;
}

export interface Crowd {
  /** Every wish so far. */
  readonly wishes: readonly Wish[];
  /** Faults that clients have seen, in words. */
  readonly faults: readonly string[];
  /** Ends the load. Resolves when every wish has its final response. */
  stop(): Promise<void>;
  /** Sends every key again. It must get the response that it got before. */
  askAgain(): Promise<void>;
}

const CARDS = [
  'sandbox:approve',
  'sandbox:approve',
  'sandbox:decline',
  'sandbox:slow:1500',
  'sandbox:error-after-charge',
  'sandbox:flaky:1',
];
const EVERY_MS = 150;
const ASK_AGAIN_MS = 1_000;
/** A client retries a frozen service for this long. */
const PATIENCE_MS = 150_000;
/** Longer than a wish, with its tries and its hold, takes. */
const WISH_MS = 300_000;

const seatsOf = z.object({ unavailableSeatIds: z.array(z.string()) });

/**
 * Buyers that hold random seats, a few per second. They repeat a request under the same key until the response is
 * final. They pay some of their holds, release some, and let the others end. Meanwhile they read all of them.
 */
export function startCrowd(client: Client, users: readonly User[], seatIds: readonly string[]): Crowd {
  const wishes: Wish[] = [];
  const faults: string[] = [];
  const running = new Set<Promise<void>>();
  const ending = new AbortController();
  /** The latest session of each user that has logged in again. */
  const sessions = new Map<string, User>();

  const loop = (async () => {
    for (let turn = 0; !ending.signal.aborted; turn += 1) {
      const wish: Wish = {
        user: pick(users),
        key: randomUUID(),
        seatId: pick(seatIds),
        promised: null,
        refused: null,
      };
      wishes.push(wish);
      const done = live(wish, turn).finally(() => running.delete(done));
      running.add(done);
      await sleep(EVERY_MS);
    }
  })();

  /** The user, with tokens that outlast a wish. Access tokens live for 15 minutes, a long run of the suite does not. */
  async function loggedIn(user: User): Promise<User> {
    const session = sessions.get(user.userId) ?? user;
    const { exp = 0 } = decodeJwt(session.accessToken);
    if (exp * 1_000 > Date.now() + WISH_MS) return session;
    const again = await client.logIn(user.id, user.password).catch(() => session);
    sessions.set(user.userId, again);
    return again;
  }

  async function live(wish: Wish, turn: number): Promise<void> {
    wish.user = await loggedIn(wish.user);
    await ask(wish);
    if (!wish.promised) return;
    const { user, promised } = wish;
    if (turn % 3 === 1) {
      await sleep(1_000);
      promised.releasedAt = Date.now();
      await user.release(promised.reservationId).catch(() => undefined);
    } else if (turn % 3 === 2) {
      await sleep(1_000);
      await pay(user, promised.reservationId);
    }
    await watch(wish);
  }

  /** Pays by card in every way that clients do: twice at once, with two keys, again after a failure. */
  async function pay(user: User, reservationId: string): Promise<void> {
    const key = randomUUID();
    const send = async (paymentKey: string, under = key) =>
      user.pay(reservationId, { points: 0, paymentKey, key: under }).catch(() => null);
    const paymentKey = pick(CARDS);
    const [first, second] = await Promise.all([
      send(paymentKey),
      send(paymentKey),
      send(paymentKey, randomUUID()),
    ]);
    if (first?.status === 200 && second?.status === 200 && first.text !== second.text)
      faults.push(`payment key ${key} got two responses`);
    const again = await send(paymentKey);
    if (first?.status === 200 && again && again.status < 500 && again.text !== first.text)
      faults.push(`payment key ${key} got ${first.text}, and now gets ${again.text}`);
    if (first?.status !== 200) await send('sandbox:approve', randomUUID());
  }

  async function ask(wish: Wish): Promise<void> {
    const { user, key, seatId } = wish;
    const until = Date.now() + PATIENCE_MS;
    while (Date.now() < until) {
      const reply = await user.hold([seatId], { key }).catch(() => null);
      if (reply && note(wish, reply)) return;
      await sleep(ASK_AGAIN_MS);
    }
    faults.push(`key ${key} got no final response within ${PATIENCE_MS} ms`);
  }

  /** @returns whether the response is final */
  function note(wish: Wish, reply: Reply): boolean {
    if (reply.status === 503 || reply.status === 429) return false;
    if (reply.status !== 201) {
      const slug = contract.problem.parse(reply.body).type.replace('/problems/', '');
      if (reply.status >= 500) faults.push(`key ${wish.key}: ${reply.status} ${reply.text}`);
      if (wish.promised) faults.push(`key ${wish.key} was granted, and is ${slug} now`);
      if (
        slug === 'seat-unavailable' &&
        !seatsOf.parse(reply.body).unavailableSeatIds.includes(wish.seatId)
      ) {
        faults.push(`key ${wish.key}: the 409 does not name ${wish.seatId}`);
      }
      if (wish.refused !== null && wish.refused !== slug)
        faults.push(`key ${wish.key} was ${wish.refused}, and is ${slug} now`);
      wish.refused = slug;
      return true;
    }
    const { reservationId, seats, expiresAt } = contract.hold.parse(reply.body);
    const ids = seats.map((seat) => seat.seatId);
    if (wish.refused !== null) faults.push(`key ${wish.key} was ${wish.refused}, and is granted now`);
    if (ids.join() !== wish.seatId) faults.push(`key ${wish.key}: ${ids.join()} instead of ${wish.seatId}`);
    if (wish.promised && wish.promised.reservationId !== reservationId)
      faults.push(`key ${wish.key} has two reservations`);
    wish.promised ??= { reservationId, seatIds: ids, expiresAt, releasedAt: null };
    return true;
  }

  /** No client may see an early end. The time of arrival counts for a response that was on its way for long. */
  async function watch({ user, promised }: Wish): Promise<void> {
    if (!promised) return;
    while (Date.now() < Date.parse(promised.expiresAt) - 500) {
      await sleep(2_000);
      const seen = await user.reservation(promised.reservationId).catch(() => null);
      const ended = seen?.status === 'EXPIRED' || seen?.status === 'RELEASED';
      if (ended && promised.releasedAt === null && Date.now() < Date.parse(promised.expiresAt))
        faults.push(`${promised.reservationId} was ${seen.status} before ${promised.expiresAt}`);
      if (seen?.status !== 'HELD') return;
    }
  }

  return {
    wishes,
    faults,
    async stop() {
      ending.abort();
      await loop;
      await Promise.all(running);
    },
    async askAgain() {
      for (const wish of wishes) {
        const user = await loggedIn(wish.user);
        // A repeated request is the same request: it has the queue token of the first one.
        const { queueToken } = wish.user;
        const reply = await user.hold([wish.seatId], { key: wish.key, queueToken });
        if (!note(wish, reply)) faults.push(`key ${wish.key} gets ${reply.status} after the load`);
      }
    },
  };
}

function pick<Item>(items: readonly Item[]): Item {
  const item = items[Math.floor(Math.random() * items.length)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}
