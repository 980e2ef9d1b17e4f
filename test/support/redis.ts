import { once } from 'node:events';
import { Redis } from 'ioredis';
import { testEnvironment } from './environment';

export interface TestRedis {
  /** Names the numbered database, for processes and further clients. */
  url: string;
  redis: Redis;
  /** Empties the database and ends the client. */
  drop(): Promise<void>;
}

/**
 * A numbered database of its own on the shared server. Publish and subscribe know no databases; FLUSHALL
 * would empty those of other suites: `FLUSHDB` does the same to this one.
 */
export async function createTestRedis(): Promise<TestRedis> {
  const server = testEnvironment('TEST_REDIS_URL');
  const counter = new Redis(server);
  // Database 0 only counts; the others are handed out once a run.
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

/** Waits until a client that connects in the background is connected, at most so long. */
export async function redisReady(redis: Redis, milliseconds: number): Promise<void> {
  if (redis.status === 'ready') return;
  await once(redis, 'ready', { signal: AbortSignal.timeout(milliseconds) });
}
