import { rateOf } from '../bench';
import { shoppedSchema } from '../generator/protocol';
import { measuredSchema, type Measured } from '../processes/meter';
import { latencyOf } from '../report/statistics';
import type { Row } from '../row';
import { hall, openSchedule } from '../site/catalogue';
import { enterRoom } from '../site/people';

/** The number of holds in a row before the other side takes its turn. */
const BLOCK = 5;

/** One hold at a time and nothing else: how long a customer waits on an idle machine. */
export const singleHold: Row = {
  subject: 'hold',
  figure: 'one hold alone, median',
  unit: 'ms',
  reference: 'a plain start of the bare workflow',
  target: { atMost: 3 },

  async prepare({ site, generator, ceilings, scale, pids }) {
    const seats = scale.singleHolds * (scale.rounds + 1);
    const [customer] = await enterRoom(site.client, await site.people.welcome(1, 0));
    const { seatIds } = await openSchedule(site.client, { plan: hall(seats) });
    let used = 0;
    const ours = async (): Promise<Measured> => {
      const shopped = await generator.ask(
        {
          task: 'singleHolds',
          url: site.stack.apiUrl,
          pids,
          customers: customer ? [customer] : [],
          seatIds: seatIds.slice(used),
          seatsEach: 1,
          log: site.log,
          holds: BLOCK,
        },
        shoppedSchema,
      );
      used += shopped.seatsUsed;
      return shopped;
    };
    const bare = (): Promise<Measured> =>
      ceilings.present.ask(
        { task: 'starts', starts: BLOCK, pids: { Temporal: site.stack.pids.Temporal } },
        measuredSchema,
      );

    return async () => {
      const [mine, theirs]: [Measured[], Measured[]] = [[], []];
      for (let holds = 0; holds < scale.singleHolds; holds += BLOCK) {
        mine.push(await ours());
        theirs.push(await bare());
      }
      const [hold, reference] = [together(mine), together(theirs)];
      return {
        ours: latencyOf(hold.latencies['hold'] ?? []).p50,
        reference: latencyOf(reference.latencies['hold'] ?? []).p50,
        cpuMs: { ours: rateOf(hold).cpuMs, reference: rateOf(reference).cpuMs },
        latencies: hold.latencies,
      };
    };
  },
};

function together(parts: readonly Measured[]): Measured {
  const cpuMs: Record<string, number> = {};
  for (const part of parts) {
    for (const [name, ms] of Object.entries(part.cpuMs)) cpuMs[name] = (cpuMs[name] ?? 0) + ms;
  }
  return {
    operations: parts.reduce((sum, { operations }) => sum + operations, 0),
    seconds: parts.reduce((sum, { seconds }) => sum + seconds, 0),
    cpuMs,
    latencies: { hold: parts.flatMap(({ latencies }) => latencies['hold'] ?? []) },
  };
}
