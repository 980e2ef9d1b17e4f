import { createHash } from 'node:crypto';
import { z } from 'zod';
import { START_MS } from '../e2e/service';
import { playAtOnce, playSequences, type Played } from './sequences';
import { startRunning, type Running } from './world';

/*
 * Random sequences of requests against the running service and against a model of it: see docs/testing.md. `npm run
 * model` sets the variables.
 */
const DAY_MS = 24 * 60 * 60 * 1_000;
const settings = z
  .object({
    MODEL_RUNS: z.coerce.number().int().positive().default(200),
    /** Another one every day. */
    MODEL_SEED: z.coerce
      .number()
      .int()
      .default(Math.floor(Date.now() / DAY_MS)),
    MODEL_PATH: z.string().optional(),
    MODEL_REPLAY_PATH: z.string().optional(),
  })
  .parse(process.env);
const { MODEL_RUNS: RUNS, MODEL_SEED: SEED, MODEL_PATH: PATH, MODEL_REPLAY_PATH: REPLAY_PATH } = settings;

/** The sequences of one service. So neither its data nor the evidence for the audit grows without end. */
const BATCH = 500;
/** Sequences at the same time. Some wait for the end of a hold, or for a card that does not respond. */
const PARTS = 10;
/** The sequences that are played twice. */
const TWICE = 8;
/** For the shorter sequences after a failure. */
const SHRINK_MS = 600_000;
const SEQUENCE_MS = 10_000;

const batches = Array.from({ length: Math.ceil(RUNS / BATCH) }, (_, batch) => ({
  seed: SEED + batch,
  runs: Math.min(BATCH, RUNS - batch * BATCH),
}));

describe.each(PATH === undefined ? batches : [{ seed: SEED, runs: 1 }])(
  '$runs random sequences (seed $seed)',
  ({ seed, runs }) => {
    let running: Running;

    beforeAll(async () => {
      running = await startRunning();
    }, 2 * START_MS);
    afterAll(async () => {
      await running.shortHolds.stop();
      await running.service.stop();
    }, START_MS);

    it(
      'get the responses, seats, money and refunds that the model predicts',
      async () => {
        const began = performance.now();
        const played =
          PATH === undefined
            ? await playAtOnce(running, { seed, runs }, PARTS)
            : await playSequences(running, { seed, runs, path: PATH, replayPath: REPLAY_PATH });
        process.stdout.write(`${describeRun(played, seed, performance.now() - began)}\n`);
        expectNone(played.failure);
      },
      SHRINK_MS + runs * SEQUENCE_MS,
    );

    it(
      'give the same log for the same seed',
      async () => {
        const twice = await Promise.all(
          [1, 2].map(async () => playSequences(running, { seed, runs: TWICE })),
        );
        for (const { failure } of twice) expectNone(failure);
        const [one = [], other = []] = twice.map(({ logs }) => logs.map((lines) => lines.join('\n')));
        expect(one).toEqual(other);
        expect(one.join('\n').length).toBeGreaterThan(0);
      },
      SHRINK_MS,
    );

    it(
      'leave nothing for the auditor to find',
      async () => {
        const { service, shortHolds } = running;
        expect(await service.faults([shortHolds.process])).toEqual([]);
      },
      START_MS,
    );
  },
);

function describeRun({ logs }: Played, seed: number, milliseconds: number): string {
  const lines = logs.flat();
  const digest = createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 16);
  const seconds = Math.round(milliseconds / 1_000);
  return `model: seed ${seed}, ${logs.length} sequences, ${lines.length} commands, ${seconds} s, log ${digest}`;
}

/** The report has many lines. Jest would show them as one escaped text if it compared them. */
function expectNone(failure: string | null): void {
  if (failure !== null) throw new Error(failure);
}
