import { rateOf, type Bench } from '../bench';
import type { PlainRequest } from '../generator/protocol';
import { measuredSchema, type Measured, type Pids } from '../processes/meter';
import type { Measurement, Round } from '../row';
import { sideBySide } from './sideBySide';

/** The share of the closed loop's throughput at which requests arrive while the latency is measured. */
const LOAD = 0.5;

export interface PlainTarget {
  url: string;
  requests: readonly PlainRequest[];
  expectedStatus: number;
  pids: Pids;
}

/** As many responses as possible from one server. */
export const saturate = (
  { generator, scale }: Bench,
  target: PlainTarget,
  measuredMs = scale.requestSeconds * 1_000,
): Promise<Measured> =>
  generator.ask(
    {
      task: 'saturate',
      ...target,
      window: { users: scale.connections, rampMs: scale.rampMs, measuredMs },
    },
    measuredSchema,
  );

/**
 * Saturates the service and the bare server in turn. Then measures the latency of the service at half of its
 * throughput.
 */
export async function compareRequests(
  bench: Bench,
  round: Round,
  ours: PlainTarget,
  bare: PlainTarget,
): Promise<Measurement> {
  if (round.number === 1) {
    for (const target of [ours, bare]) await saturate(bench, target, bench.scale.warmUpMs);
  }
  const [mine, theirs] = await sideBySide(
    round,
    () => saturate(bench, ours),
    () => saturate(bench, bare),
  );
  const [rate, reference] = [rateOf(mine), rateOf(theirs)];
  const perSecond = rate.perSecond * LOAD;
  const open = await bench.generator.ask(
    { task: 'arrive', ...ours, perSecond, seconds: bench.scale.requestSeconds },
    measuredSchema,
  );
  return {
    ours: rate.perSecond,
    reference: reference.perSecond,
    cpuMs: { ours: rate.cpuMs, reference: reference.cpuMs },
    latencies: open.latencies,
    details: { 'arrivals a second for latency': perSecond },
  };
}

/** The processes of the bare server and of the servers that it calls. */
export const barePids = ({ bare, site, generator }: Bench): Pids => ({
  'bare Koa': bare.pid,
  Redis: site.stack.pids.Redis,
  generator: generator.pid,
});
