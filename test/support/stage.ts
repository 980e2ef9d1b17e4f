import { createLogger } from '../../src/config/logging';
import { createBestEffort } from '../../src/redis/bestEffort';
import { createLobby } from '../../src/redis/lobby';
import { createSeatClaim } from '../../src/redis/seatClaim';
import { createSeatMapCache } from '../../src/redis/seatMapCache';
import type { ActivityDependencies } from '../../src/activities/dependencies';
import { openBooks, type Books } from './books';
import { createTestDatabase, type TestDatabase } from './database';
import { createTestRedis, type TestRedis } from './redis';
import { createScriptedGateway, type ScriptedGateway } from './scriptedGateway';
import { startWorkflowHarness, type WorkflowHarness } from './workflowHarness';

/** Everything that activities work with: real Postgres and Redis of their own, a gateway that follows a script. */
export interface Ground {
  database: TestDatabase;
  redis: TestRedis;
  gateway: ScriptedGateway;
  books: Books;
  dependencies: ActivityDependencies;
  /**
   * After each test: forgets the script, and looks for what Postgres and the gateway's book hold against the
   * design's invariants.
   *
   * @throws with every fault found
   */
  endTest(): Promise<void>;
  drop(): Promise<void>;
}

export interface Stage extends Ground {
  temporal: WorkflowHarness;
}

export async function layGround(): Promise<Ground> {
  const [database, redis] = await Promise.all([createTestDatabase(), createTestRedis()]);
  const logger = createLogger('test', 'error');
  const gateway = createScriptedGateway();
  const books = openBooks(database.owner);
  const seatMap = createSeatMapCache(redis.redis, createBestEffort(redis.redis, logger));
  return {
    database,
    redis,
    gateway,
    books,
    dependencies: {
      db: database.db,
      seatClaim: createSeatClaim(redis.redis),
      lobby: createLobby(redis.redis),
      bumpSeatVersion: (scheduleId) => seatMap.bump(scheduleId),
      gateway,
      reconcileAfterMs: 900_000,
      logger,
    },
    async endTest() {
      gateway.reset();
      const owed = await books.owedByGateway();
      const taken = gateway.takenInAll();
      const faults = await books.faults();
      if (owed !== taken) faults.push(`the gateway took ${taken}, the ledger says ${owed}`);
      if (faults.length > 0) throw new Error(faults.join('\n'));
    },
    async drop() {
      await Promise.all([database.drop(), redis.drop()]);
    },
  };
}

/** The ground, and a Temporal with a worker on it. */
export async function buildStage(time: 'skipped' | 'real' = 'skipped'): Promise<Stage> {
  const ground = await layGround();
  const temporal = await startWorkflowHarness(ground.dependencies, time);
  return {
    ...ground,
    temporal,
    async endTest() {
      temporal.restoreActivities();
      await ground.endTest();
    },
    async drop() {
      await temporal.stop();
      await ground.drop();
    },
  };
}
