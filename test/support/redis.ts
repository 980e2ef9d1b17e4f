import { once } from 'node:events';
import { Redis } from 'ioredis';
import { testEnvironment } from './environment';

export interface TestRedis {
  /** The URL of the numbered database, for processes and further clients. */
  url: string;
  redis: Redis;
  /** Empties the database and ends the client. */
  drop(): Promise<void>;
}

/**
 * A separate numbered database on the shared server. Publish and subscribe do not separate databases. FLUSHALL would
 * empty the databases of other suites; use `FLUSHDB` for this one.
 */
export async function createTestRedis(): Promise<TestRedis> {
  const server = testEnvironment('TEST_REDIS_URL');
  const counter = new Redis(server);
  // Database 0 only counts. Each other database is used once in a run.
  const number = await counter.incr('databases handed out');
  counter.disconnect();
  const url = `${server}/${number}`;
  const redis = new Redis(url);
  return {
    url,
    redis,
    async drop() {
      await redis.flushdb();
      redis.disconnect();
    },
  };
}

/** Waits until a client that connects in the background is connected, for at most this time. */
export async function redisReady(redis: Redis, milliseconds: number): Promise<void> {
  if (redis.status === 'ready') return;
  await once(redis, 'ready', { signal: AbortSignal.timeout(milliseconds) });
}
