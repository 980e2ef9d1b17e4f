import type { Redis } from 'ioredis';
import type { BestEffort } from '../bestEffort';
import { defineSeatMapScripts } from './seatMapScripts';

/** Statuses of a schedule's seats, one letter a seat, under the one version that names them. */
export interface NamedStatuses {
  version: number;
  statuses: string;
}

/** Statuses that a process has left in Redis, and how long ago Postgres was asked for them. */
export interface KeptStatuses extends NamedStatuses {
  ageMs: number;
}

/**
 * Statuses of a schedule's seats, shared by all processes.
 *
 * The _mark_ changes with every commit that changes a seat; whoever saw the same mark before and after knows
 * that nothing was announced meanwhile. The _version_ names statuses, and is given only here: two contents
 * never share one, in any process, and none comes again. Everything resolves to undefined with Redis down.
 */
export interface SeatMapCache {
  /** After every commit that changes a seat. Never throws; a lost bump heals when the statuses run out. */
  bump(scheduleId: string): Promise<boolean>;
  mark(scheduleId: string): Promise<string | undefined>;
  /**
   * The mark, and the statuses that are kept under it if they are younger than `trustedMs` and their version is
   * not below `known`, the one that the asker has (0 for none). Those of `known` itself come as an empty string.
   */
  read(
    scheduleId: string,
    known: number,
    trustedMs: number,
  ): Promise<{ mark: string; kept: KeptStatuses | null } | undefined>;
  /**
   * Names statuses that were loaded after `mark` was read, and keeps them. Where another process has kept
   * later ones meanwhile, those are the answer.
   *
   * @param known the version becomes greater than this if it names other statuses
   * @param ageMs how long the load took
   */
  publish(
    scheduleId: string,
    loaded: { mark: string; statuses: string; known: number; ageMs: number },
  ): Promise<NamedStatuses | undefined>;
  /**
   * What changed from one version to another: the letter of each seat by its position. null where the log
   * does not have both versions any more.
   */
  changesBetween(
    scheduleId: string,
    from: number,
    to: number,
  ): Promise<Map<number, string> | null | undefined>;
}

/** Tells that a schedule's seats have changed; the message itself says nothing. */
export const changeChannel = (scheduleId: string): string => `{${scheduleId}}:seats:changed`;

export function createSeatMapCache(redis: Redis, attempt: BestEffort): SeatMapCache {
  defineSeatMapScripts(redis);

  return {
    async bump(scheduleId) {
      const bumped = await attempt((client) =>
        client.bumpSeatMap(markKey(scheduleId), changeChannel(scheduleId)),
      );
      return bumped !== undefined;
    },

    async mark(scheduleId) {
      const mark = await attempt((client) => client.get(markKey(scheduleId)));
      return mark === null ? NO_MARK : mark;
    },

    async read(scheduleId, known, trustedMs) {
      const found = await attempt((client) =>
        client.readSeatMap(markKey(scheduleId), keptKey(scheduleId), String(known), trustedMs * 1_000),
      );
      if (!found) return undefined;
      const [mark, version, statuses, ageMicroseconds] = found;
      if (version === null || statuses === null) return { mark, kept: null };
      return { mark, kept: { version: Number(version), statuses, ageMs: ageMicroseconds / 1_000 } };
    },

    async publish(scheduleId, { mark, statuses, known, ageMs }) {
      const named = await attempt((client) =>
        client.publishSeatMap(
          markKey(scheduleId),
          keptKey(scheduleId),
          logKey(scheduleId),
          mark,
          statuses,
          String(known),
          Math.round(ageMs * 1_000),
        ),
      );
      return named && { version: Number(named[0]), statuses: named[1] ?? statuses };
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

/** What the mark is where no change was ever announced, or Redis has lost its data. */
const NO_MARK = '0';

const markKey = (scheduleId: string): string => `{${scheduleId}}:seats:mark`;
const keptKey = (scheduleId: string): string => `{${scheduleId}}:seats:kept`;
const logKey = (scheduleId: string): string => `{${scheduleId}}:seats:log`;
