import type { Redis } from 'ioredis';
import type { BestEffort } from '../bestEffort';
import {
  decodePublish,
  decodeRead,
  defineSeatMapScripts,
  encodeBump,
  encodePublish,
  encodeRead,
  logKey,
  markKey,
} from './seatMapScripts';

/** The statuses of a schedule's seats, one letter for each seat, and the version that identifies them. */
export interface NamedStatuses {
  version: number;
  statuses: string;
}

/** Statuses that a process has stored in Redis, and the time since they were read from Postgres. */
export interface KeptStatuses extends NamedStatuses {
  ageMs: number;
}

/**
 * The statuses of a schedule's seats, shared by all processes.
 *
 * - The _mark_ changes with every commit that changes a seat. If a process reads the same mark before and after its
 *   load, no change was announced meanwhile.
 * - The _version_ identifies statuses, and only this cache assigns it. Two different contents never have the same
 *   version, in any process, and no version is used again.
 *
 * If Redis is down, everything resolves to undefined.
 */
export interface SeatMapCache {
  /** Call it after every commit that changes a seat. Never throws. The expiry of the statuses repairs a lost call. */
  bump(scheduleId: string): Promise<boolean>;
  mark(scheduleId: string): Promise<string | undefined>;
  /**
   * Returns the mark and the statuses that are stored under it. The statuses must be younger than `trustedMs`, and
   * their version must not be below `known`, the version that the caller has (0 for none). If the version equals
   * `known`, the statuses are an empty string.
   */
  read(
    scheduleId: string,
    known: number,
    trustedMs: number,
  ): Promise<{ mark: string; kept: KeptStatuses | null } | undefined>;
  /**
   * Assigns a version to statuses that were loaded after `mark` was read, and stores them. If another process has
   * stored later statuses meanwhile, returns those.
   *
   * @param known if the statuses differ, their version becomes greater than this
   * @param ageMs the duration of the load
   */
  publish(
    scheduleId: string,
    loaded: { mark: string; statuses: string; known: number; ageMs: number },
  ): Promise<NamedStatuses | undefined>;
  /**
   * Returns the changes from one version to another: the letter of each changed seat by its position. null if the log
   * no longer has both versions.
   */
  changesBetween(
    scheduleId: string,
    from: number,
    to: number,
  ): Promise<Map<number, string> | null | undefined>;
}

export function createSeatMapCache(redis: Redis, attempt: BestEffort): SeatMapCache {
  defineSeatMapScripts(redis);

  return {
    async bump(scheduleId) {
      const bumped = await attempt((client) => client.bumpSeatMap(...encodeBump(scheduleId)));
      return bumped !== undefined;
    },

    async mark(scheduleId) {
      const mark = await attempt((client) => client.get(markKey(scheduleId)));
      return mark === null ? NO_MARK : mark;
    },

    async read(scheduleId, known, trustedMs) {
      const reply = await attempt((client) =>
        client.readSeatMap(...encodeRead(scheduleId, known, trustedMs)),
      );
      return reply && decodeRead(reply);
    },

    async publish(scheduleId, loaded) {
      const reply = await attempt((client) => client.publishSeatMap(...encodePublish(scheduleId, loaded)));
      return reply && decodePublish(reply, loaded.statuses);
    },

    async changesBetween(scheduleId, from, to) {
      const entries = await attempt((client) => client.xrange(logKey(scheduleId), `${from}-0`, `${to}-0`));
      if (!entries) return undefined;
      const versions = entries.map(([id]) => Number.parseInt(id, 10));
      if (versions.at(0) !== from || versions.at(-1) !== to) return null;
      const missed = entries.slice(1).map(([, [, changes = '']]) => changes);
      const changes = missed.join('').matchAll(/(\d+)(\D)/g);
      return new Map(Array.from(changes, ([, position, letter = '']) => [Number(position), letter]));
    },
  };
}

/** The mark if no change was ever announced, or if Redis has lost its data. */
const NO_MARK = '0';
