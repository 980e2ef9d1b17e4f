import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { START_MS, startPrivateService, type Service } from '../e2e/service';
import { eventually } from '../support/eventually';
import type { PrivateStack } from '../support/privateStack';
import { signalTree } from '../support/processTree';
import { startCrowd, type Crowd } from './crowd';
import { brokenPromises, openRows, unknownHolds } from './promises';
import { startSecondWorker, type SecondWorker } from './secondWorker';

/**
 * Each process is frozen for each of these times, under load. Temporal gives a task to another worker after 10 s, a
 * hold must be granted within 15 s, and Postgres ends an idle transaction after 15 s. The times lie before and after
 * these. `FREEZE_SECONDS=5,11,13,20,30,45` is the whole set.
 */
const SECONDS = z
  .string()
  .default('5,12,20')
  .transform((text) => text.split(',').map(Number))
  .parse(process.env['FREEZE_SECONDS']);

const HOLD_SECONDS = 20;
const SEATS = 60;
const BUYERS = 25;
const BETWEEN_MS = 4_000;
const TEST_MS = 900_000;

let service: Service<PrivateStack>;
let secondWorker: SecondWorker;
let crowd: Crowd;

beforeAll(async () => {
  service = await startPrivateService({ HOLD_SECONDS: String(HOLD_SECONDS), SETTLE_SECONDS: '10' });
  secondWorker = await startSecondWorker(service.stack);
  const [{ seatIds }, users] = await Promise.all([
    service.openSale({ seats: SEATS, maxSeatsPerUser: SEATS }),
    service.buyers(BUYERS),
  ]);
  crowd = startCrowd(service.client, users, seatIds);
}, START_MS);

afterAll(async () => {
  await secondWorker.process.stop();
  await service.end();
  await secondWorker.remove();
}, START_MS);

const of = (process: { signal(signal: NodeJS.Signals): void }) => (signal: NodeJS.Signals) =>
  process.signal(signal);

const FROZEN: [string, () => ((signal: NodeJS.Signals) => void)[]][] = [
  ['one of two workers', () => [of(service.stack.worker)]],
  ['both workers', () => [of(service.stack.worker), of(secondWorker.process)]],
  ['the API', () => [of(service.stack.api)]],
  ['Temporal', () => [of(service.stack.servers().temporal)]],
  ['Postgres', () => [(signal) => signalTree(service.stack.servers().postgres.identity.pid, signal)]],
  ['Redis', () => [of(service.stack.servers().redis)]],
];

describe('while many clients hold seats', () => {
  it.each(
    FROZEN.flatMap(([name, processes]) => SECONDS.map((seconds) => [name, seconds, processes] as const)),
  )(
    '%s, frozen for %d s, causes no fault for a client',
    async (_name, seconds, processes) => {
      const before = crowd.faults.length;
      for (const signal of processes()) signal('SIGSTOP');
      await sleep(seconds * 1_000);
      for (const signal of processes()) signal('SIGCONT');
      await sleep(BETWEEN_MS);

      expect(crowd.faults.slice(before)).toEqual([]);
    },
    TEST_MS,
  );

  it.each([
    ['the worker', () => service.stack.worker],
    ['the API', () => service.stack.api],
  ])(
    '%s, killed and started again, causes no fault for a client',
    async (_name, process) => {
      const before = crowd.faults.length;
      await process().kill();
      await process().start();
      await sleep(BETWEEN_MS);

      expect(crowd.faults.slice(before)).toEqual([]);
    },
    TEST_MS,
  );

  it(
    'each 201 was kept, each key has one response, no seat stays blocked, and the sweep had nothing to do',
    async () => {
      await crowd.stop();
      await crowd.askAgain();

      expect(crowd.faults).toEqual([]);
      const { ownerDb } = service.stack;
      expect(await brokenPromises(ownerDb, crowd)).toEqual([]);
      expect(await unknownHolds(ownerDb, crowd)).toEqual([]);
      // Holds end at their time. A workflow whose API was rejected or cut off ends with its hold.
      await eventually(async () => expect(await openRows(ownerDb)).toEqual([]), (HOLD_SECONDS + 30) * 1_000);
      expect(crowd.wishes.filter(({ promised }) => promised).length).toBeGreaterThan(50);
    },
    TEST_MS,
  );
});
