import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { createSender, type Sender } from '../chaos/send';
import * as contract from '../e2e/contract';
import { expectStatus, type User } from '../e2e/client';
import { POSTS } from '../e2e/posts';
import type { Reply } from '../e2e/reply';
import { expectHold } from '../e2e/sale';
import type { Service } from '../e2e/service';

/** A client cuts a request that has had no response for this time, and sends it again. */
const CUT_MS = 15_000;
/** A killed process is back, and a frozen one continues, long before that. */
const PATIENCE_MS = 120_000;
const ASK_MS = 500;

/**
 * Prepares what a client needs, and returns what the client does. It repeats each request under its key until the
 * response is final.
 *
 * @param faults gets what the client sees and must not see
 */
export type Scenario = (service: Service, faults: string[]) => Promise<() => Promise<void>>;

/** A sale and a client of its own. */
interface World {
  user: User;
  scheduleId: string;
  seatIds: string[];
  sender: Sender;
  faults: string[];
}

/** Points in the wallet of a client. A payment uses some of them, and the card pays the rest. */
const POINTS = 30_000;

const inWorld =
  (act: (world: World) => Promise<void>): Scenario =>
  async (service, faults) => {
    const [user, { scheduleId, seatIds }] = await Promise.all([
      service.buyer(POINTS),
      service.openSale({ seats: 4 }),
    ]);
    const world = { user, scheduleId, seatIds, faults, sender: impatient(faults) };
    return async () => act(world);
  };

/** Fails as a connection does that was cut. */
async function cut(): Promise<never> {
  await sleep(CUT_MS, undefined, { ref: false });
  throw new TypeError('fetch failed');
}

/** Cuts requests that hang. */
function impatient(faults: string[]): Sender {
  const sender = createSender(faults, PATIENCE_MS);
  return {
    send: async (request) => sender.send(Promise.race([request, cut()])),
    untilFinal: async (what, request) =>
      sender.untilFinal(what, async () => Promise.race([request(), cut()])),
  };
}

/** A request that is sent twice under one key gets the same response. */
const postTwice =
  (route: string): Scenario =>
  async (service, faults) => {
    const { by, path = route, body } = await (POSTS[route] ?? missing(route))(service);
    const sender = impatient(faults);
    const headers = { 'Idempotency-Key': randomUUID() };
    const send = async () =>
      sender.untilFinal(`POST ${path}`, async () => by.call('POST', path, { body, headers }));
    return async () => {
      const [first, second] = [await send(), await send()];
      if (first && first.status >= 400) faults.push(`POST ${path}: ${first.text}`);
      // A cancellation of a show reports its progress.
      const differs = first?.status !== 202 && first?.text !== second?.text;
      if (differs) faults.push(`POST ${path} got ${first?.text}, then ${second?.text}`);
    };
  };

const FLOWS: Readonly<Record<string, Scenario>> = {
  'a purchase with points and card, and a cancellation of one seat': inWorld(async (world) => {
    const hold = await holdSeats(world, 2);
    if (!hold) return;
    const paid = await pay(world, hold.reservationId, { points: 10_000, paymentKey: 'sandbox:approve' });
    if (paid?.status !== 200) return;
    await outcome(world, hold.reservationId, ['CONFIRMED']);
    const { user, sender, faults } = world;
    const key = randomUUID();
    const [seatId = ''] = hold.seatIds;
    const cancelled = await sender.untilFinal('the cancellation', async () =>
      user.cancel(hold.reservationId, { key, seatIds: [seatId] }),
    );
    if (cancelled && cancelled.status !== 200) faults.push(`the cancellation: ${cancelled.text}`);
  }),

  'a declined card, then another one': inWorld(async (world) => {
    const hold = await holdSeats(world, 1);
    if (!hold) return;
    await pay(world, hold.reservationId, { points: 10_000, paymentKey: 'sandbox:decline' });
    await pay(world, hold.reservationId, { points: 0, paymentKey: 'sandbox:approve' });
    await outcome(world, hold.reservationId, ['CONFIRMED', 'EXPIRED']);
  }),

  'a charge whose response never comes': inWorld(async (world) => {
    const hold = await holdSeats(world, 1);
    if (!hold) return;
    await pay(world, hold.reservationId, { points: 0, paymentKey: 'sandbox:late-look-up:6000' });
    await outcome(world, hold.reservationId, ['CONFIRMED', 'EXPIRED']);
  }),

  'a card that is authorised first': inWorld(async (world) => {
    const hold = await holdSeats(world, 1);
    if (!hold) return;
    await pay(world, hold.reservationId, { points: 0, paymentKey: 'sandbox:authorise' });
    await outcome(world, hold.reservationId, ['CONFIRMED', 'EXPIRED']);
  }),

  'best available seats, released': inWorld(async (world) => {
    const { user, scheduleId, sender, faults } = world;
    const key = randomUUID();
    const reply = await sender.untilFinal('best available seats', async () =>
      user.post(
        '/v1/reservations',
        { scheduleId, quantity: 2, queueToken: user.queueToken },
        { 'Idempotency-Key': key },
      ),
    );
    if (reply?.status !== 201) return void (reply && faults.push(`best available seats: ${reply.text}`));
    const { reservationId } = contract.hold.parse(reply.body);
    await sender.untilFinal('the release', async () => user.release(reservationId));
    await outcome(world, reservationId, ['RELEASED', 'EXPIRED']);
  }),

  'a declined top-up, then another one': inWorld(async ({ user, sender, faults }) => {
    for (const paymentKey of ['sandbox:decline', 'sandbox:approve']) {
      const key = randomUUID();
      const topUp = async () =>
        sender.untilFinal('the top-up', async () => user.topUp(5_000, { key, paymentKey }));
      const [first, second] = [await topUp(), await topUp()];
      if (first?.text !== second?.text) faults.push(`a top-up got ${first?.text}, then ${second?.text}`);
    }
  }),

  'reading a seat map, a wallet and reservations': inWorld(async (world) => {
    const { user, scheduleId, sender, faults } = world;
    for (const path of [`/v1/schedules/${scheduleId}/seats`, '/v1/wallet', '/v1/reservations']) {
      const reply = await sender.untilFinal(`GET ${path}`, async () => user.get(path));
      if (reply && reply.status !== 200) faults.push(`GET ${path}: ${reply.text}`);
    }
  }),

  'a cancelled show with a buyer': async (service, faults) => {
    const [sale, user] = await Promise.all([service.openSale(), service.buyer()]);
    const { reservationId } = await expectHold(user, sale.seatIds.slice(0, 1));
    expectStatus(await user.pay(reservationId, { points: 0 }), 200);
    const sender = impatient(faults);
    const path = `/v1/admin/schedules/${sale.scheduleId}/cancellation`;
    const headers = { 'Idempotency-Key': randomUUID() };
    return async () => {
      await sender.untilFinal('the cancellation', async () =>
        service.operator.call('POST', path, { body: {}, headers }),
      );
      await outcome({ user, sender, faults }, reservationId, ['CANCELLED'], ['CONFIRMED']);
    };
  },
};

/** Every way through the service that the matrix follows, by its name. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  ...FLOWS,
  ...Object.fromEntries(Object.keys(POSTS).map((route) => [`POST ${route}`, postTwice(route)])),
};

function missing(route: string): never {
  throw new Error(`no request for ${route}`);
}

interface Held {
  reservationId: string;
  seatIds: string[];
}

async function holdSeats({ user, seatIds, sender, faults }: World, seats: number): Promise<Held | null> {
  const key = randomUUID();
  const wanted = seatIds.slice(0, seats);
  const reply = await sender.untilFinal('the hold', async () => user.hold(wanted, { key }));
  if (reply?.status !== 201) {
    // No other client wants these seats.
    if (reply) faults.push(`the hold of free seats: ${reply.text}`);
    return null;
  }
  const held = contract.hold.parse(reply.body);
  const again = await sender.untilFinal('the hold again', async () => user.hold(wanted, { key }));
  if (again && again.text !== reply.text) faults.push(`a hold got ${reply.text}, then ${again.text}`);
  return { reservationId: held.reservationId, seatIds: wanted };
}

/** A card may be declined, and a hold may end while a process is frozen. */
const EXPECTED: ReadonlySet<string> = new Set(
  ['payment-failed', 'reservation-expired', 'payment-in-progress'].map((slug) => `/problems/${slug}`),
);

async function pay(
  { user, sender, faults }: World,
  reservationId: string,
  payment: { points: number; paymentKey: string },
): Promise<Reply | null> {
  const key = randomUUID();
  const send = async () =>
    sender.untilFinal('the payment', async () => user.pay(reservationId, { ...payment, key }));
  const first = await send();
  if (first && first.status >= 300 && !EXPECTED.has(contract.problem.parse(first.body).type))
    faults.push(`the payment: ${first.text}`);
  if (first?.status === 200) {
    const again = await send();
    if (again && again.text !== first.text) faults.push(`a payment got ${first.text}, then ${again.text}`);
  }
  return first;
}

const state = z.object({ status: z.string() });

/** Waits until the reservation is no longer in one of these states. Then it must be in an allowed one. */
async function outcome(
  { user, sender, faults }: Pick<World, 'user' | 'sender' | 'faults'>,
  reservationId: string,
  allowed: readonly string[],
  open: readonly string[] = ['HELD', 'PAYING', 'SETTLING'],
): Promise<void> {
  const until = Date.now() + PATIENCE_MS;
  let [status = ''] = open;
  while (Date.now() < until && open.includes(status)) {
    await sleep(ASK_MS);
    const reply = await sender.untilFinal('the reservation', async () =>
      user.get(`/v1/reservations/${reservationId}`),
    );
    status = state.safeParse(reply?.body).data?.status ?? status;
  }
  if (!allowed.includes(status)) faults.push(`reservation ${reservationId} is ${status}`);
}
