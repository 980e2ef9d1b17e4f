import { startMeter } from '../processes/meter';
import { runArrivals, uniformArrivals } from './arrivals';
import { runBot } from './bot';
import { runBuyer } from './buyer';
import { openClient } from './client';
import { openClientLog } from './clientLog';
import type { SaleCommand, SaleResult } from './protocol';
import { openSaleFloor } from './saleFloor';

/**
 * A whole sale. Every buyer arrives at an instant that was fixed in advance, waits for a turn, takes one or two seats
 * and pays, until no seat is left. Bots come last and ask for seats all the time.
 */
export async function runSale(command: SaleCommand): Promise<SaleResult> {
  const { url, pids, scheduleId, seats, buyers, bots, arriveWithinMs, atMostSeconds } = command;
  const client = openClient(url);
  const log = openClientLog(command.log);
  const readMeter = startMeter(pids);
  const began = performance.now();
  const floor = openSaleFloor({ client, log, scheduleId, closesAt: began + atMostSeconds * 1_000 });
  try {
    const crowd = runArrivals(uniformArrivals(buyers.length, arriveWithinMs), async (plannedAt, index) => {
      const buyer = buyers[index];
      // Half of the buyers want two seats.
      if (buyer) await runBuyer(floor, buyer, 1 + (index % 2), plannedAt);
    });
    const pests = runArrivals(
      bots.map(() => arriveWithinMs),
      async (_, index) => {
        const bot = bots[index];
        if (bot) await runBot(floor, bot);
      },
    );
    await Promise.all([floor.watch(), crowd, pests]);
    const { statuses, surprises, latencies, admitted, confirmed } = floor.seen;
    const sold = confirmed.reduce((sum, { seatIds }) => sum + seatIds.length, 0);
    const lastAt = Math.max(...confirmed.map(({ at }) => at));
    return {
      operations: confirmed.length,
      seconds: (performance.now() - began) / 1_000,
      cpuMs: readMeter(),
      latencies,
      soldOutSeconds: sold === seats ? (lastAt - began) / 1_000 : null,
      sold,
      reservations: confirmed.length,
      admitted,
      statuses,
      surprises,
    };
  } finally {
    await client.close();
    await log.close();
  }
}
