import { audit } from '../audit/audit';
import { inWords } from '../audit/fault';
import { oncePer, rateOf, type Bench } from './bench';
import type { Ceiling } from './ceiling/ceiling';
import { measuredSchema } from './processes/meter';
import type { Rate } from './processes/meter';
import type { Measurement, Round, Row, RunRow } from './row';
import { ACTIVE_SECONDS } from './site/stack';

/** The results of the rounds: for each row, one measurement a round. */
export interface Rounds {
  rows: { row: Row; measurements: Measurement[] }[];
  /** The faults that the audit found after each round, as text. */
  faults: string[];
}

/**
 * Runs all rows once a round, so that a machine that is slow for a minute slows all of them. Runs the audit after
 * each round. Long rows run only in the first round.
 */
export async function runRounds(
  bench: Bench,
  rows: readonly Row[],
  say: (line: string) => void,
): Promise<Rounds> {
  const prepared = new Map<Row, RunRow>();
  const measurements = new Map<Row, Measurement[]>(rows.map((row) => [row, []]));
  const faults: string[] = [];
  say('Warming up ...');
  for (const ceiling of Object.values(bench.ceilings)) await measureCeiling(bench, ceiling);
  for (let number = 1; number <= bench.scale.rounds; number += 1) {
    const round = openRound(bench, number);
    for (const row of rows) {
      if (row.long && number > 1) continue;
      const run = prepared.get(row) ?? (await row.prepare(bench));
      prepared.set(row, run);
      const measured = await run(round);
      measurements.get(row)?.push(measured);
      const figures = `${measured.ours.toPrecision(4)} beside ${measured.reference.toPrecision(4)} ${row.unit}`;
      say(`Round ${number} of ${bench.scale.rounds}: ${row.figure}: ${figures}`);
    }
    for (const { name, stack, log } of bench.sites) {
      const found = await audit({
        databaseUrl: stack.ownerUrl,
        redisUrl: stack.redisUrl,
        gateway: { url: stack.gatewayUrl, secret: stack.gatewaySecret },
        logs: [log],
        activeSeconds: ACTIVE_SECONDS,
        // The people of the benchmark have points that nobody bought.
        ledger: 'sums',
      });
      faults.push(...found.map((fault) => `round ${number}, ${name}: ${inWords(fault)}`));
    }
  }
  return { rows: rows.map((row) => ({ row, measurements: measurements.get(row) ?? [] })), faults };
}

function openRound(bench: Bench, number: number): Round {
  const rate = oncePer(async (ceiling: Ceiling) => measureCeiling(bench, ceiling));
  return { number, ceiling: async (shape) => rate(bench.ceilings[shape]) };
}

async function measureCeiling({ scale, site }: Bench, ceiling: Ceiling): Promise<Rate> {
  const { users, rampMs, measuredMs } = scale;
  const window = { users, rampMs, measuredMs };
  const pids = { Temporal: site.stack.pids.Temporal };
  return rateOf(await ceiling.ask({ task: 'reservations', window, pids }, measuredSchema));
}
