import { performance } from 'node:perf_hooks';
import type { Knex } from 'knex';
import type { Logger } from '../config/logging';

/** A later read that takes longer tells too little about the time. */
const SLOW_MS = 1_000;

/** The clock of Postgres is read so often. In between, the monotonic clock of this process counts. */
const READ_EVERY_MS = 10_000;

/**
 * The clock of Postgres in this process, for decisions about times that Postgres has recorded. The clock of the machine
 * may be wrong by minutes.
 */
export interface ServiceClock {
  now(): Date;
  stop(): void;
}

/**
 * Reads the clock of Postgres, and reads it again every {@link READ_EVERY_MS}. It is wrong by at most half the time of a
 * read. While Postgres is away or slow, the last read counts.
 *
 * @throws if the first read fails
 */
export async function createServiceClock(db: Knex, logger: Logger): Promise<ServiceClock> {
  /** The time of Postgres when the monotonic clock was 0. */
  let origin = 0;
  const read = async (): Promise<void> => {
    const before = performance.now();
    const { rows } = await db.raw<{ rows: [{ now: Date }] }>('SELECT service_now() AS now');
    const after = performance.now();
    if (origin === 0 || after - before < SLOW_MS) origin = rows[0].now.getTime() - (before + after) / 2;
  };
  await read();
  const timer = setInterval(() => {
    read().catch((error: unknown) => logger.debug({ err: error }, 'the clock of Postgres was not read'));
  }, READ_EVERY_MS).unref();
  return {
    now: () => new Date(origin + performance.now()),
    stop: () => clearInterval(timer),
  };
}
