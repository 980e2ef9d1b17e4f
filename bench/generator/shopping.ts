import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { ALONE_MS } from '../processes/alone';
import { startMeter } from '../processes/meter';
import { poissonArrivals, runArrivals } from './arrivals';
import { openClient, type Client } from './client';
import { openClientLog, type ClientLog } from './clientLog';
import { runClosedLoop } from './closedLoop';
import type {
  Customer,
  ManyPurchasesCommand,
  PurchaseArrivalsCommand,
  PurchasesCommand,
  Shopped,
  SingleHoldsCommand,
} from './protocol';

type Shopping = PurchasesCommand | PurchaseArrivalsCommand | ManyPurchasesCommand | SingleHoldsCommand;

/** As many CONFIRMED reservations as possible. */
export async function buyWithoutPause(command: PurchasesCommand): Promise<Shopped> {
  return shopping(command, async (shop) => {
    const measured = await runClosedLoop(command.window, () => shop.purchase(), command.pids);
    return { ...measured, seatsUsed: shop.seatsUsed() };
  });
}

/** The same, at instants that were fixed in advance. */
export async function buyOnArrival(command: PurchaseArrivalsCommand): Promise<Shopped> {
  return shopping(command, async (shop) => {
    const hold: number[] = [];
    const purchase: number[] = [];
    const readMeter = startMeter(command.pids);
    const began = performance.now();
    await runArrivals(poissonArrivals(command.perSecond, command.seconds), async (plannedAt) => {
      const heldAt = await shop.purchase();
      hold.push(heldAt - plannedAt);
      purchase.push(performance.now() - plannedAt);
    });
    return {
      operations: purchase.length,
      seconds: (performance.now() - began) / 1_000,
      cpuMs: readMeter(),
      latencies: { hold, 'hold and pay': purchase },
      seatsUsed: shop.seatsUsed(),
    };
  });
}

/** A fixed number of reservations by a few users at once, or as many as fit into the time limit. */
export async function buyMany(command: ManyPurchasesCommand): Promise<Shopped> {
  return shopping(command, async (shop) => {
    const readMeter = startMeter(command.pids);
    const began = performance.now();
    const seconds = (): number => (performance.now() - began) / 1_000;
    let begun = 0;
    const user = async (): Promise<void> => {
      while (begun < command.purchases && seconds() < command.atMostSeconds) {
        begun += 1;
        await shop.purchase();
      }
    };
    await Promise.all(Array.from({ length: command.users }, user));
    const measured = { operations: begun, seconds: seconds(), cpuMs: readMeter(), latencies: {} };
    return { ...measured, seatsUsed: shop.seatsUsed() };
  });
}

/** Only holds, one after the other. The release of each hold is outside of the measurement. */
export async function holdOneByOne(command: SingleHoldsCommand): Promise<Shopped> {
  return shopping(command, async (shop) => {
    const readMeter = startMeter(command.pids);
    const began = performance.now();
    const latencies: number[] = [];
    for (let hold = 0; hold < command.holds; hold += 1) {
      latencies.push(await shop.holdAndRelease());
      await pause(ALONE_MS);
    }
    return {
      operations: command.holds,
      seconds: (performance.now() - began) / 1_000,
      cpuMs: readMeter(),
      latencies: { hold: latencies },
      seatsUsed: shop.seatsUsed(),
    };
  });
}

async function shopping(command: Shopping, visit: (shop: Shop) => Promise<Shopped>): Promise<Shopped> {
  const client = openClient(command.url);
  const log = openClientLog(command.log);
  try {
    return await visit(openShop(command, client, log));
  } finally {
    await client.close();
    await log.close();
  }
}

type Shop = ReturnType<typeof openShop>;

function openShop({ customers, seatIds, seatsEach }: Shopping, client: Client, log: ClientLog) {
  const free = [...customers];
  let used = 0;

  /** The customer who has waited longest. One customer never does two things at once. */
  const asCustomer = async <Result>(visit: (customer: Customer) => Promise<Result>): Promise<Result> => {
    const customer = free.shift();
    if (!customer) throw new Error('there are more operations at once than customers');
    const result = await visit(customer);
    free.push(customer);
    return result;
  };
  const nextSeats = (): string[] => {
    const seats = seatIds.slice(used, used + seatsEach);
    used += seatsEach;
    if (seats.length < seatsEach) throw new Error('sold out: measure for a shorter time');
    return seats;
  };
  const hold = async ({ userId, accessToken: token, queueToken }: Customer): Promise<Held> => {
    const call = { method: 'POST', path: '/v1/reservations', token } as const;
    const held = await client.call({ ...call, body: { seatIds: nextSeats(), queueToken } }, 201, heldSchema);
    const { reservationId: reservation, scheduleId: schedule, seats, expiresAt } = held;
    const seatNames = seats.map(({ seatId }) => seatId);
    log.write({
      kind: 'held',
      at: Date.now(),
      user: userId,
      reservation,
      schedule,
      seats: seatNames,
      expiresAt,
    });
    return { ...held, seatIds: seatNames };
  };

  return {
    seatsUsed: () => used,

    /**
     * One full reservation. The client leaves the split to the service: points pay for the seats, and the card pays
     * the booking fee.
     *
     * @returns when the seats were held
     * @throws if the response is not CONFIRMED with a ticket for each seat
     */
    purchase: () =>
      asCustomer(async (customer) => {
        const { userId: user, accessToken: token, queueToken } = customer;
        const { reservationId: reservation, scheduleId: schedule, seatIds: seats } = await hold(customer);
        const heldAt = performance.now();
        log.write({ kind: 'paying', at: Date.now(), user, reservation });
        const call = { method: 'POST', path: '/v1/payments', token } as const;
        const body = { reservationId: reservation, queueToken };
        const { tickets } = await client.call({ ...call, body }, 200, paidSchema);
        if (tickets.length !== seatsEach) throw new Error(`${tickets.length} tickets for ${seatsEach} seats`);
        log.write({ kind: 'confirmed', at: Date.now(), user, reservation, schedule, seats });
        return heldAt;
      }),

    /** @returns the duration of the hold request in milliseconds */
    holdAndRelease: () =>
      asCustomer(async (customer) => {
        const began = performance.now();
        const { reservationId } = await hold(customer);
        const tookMs = performance.now() - began;
        const release = { method: 'DELETE', path: `/v1/reservations/${reservationId}` } as const;
        await client.call({ ...release, token: customer.accessToken }, 204, z.null());
        return tookMs;
      }),
  };
}

const heldSchema = z.object({
  reservationId: z.string(),
  scheduleId: z.string(),
  status: z.literal('HELD'),
  seats: z.array(z.object({ seatId: z.string() })),
  expiresAt: z.string(),
});
type Held = z.infer<typeof heldSchema> & { seatIds: string[] };

const paidSchema = z.object({
  reservationStatus: z.literal('CONFIRMED'),
  tickets: z.array(z.object({ seatId: z.string() })),
});
