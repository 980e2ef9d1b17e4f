import type { Redis, Result } from 'ioredis';
import { luaScript } from '../luaScript';

/**
 * The data of a map survives a pause in the traffic and then expires. After that, versions come from the clock again.
 */
const KEPT_MS = 24 * 60 * 60 * 1_000;

/**
 * The number of versions from which a client can resume. Live seats ask for at most four versions a second, so this is
 * about four minutes.
 */
const LOGGED_VERSIONS = 1_000;

/** If one version has more changes than this, the log starts again. Then the list of all seats is just as short. */
const LOGGED_CHANGES = 1_000;

const BUMP_SEAT_MAP = luaScript(__dirname, 'versions.lua', 'bumpSeatMap.lua');
const READ_SEAT_MAP = luaScript(__dirname, 'versions.lua', 'readSeatMap.lua');
const PUBLISH_SEAT_MAP = luaScript(__dirname, 'versions.lua', 'publishSeatMap.lua');

type BumpCall = [mark: string, channel: string, keptMs: number];
type ReadCall = [mark: string, kept: string, known: number, trustedMicroseconds: number];
type ReadReply = [mark: string, version: string | null, statuses: string | null, ageMicroseconds: number];
type PublishCall = [
  mark: string,
  kept: string,
  log: string,
  readMark: string,
  statuses: string,
  known: number,
  ageMicroseconds: number,
  loggedVersions: number,
  loggedChanges: number,
  keptMs: number,
];
type PublishReply = [version: string, statuses: string | null];

declare module 'ioredis' {
  interface RedisCommander<Context> {
    bumpSeatMap(...call: BumpCall): Result<number, Context>;
    readSeatMap(...call: ReadCall): Result<ReadReply, Context>;
    publishSeatMap(...call: PublishCall): Result<PublishReply, Context>;
  }
}

/** Each script runs as one step of Redis, in one round trip, in the one slot of a schedule's keys. */
export function defineSeatMapScripts(redis: Redis): void {
  redis.defineCommand('bumpSeatMap', { lua: BUMP_SEAT_MAP, numberOfKeys: 1 });
  redis.defineCommand('readSeatMap', { lua: READ_SEAT_MAP, numberOfKeys: 2 });
  redis.defineCommand('publishSeatMap', { lua: PUBLISH_SEAT_MAP, numberOfKeys: 3 });
}

/** The channel that announces changed seats of a schedule. The message is empty. */
export const changeChannel = (scheduleId: string): string => `{${scheduleId}}:seats:changed`;

export const markKey = (scheduleId: string): string => `{${scheduleId}}:seats:mark`;
const keptKey = (scheduleId: string): string => `{${scheduleId}}:seats:kept`;
export const logKey = (scheduleId: string): string => `{${scheduleId}}:seats:log`;

export const encodeBump = (scheduleId: string): BumpCall => [
  markKey(scheduleId),
  changeChannel(scheduleId),
  KEPT_MS,
];

export const encodeRead = (scheduleId: string, known: number, trustedMs: number): ReadCall => [
  markKey(scheduleId),
  keptKey(scheduleId),
  known,
  trustedMs * 1_000,
];

export function decodeRead([mark, version, statuses, ageMicroseconds]: ReadReply) {
  if (version === null || statuses === null) return { mark, kept: null };
  return { mark, kept: { version: Number(version), statuses, ageMs: ageMicroseconds / 1_000 } };
}

export const encodePublish = (
  scheduleId: string,
  loaded: { mark: string; statuses: string; known: number; ageMs: number },
): PublishCall => [
  markKey(scheduleId),
  keptKey(scheduleId),
  logKey(scheduleId),
  loaded.mark,
  loaded.statuses,
  loaded.known,
  Math.round(loaded.ageMs * 1_000),
  LOGGED_VERSIONS,
  LOGGED_CHANGES,
  KEPT_MS,
];

/** @param own the statuses that were published, which the script does not return */
export const decodePublish = ([version, statuses]: PublishReply, own: string) => ({
  version: Number(version),
  statuses: statuses ?? own,
});
