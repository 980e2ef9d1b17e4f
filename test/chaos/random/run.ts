import { rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { START_MS, startPrivateService, type Service } from '../../e2e/service';
import type { PrivateStack } from '../../support/privateStack';
import { createRunFolder } from '../../support/testRun';
import { startSecondWorker, type SecondWorker } from '../secondWorker';
import { checkRun } from './checks';
import { inflict } from './faults';
import { describeRun } from './figures';
import { flood } from './floods';
import { startLoad, type Load } from './load';
import { partsOf } from './parts';
import { planFaults, planFloods } from './plan';
import { createRunLog, type RunLog } from './runLog';
import { findNonDeterminism, findStranded } from './workerLogs';

/*
 * `npm run chaos`: random faults and floods against the whole service under load. Afterwards no seat is stranded, no
 * money is unexplained, and no process is dead: see docs/testing.md.
 */
const { CHAOS_MINUTES: MINUTES, CHAOS_SEED: SEED } = z
  .object({ CHAOS_MINUTES: z.coerce.number().positive(), CHAOS_SEED: z.coerce.number().int() })
  .parse(process.env);

const RUN_MS = MINUTES * 60_000;
/** For the last faults, the end of the load, and the checks. */
const END_MS = 30 * 60_000;
/** A step of either plan takes longer than a second. */
const STEPS = Math.ceil(MINUTES * 60);

/** The limits are on, so that floods meet the bounds. The rates are too high for the crowd to reach them. */
const SETTINGS = { HOLD_SECONDS: '20', SETTLE_SECONDS: '10', RATE_LIMIT_FACTOR: '1000' };

let testFolder: string;
let runLog: RunLog;
let service: Service<PrivateStack>;
let secondWorker: SecondWorker;
let load: Load;

beforeAll(async () => {
  testFolder = await createRunFolder();
  process.env['TEST_FOLDER'] = testFolder;
  runLog = await createRunLog(SEED);
  service = await startPrivateService(SETTINGS);
  secondWorker = await startSecondWorker(service.stack);
  load = await startLoad(service);
}, 2 * START_MS);

afterAll(async () => {
  load.stopFollowers();
  await secondWorker.process.stop();
  await service.stop();
  await secondWorker.remove();
  await rm(testFolder, { recursive: true, force: true });
}, START_MS);

const findings: string[] = [];

function found(finding: string): void {
  findings.push(finding);
  runLog.log(`FINDING: ${finding}`);
}

describe(`${MINUTES} minutes of random faults (seed ${SEED})`, () => {
  it(
    'leave no seat stranded, no money unexplained and no process dead',
    async () => {
      const done = await play();
      await look().catch((error: unknown) => found(`the checks ended early: ${String(error)}`));

      const { stack } = service;
      const figures = { ...done, seed: SEED, findings: findings.length };
      process.stdout.write(`${await describeRun(stack.ownerDb, figures)}\n`);
      if (findings.length > 0) {
        const folders = [stack.api, secondWorker.process].map(({ logFile }) => path.dirname(logFile));
        await runLog.copyLogs([testFolder, ...folders]);
        process.stdout.write(`The logs are in ${runLog.folder}\n`);
      } else {
        await runLog.remove();
      }
      // The log has already named them.
      expect(findings.length).toBe(0);
    },
    RUN_MS + END_MS,
  );
});

/** Faults and floods, for as long as the run lasts. */
async function play() {
  const { stack } = service;
  const { log } = runLog;
  const signal = AbortSignal.timeout(RUN_MS);
  const begin = performance.now();
  const parts = partsOf(stack, secondWorker.process);
  const flooding = { apiUrl: stack.apiUrl, scheduleId: load.scheduleId, log, found };
  const [faults, floods] = await Promise.all([
    inflict(planFaults(SEED, STEPS), { parts, redis: stack.redis, log, found }, signal),
    flood(planFloods(SEED, STEPS), flooding, signal),
  ]);
  const kinds = faults.map(({ kind, part }) => `${kind} of ${part}`);
  return { minutes: (performance.now() - begin) / 60_000, faults: kinds, floods };
}

/** Ends the buyers and checks what is left. */
async function look(): Promise<void> {
  const { stack, temporal } = service;
  runLog.log('the faults have ended; the buyers wait for their last responses');
  await load.stopBuyers();
  runLog.log('the checks begin');
  const checked = { ...load, service, secondWorker: secondWorker.process };
  for (const fault of [...load.topUps.faults, ...(await checkRun(checked))]) found(fault);
  const logs = [stack.worker, secondWorker.process].map(({ logFile }) => logFile);
  const { taskQueue } = stack.temporal;
  const lines = await findNonDeterminism(logs, { client: temporal, taskQueue, folder: runLog.folder });
  for (const line of [...lines, ...(await findStranded(logs, { client: temporal, db: stack.ownerDb }))])
    found(line);
  for (const part of Object.values(partsOf(stack, secondWorker.process)))
    if (part.hasExited()) found(`${part.name} has ended although nothing killed it`);
}
