import { setTimeout as pause } from 'node:timers/promises';
import type { Bench } from '../bench';
import { shoppedSchema, type Customer } from '../generator/protocol';
import { residentMb } from '../processes/cpu';
import { spreadOf } from '../report/statistics';
import type { Row } from '../row';
import { arena, openSchedule, PRICE } from '../site/catalogue';
import { enterRoom } from '../site/people';

const SAMPLES = 9;
const SAMPLE_MS = 1_000;
/** An operator may allow a user a hundred seats of a schedule. Half of that leaves a margin for chance. */
const SEATS_OF_CUSTOMER = 50;

/** Resident memory when nothing is under way: after many reservations, and after a tenth of them. */
export const memory: Row = {
  subject: 'memory',
  figure: 'memory of API and worker after many reservations',
  unit: 'MB',
  reference: 'after a tenth of them',
  target: { atMost: 1.15 },
  long: true,

  async prepare(bench) {
    const { site, scale } = bench;
    const { first, last, atMostSeconds } = scale.memory;
    const people = Math.max(scale.customers, Math.ceil(last / SEATS_OF_CUSTOMER));
    const customers = await enterRoom(
      site.client,
      await site.people.welcome(people, 4 * SEATS_OF_CUSTOMER * PRICE),
    );
    return async () => {
      const deadline = performance.now() + atMostSeconds * 1_000;
      const early = await buy(bench, customers, first, deadline);
      const reference = await quietMb(bench);
      const late = await buy(bench, customers, last - first, deadline);
      const ours = await quietMb(bench);
      const reservations = early + late;
      return {
        ours,
        reference,
        cpuMs: { ours: {}, reference: {} },
        details: { reservations },
        broken: reservations < last ? [`only ${reservations} of ${last} reservations in time`] : [],
      };
    };
  },
};

/** @returns how many reservations were bought before the deadline */
async function buy(
  { site, generator, scale, pids }: Bench,
  customers: readonly Customer[],
  count: number,
  deadline: number,
): Promise<number> {
  const secondsLeft = (): number => (deadline - performance.now()) / 1_000;
  let bought = 0;
  while (bought < count && secondsLeft() > 0) {
    const { seatIds } = await openSchedule(site.client, { plan: await arena() });
    const { operations } = await generator.ask(
      {
        task: 'manyPurchases',
        url: site.stack.apiUrl,
        pids,
        customers,
        seatIds,
        seatsEach: 1,
        log: site.log,
        users: scale.users,
        purchases: Math.min(count - bought, seatIds.length),
        atMostSeconds: secondsLeft(),
      },
      shoppedSchema,
    );
    bought += operations;
  }
  return bought;
}

/** The API and the worker together, the median of some seconds. */
async function quietMb({ site: { stack } }: Bench): Promise<number> {
  const samples: number[] = [];
  while (samples.length < SAMPLES) {
    await pause(SAMPLE_MS);
    samples.push(residentMb(stack.pids.API) + residentMb(stack.pids.worker));
  }
  return spreadOf(samples).median;
}
