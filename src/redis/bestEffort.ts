import type { Redis } from 'ioredis';
import type { Logger } from '../config/logging';

/** A healthy Redis responds in well under a millisecond. Past this time it counts as down. */
const TIMEOUT_MS = 150;

/**
 * After a failure, the process does not ask Redis for this time. So a hanging Redis costs one request its timeout, and
 * not every request.
 */
const PAUSE_MS = 1_000;

/** Runs a command. Resolves to undefined if Redis is down. Never throws, and never waits long. */
export type BestEffort = <T>(command: (redis: Redis) => Promise<T>) => Promise<T | undefined>;

/** For work that Redis may speed up but never decides. The caller continues without it. */
export function createBestEffort(redis: Redis, logger: Logger): BestEffort {
  let pausedUntil = 0;

  return async (command) => {
    // Without this check, ioredis would queue the command until it is connected again.
    if (redis.status !== 'ready' || Date.now() < pausedUntil) return undefined;
    try {
      return await within(TIMEOUT_MS, command(redis));
    } catch (error) {
      if (Date.now() >= pausedUntil)
        logger.warn({ err: error }, 'Redis does not respond, continuing without it');
      pausedUntil = Date.now() + PAUSE_MS;
      return undefined;
    }
  };
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no response within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
