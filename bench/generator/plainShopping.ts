import { z } from 'zod';
import { openClient } from './client';
import { runClosedLoop } from './closedLoop';
import type { PlainPurchasesCommand, Shopped } from './protocol';

const heldSchema = z.object({ bookingId: z.string() });
const paidSchema = z.object({ status: z.literal('CONFIRMED') });

/**
 * As many paid bookings as possible at the plain service. With `cutOff`, a request may end without a response; then its
 * buyer leaves.
 */
export async function buyPlain(command: PlainPurchasesCommand): Promise<Shopped> {
  const { url, customers, seatIds, seatsEach, window, pids, cutOff } = command;
  const client = openClient(url);
  let used = 0;
  const purchase = async (): Promise<void> => {
    const customer = customers[used % customers.length];
    const seats = seatIds.slice(used, used + seatsEach);
    used += seatsEach;
    if (!customer || seats.length < seatsEach) throw new Error('sold out: measure for a shorter time');
    const call = { method: 'POST', token: customer.accessToken } as const;
    const { bookingId } = await client.call(
      { ...call, path: '/reservations', body: { seatIds: seats } },
      201,
      heldSchema,
    );
    await client.call({ ...call, path: '/payments', body: { bookingId } }, 200, paidSchema);
  };
  try {
    if (!cutOff) {
      const measured = await runClosedLoop(window, purchase, pids);
      return { ...measured, seatsUsed: used };
    }
    const until = performance.now() + window.measuredMs;
    const down = new AbortController();
    const buyer = async (): Promise<void> => {
      while (!down.signal.aborted && performance.now() < until) await purchase().catch(() => down.abort());
    };
    await Promise.all(Array.from({ length: window.users }, buyer));
    return {
      operations: used / seatsEach,
      seconds: window.measuredMs / 1_000,
      cpuMs: {},
      latencies: {},
      seatsUsed: used,
    };
  } finally {
    await client.close();
  }
}
