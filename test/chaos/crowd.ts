import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import * as contract from '../e2e/contract';
import type { Client, User } from '../e2e/client';
import type { Reply } from '../e2e/reply';
import { pick } from './pick';
import { createPurchases } from './purchase';
import { createSender, isFinal } from './send';
import { createSessions } from './sessions';
import { startTurns } from './turns';

/**
 * A 201 that a client got. Until `expiresAt`, or until the client gives up the seats, no other client may have them.
 */
export interface Promised {
  reservationId: string;
  seatIds: string[];
  expiresAt: string;
  /** When the client gave up the seats by a release or a cancellation, in milliseconds since 1970. */
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

export interface CrowdOptions {
  /** The payment keys of the buyers. */
  cards?: readonly string[];
  /** For how long a client retries a service that is away. */
  patienceMs?: number;
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
const PATIENCE_MS = 150_000;
/** A buyer cancels within this time. Without cancellations, all seats would be sold soon. */
const CANCELS_WITHIN_MS = 20_000;

const seatsOf = z.object({ unavailableSeatIds: z.array(z.string()) });

/**
 * Buyers that hold random seats, a few per second. They repeat a request under the same key until the response is
 * final. They pay some of their holds, release some, and let the others end. Meanwhile they read all of them. They
 * cancel what they bought, until the load ends.
 */
export function startCrowd(
  client: Client,
  users: readonly User[],
  seatIds: readonly string[],
  { cards = CARDS, patienceMs = PATIENCE_MS }: CrowdOptions = {},
): Crowd {
  const wishes: Wish[] = [];
  const faults: string[] = [];
  const loggedIn = createSessions(client);
  const sender = createSender(faults, patienceMs);
  const purchases = createPurchases(loggedIn, sender, { cards, faults });

  const turns = startTurns(
    EVERY_MS,
    async (turn) => {
      const wish: Wish = {
        user: pick(users),
        key: randomUUID(),
        seatId: pick(seatIds),
        promised: null,
        refused: null,
      };
      wishes.push(wish);
      await live(wish, turn).catch((error: unknown) => void faults.push(`key ${wish.key}: ${String(error)}`));
    },
    (error) => faults.push(String(error)),
  );

  async function live(wish: Wish, turn: number): Promise<void> {
    wish.user = await loggedIn(wish.user);
    await ask(wish);
    if (!wish.promised) return;
    const { promised } = wish;
    const user = await loggedIn(wish.user);
    if (turn % 3 === 1) {
      await sleep(1_000);
      // The response may have arrived after the end of the hold.
      promised.releasedAt = Math.min(Date.now(), Date.parse(promised.expiresAt));
      await user.release(promised.reservationId).catch(() => undefined);
    } else if (turn % 3 === 2) {
      await sleep(1_000);
      await purchases.pay(user, promised.reservationId);
    }
    await watch(wish);
    if (turn % 3 === 2) await cancel(user, promised);
  }

  async function cancel(user: User, promised: Promised): Promise<void> {
    const { reservationId } = promised;
    if (!(await purchases.isConfirmed(user, reservationId))) return;
    await sleep(Math.random() * CANCELS_WITHIN_MS);
    if (turns.isEnding()) return;
    promised.releasedAt = Date.now();
    await purchases.cancel(user, reservationId);
  }

  async function ask(wish: Wish): Promise<void> {
    const { key, seatId, user } = wish;
    const reply = await sender.untilFinal(`key ${key}`, async () => {
      // A repeated request is the same request: it has the queue token of the first one.
      const { queueToken } = user;
      return (await loggedIn(user)).hold([seatId], { key, queueToken });
    });
    if (reply) note(wish, reply);
  }

  /** Compares a final response with what the client knows. */
  function note(wish: Wish, reply: Reply): void {
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
      return;
    }
    const { reservationId, seats, expiresAt } = contract.hold.parse(reply.body);
    const ids = seats.map((seat) => seat.seatId);
    if (wish.refused !== null) faults.push(`key ${wish.key} was ${wish.refused}, and is granted now`);
    if (ids.join() !== wish.seatId) faults.push(`key ${wish.key}: ${ids.join()} instead of ${wish.seatId}`);
    if (wish.promised && wish.promised.reservationId !== reservationId)
      faults.push(`key ${wish.key} has two reservations`);
    wish.promised ??= { reservationId, seatIds: ids, expiresAt, releasedAt: null };
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
    stop: async () => turns.stop(),
    async askAgain() {
      for (const wish of wishes) {
        const user = await loggedIn(wish.user);
        const { queueToken } = wish.user;
        const reply = await user.hold([wish.seatId], { key: wish.key, queueToken });
        if (isFinal(reply)) note(wish, reply);
        else faults.push(`key ${wish.key} gets ${reply.status} after the load`);
      }
    },
  };
}
