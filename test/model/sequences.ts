import * as fc from 'fast-check';
import type { ModelCommand } from './command';
import { cancelAll, cancelSome, checkIn } from './commands/afterSale';
import { letExpire, payBesideExpiry } from './commands/expiry';
import { flushRedis, freezeWorker, payBesideKill, restartWorker } from './commands/faults';
import { holdBest, holdSeats, release } from './commands/holds';
import { holdAtLimit, holdBesideRelease, holdTwice, payBesideRelease, payTwice } from './commands/pairs';
import { cancelBesideCheckIn, cancelTwice, cancelTwoSeats, checkInTwice } from './commands/pairsAfterSale';
import { newBuyer, pay, repeat, topUp } from './commands/payments';
import { compare } from './compare';
import { openWorld, type Running } from './world';

const MAX_COMMANDS = 16;

/** How often each command appears. The worker dies rarely: each time, all sequences wait for it. */
const WEIGHTS: readonly (readonly [number, fc.Arbitrary<ModelCommand>])[] = [
  [200, holdSeats],
  [80, holdBest],
  [320, pay],
  [60, release],
  [50, cancelAll],
  [90, cancelSome],
  [80, checkIn],
  [40, topUp],
  [25, newBuyer],
  [40, repeat],
  [15, flushRedis],
  [20, letExpire],
  [15, payBesideExpiry],
  [25, holdTwice],
  [30, holdBesideRelease],
  [30, payBesideRelease],
  [40, payTwice],
  [15, holdAtLimit],
  [20, cancelTwice],
  [40, cancelTwoSeats],
  [60, cancelBesideCheckIn],
  [30, checkInTwice],
  [2, freezeWorker],
  [1, restartWorker],
  [2, payBesideKill],
];

/** Sequences of commands. One seed always gives the same ones. */
export interface Sequences {
  seed: number;
  runs: number;
  /** From the report of a failure: plays only that sequence. */
  path?: string | undefined;
  replayPath?: string | undefined;
}

export interface Played {
  /** The lines of each sequence, in order. */
  logs: string[][];
  /** How a failure can be repeated, and its shortest sequence. Null if every sequence was as the model says. */
  failure: string | null;
}

/** Plays sequences one after another. After a failure it looks for a shorter sequence that also fails. */
export async function playSequences(
  running: Running,
  { seed, runs, path, replayPath }: Sequences,
): Promise<Played> {
  const logs: string[][] = [];
  /** The log of the shortest sequence that failed, with its error. */
  let failed: string | null = null;
  const weighted = WEIGHTS.map(([weight, arbitrary]) => ({ weight, arbitrary }));
  const commands = fc.commands([fc.oneof(...weighted)], {
    maxCommands: MAX_COMMANDS,
    size: 'max',
    ...(replayPath !== undefined && { replayPath }),
  });
  // Without the bias of fast-check, which prefers short sequences.
  const property = fc.asyncProperty(fc.noBias(commands), async (sequence) => {
    const lines: string[] = [];
    logs.push(lines);
    try {
      await playOne(running, sequence, (line) => lines.push(line));
    } catch (error) {
      const report = [...lines, String(error)].join('\n');
      // A shorter sequence that fails is the better report. Looking for it takes minutes.
      if (failed === null) process.stdout.write(`model: a sequence of seed ${seed} fails\n${report}\n`);
      failed = report;
      throw error;
    }
  });
  const details = await fc.check(property, { seed, numRuns: runs, ...(path !== undefined && { path }) });
  if (!details.failed) return { logs, failure: null };
  const report = fc.defaultReportMessage(details) ?? '';
  const [, replay = ''] = /replayPath="([^"]+)"/.exec(report) ?? [];
  const command = `npm run model -- --seed ${seed} --path '${details.counterexamplePath}' --replay-path '${replay}'`;
  return { logs, failure: [report, `Its log:\n${failed}`, `Again: ${command}`].join('\n\n') };
}

/** Plays parts of the sequences at the same time. Each part has a seed of its own, which a failure names. */
export async function playAtOnce(
  running: Running,
  { seed, runs }: Sequences,
  parts: number,
): Promise<Played> {
  const played = await Promise.all(
    Array.from({ length: parts }, async (_, part) =>
      playSequences(running, {
        seed: seed * parts + part,
        runs: Math.floor((runs + part) / parts),
      }),
    ),
  );
  const failures = played.flatMap(({ failure }) => failure ?? []);
  return {
    logs: played.flatMap(({ logs }) => logs),
    failure: failures.length === 0 ? null : failures.join('\n\n'),
  };
}

async function playOne(
  running: Running,
  sequence: Iterable<ModelCommand>,
  log: (line: string) => void,
): Promise<void> {
  const { turns } = running;
  const { model, world } = await turns.shared(async () => openWorld(running, log));
  await fc.asyncModelRun(() => ({ model, real: world }), sequence);
  await turns.shared(async () => compare(model, world));
}
