import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { lockRows, type RowLock } from '../../chaos/rowLock';
import type { Reply } from '../../e2e/reply';
import { POINTS, type Buyer, type Shop } from './shop';

/** A granted hold. */
export interface Bought {
  buyer: Buyer;
  seatId: string;
  reservationId: string;
}

export interface Rush {
  /** Requests a seat once. */
  plain: Buyer;
  /** Requests the same seat, and sends the request twice. */
  repeating: Buyer;
  /** Requests three other seats, one more than the limit, and pays the first one twice. */
  greedy: Buyer;
  /** Pays the last seat, while the process that makes payments dies. */
  late: Buyer;
  /** Every reservation that was paid. */
  bought: Bought[];
}

const RETRY_MS = 250;
const PATIENCE_MS = 90_000;

const held = z.object({ reservationId: z.string() });

/**
 * A crowd for few seats. In each step, a lock of the test stops all requests at their first write. So each has made its
 * checks by then, and the outcome depends on no chance.
 *
 * @param stopped how many of that many requests reach their first write
 */
export async function rush(shop: Shop, stopped: (requests: number) => number): Promise<Rush> {
  const [first = '', ...others] = shop.seatIds;
  const last = others.pop() ?? '';
  const plain = await shop.buyer();
  const repeating = await shop.buyer();
  const greedy = await shop.buyer();
  const late = await shop.buyer();

  const key = randomUUID();
  const wishes = [
    { buyer: plain, seatId: first, key: randomUUID() },
    { buyer: repeating, seatId: first, key },
    { buyer: repeating, seatId: first, key },
    ...others.map((seatId) => ({ buyer: greedy, seatId, key: randomUUID() })),
  ];
  const holds = await sendWhileLocked(
    'allocations',
    wishes.map((wish) => async () => wish.buyer.hold([wish.seatId], { key: wish.key })),
  );
  const granted = new Map<string, Bought>();
  for (const [index, { buyer, seatId }] of wishes.entries()) {
    const reply = holds[index];
    if (reply?.status !== 201) continue;
    const { reservationId } = held.parse(reply.body);
    granted.set(reservationId, { buyer, seatId, reservationId });
  }

  const payments = [...granted.values()].map((hold) => ({ hold, key: randomUUID() }));
  const twice = payments.filter(({ hold }) => hold.buyer === greedy).slice(0, 1);
  const tries = [...payments, ...twice];
  const replies = await sendWhileLocked(
    'payments',
    tries.map((payment) => async () => pay(payment.hold, payment.key)),
  );
  const bought = payments.filter((_, index) => replies[index]?.status === 200).map(({ hold }) => hold);

  const { body } = await late.hold([last], { key: randomUUID() });
  const hold = { buyer: late, seatId: last, ...held.parse(body) };
  const paymentKey = randomUUID();
  // The card is charged, and nothing is recorded yet.
  const [reply] = await sendWhileLocked('tickets', [async () => pay(hold, paymentKey)], crash);
  if (reply?.status === 200) bought.push(hold);
  return { plain, repeating, greedy, late, bought };

  /** @param then runs while the requests wait for the locked table */
  async function sendWhileLocked(
    table: string,
    requests: (() => Promise<Reply>)[],
    then: (lock: RowLock) => Promise<void> = async (lock) => lock.release(),
  ): Promise<Reply[]> {
    const lock = await lockRows(shop.owner, `LOCK TABLE ${table} IN SHARE MODE`);
    const goOn = async () => {
      try {
        await lock.blocks(stopped(requests.length));
        await then(lock);
      } finally {
        await lock.release();
      }
    };
    const sent = Promise.all(requests.map(async (request) => untilFinal(request)));
    return (await Promise.all([sent, goOn()]))[0];
  }

  async function crash(lock: RowLock): Promise<void> {
    await shop.kill();
    await lock.release();
    await shop.start();
  }
}

const pay = async ({ buyer, reservationId }: Bought, key: string): Promise<Reply> =>
  buyer.pay(reservationId, { key, points: POINTS });

/** A client sends the same request again until it knows the outcome. */
async function untilFinal(request: () => Promise<Reply>): Promise<Reply> {
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    const reply = await request().catch((error: unknown) => String(error));
    if (typeof reply !== 'string' && reply.status !== 202 && reply.status < 500) return reply;
    if (Date.now() > until)
      throw new Error(`no final response: ${typeof reply === 'string' ? reply : reply.text}`);
    await sleep(RETRY_MS);
  }
}
