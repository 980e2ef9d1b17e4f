import { setTimeout as pause } from 'node:timers/promises';
import { oncePer, rateOf, type Bench } from '../bench';
import { shoppedSchema, type Shopped } from '../generator/protocol';
import { sumOf } from '../processes/meter';
import { startPlain, type Plain } from '../plain/plain';
import type { Row } from '../row';
import { paidReservations } from './fullReservations';

const SEATS_EACH = 2;
const KILLS = 10;
const FREEZES = 5;
/** Longer than the service of the reference waits for its gateway. */
const FREEZE_MS = 4_000;
/** Each fault comes after so much time under load, and a little more each time. */
const BEFORE_FAULT_MS = 600;
const STEP_MS = 37;

/**
 * Shows the cost and the gain of durable execution. The reference is the same sale without Temporal. In the last round,
 * the service of the reference is also killed and frozen under load, and its lost money is counted.
 */
export const withoutTemporal: Row = {
  subject: 'reservations',
  figure: 'a full reservation beside a service without Temporal',
  unit: 'CPU ms',
  reference: 'one transaction for the hold, one for the payment',
  target: null,

  async prepare(bench) {
    const plain = await shop(bench);
    await plain.buy(bench.scale.warmUpMs);
    return async (round) => {
      const ours = (await paidReservations(bench, round)).cpuMs;
      const { cpuMs: theirs } = rateOf(await plain.buy(bench.scale.measuredMs));
      const lost = round.number === bench.scale.rounds ? await plain.lostByFaults() : null;
      return {
        ours: sumOf(ours),
        reference: sumOf(theirs),
        cpuMs: { ours, reference: theirs },
        details: lost ?? {},
      };
    };
  },
};

const shop = oncePer(async (bench: Bench) => {
  const plain = await startPlain(bench.site, bench.scale.customers);
  bench.closeLater(() => plain.stop());
  let used = 0;
  const ask = async (measuredMs: number, cutOff: boolean): Promise<Shopped> => {
    const shopped = await bench.generator.ask(
      {
        task: 'plainPurchases',
        url: plain.url(),
        pids: { ...plain.pids(), generator: bench.generator.pid },
        customers: plain.people,
        seatIds: plain.seatIds.slice(used),
        seatsEach: SEATS_EACH,
        window: { users: bench.scale.users, rampMs: bench.scale.rampMs, measuredMs },
        cutOff,
      },
      shoppedSchema,
    );
    used += shopped.seatsUsed;
    return shopped;
  };
  return {
    buy: async (measuredMs: number) => ask(measuredMs, false),
    lostByFaults: async () =>
      lostByFaults(plain, async () => ask(2 * BEFORE_FAULT_MS + KILLS * STEP_MS, true)),
  };
});

/** The charges that bought nothing, by the faults that caused them. */
async function lostByFaults(plain: Plain, load: () => Promise<unknown>): Promise<Record<string, number>> {
  const during = async (times: number, fault: () => Promise<void>): Promise<number> => {
    const before = await plain.chargedForNothing();
    for (let count = 0; count < times; count += 1) {
      const loading = load();
      await pause(BEFORE_FAULT_MS + count * STEP_MS);
      await fault();
      await loading;
    }
    return (await plain.chargedForNothing()) - before;
  };
  return {
    [`charges for nothing after ${KILLS} kills, without Temporal`]: await during(KILLS, async () =>
      plain.killAndStart(),
    ),
    [`charges for nothing after ${FREEZES} freezes of ${FREEZE_MS / 1_000} s, without Temporal`]:
      await during(FREEZES, async () => plain.freeze(FREEZE_MS)),
  };
}
