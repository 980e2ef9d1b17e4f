import path from 'node:path';
import { START_MS, startService, type Service } from '../e2e/service';
import { startSecondWorker, type SecondWorker } from '../chaos/secondWorker';
import { testEnvironment } from '../support/environment';
import { createFailpoints, type Failpoints } from './failpoints';
import { namedSteps, NOT_ON_THE_WAY } from './coverage';
import { faultsAfter, planCells, playCells, shuffled, type Outcome, type PlannedCell } from './matrix';

/**
 * A part of the matrix: failpoints × what happens there × one or two workers. `npm run failpoints` plays all of it.
 * FAILPOINTS_SEED chooses another part.
 */
const SEED = Number(process.env['FAILPOINTS_SEED'] ?? 1);
/** For how long cells begin. 0: all of them. */
const MINUTES = Number(process.env['FAILPOINTS_MINUTES'] ?? 1);
/** Plays only cells whose name contains this text. */
const ONLY = process.env['FAILPOINTS_ONLY'] ?? '';
const ALL_MS = 12 * 3_600_000;
const PLAY_MS = MINUTES > 0 ? MINUTES * 60_000 : ALL_MS;
const END_MS = 8 * 60_000;

/** The limits are on, and too high for these clients to reach them. */
const SETTINGS = { HOLD_SECONDS: '20', SETTLE_SECONDS: '10', RATE_LIMIT_FACTOR: '1000' };

describe.each([1, 2])(`Failpoints with %d workers (seed ${SEED})`, (workers) => {
  let service: Service;
  let second: SecondWorker | undefined;
  let failpoints: Failpoints;
  let planned: PlannedCell[];

  beforeAll(async () => {
    const folder = path.join(testEnvironment('TEST_FOLDER'), `failpoints-${workers}`);
    failpoints = await createFailpoints(folder, () => [
      service.stack.api,
      service.stack.worker,
      ...(second ? [second.process] : []),
    ]);
    service = await startService({ ...SETTINGS, ...failpoints.env });
    if (workers === 2) second = await startSecondWorker(service.stack);
    planned = await planCells(service, failpoints);
  }, 2 * START_MS);

  afterAll(async () => {
    await second?.process.stop();
    await second?.remove();
    await service.stop();
  }, START_MS);

  it('every named statement, script, activity and POST is on the way of a scenario, or has its reason', async () => {
    const points = planned.map(({ point }) => point);
    const missing = (await namedSteps()).filter(
      (step) => !(step in NOT_ON_THE_WAY) && !points.some((point) => point.includes(step)),
    );

    expect(missing).toEqual([]);
  });

  it(
    'a fault at any of them loses no money, no seat and no response',
    async () => {
      const cells = planned.filter(({ point, kind }) => `${kind} at ${point}`.includes(ONLY));
      const signal = AbortSignal.timeout(PLAY_MS);
      const outcomes = await playCells(service, failpoints, shuffled(cells, SEED), { signal, note });

      const reached = outcomes.filter(({ isReached }) => isReached);
      process.stdout.write(
        `${workers} workers: ${outcomes.length} of ${cells.length} cells, ${reached.length} reached\n`,
      );
      expect(reached.length).toBeGreaterThan(outcomes.length / 3);
      const seen = outcomes.flatMap((outcome) => (outcome.faults.length > 0 ? [inWords(outcome)] : []));
      expect([...seen, ...(await faultsAfter(service, second ? [second.process] : []))]).toEqual([]);
    },
    PLAY_MS + END_MS,
  );
});

function note(outcome: Outcome): void {
  process.stdout.write(`${inWords(outcome)}\n`);
}

function inWords({ point, kind, scenario, isReached, seconds, faults }: Outcome): string {
  const came = faults.length > 0 ? `FAULT ${faults.join('; ')}` : isReached ? 'held' : 'not reached';
  return `${kind} at ${point} (${scenario}, ${seconds.toFixed(1)} s): ${came}`;
}
