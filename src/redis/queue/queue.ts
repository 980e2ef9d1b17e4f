import type { Redis, Result } from 'ioredis';
import { SUPPLY_STATES, type SupplyState } from '../../domain/catalogue/seatSupply';
import { luaScript } from '../luaScript';
import type { RoomDraw } from './lobby';
import { clockArgument, roomKey, type Clock } from './room';

/** A waiting room. Redis stores only its places, so its settings may change while it runs. */
export interface Room {
  /** `service`, or the id of a schedule that has its own room. */
  name: string;
  /** The schedule of the room, if the room is for one schedule. The room admits no client while no seat is free. */
  scheduleId?: string | undefined;
  /** The maximum number of active clients. */
  maxActive: number;
  /** The number of admissions a second. null: as many as there is room for. */
  admitPerSecond: number | null;
  /** The minimum number of admissions a second, however slow the system is. If absent, a tenth of `admitPerSecond`. */
  minAdmitPerSecond?: number | undefined;
  /** How long an admitted place lasts. */
  activeSeconds: number;
  /** If absent, the room has no draw: first come, first served from the start. */
  draw?: RoomDraw | undefined;
}

/** The caller. One account has one place in a room, and `placeId` says for which of its places a token is. */
export interface PlaceKey {
  userId: string;
  placeId: string;
}

export type Place =
  | { state: 'ACTIVE'; placeId: string; expiresAt: Date }
  | {
      state: 'WAITING';
      placeId: string;
      /** Starts at 1 and never grows. */
      position: number;
      /** Computed from the measured speed of the line. null while no client is admitted. */
      etaSeconds: number | null;
      /**
       * When to poll again. A client that does not poll for twice this time, and for {@link SILENCE_SECONDS}, loses the
       * place.
       */
      pollAfterSeconds: number;
      /** Null if the room is not for one schedule, or if its seats could not be counted. */
      supply: SupplyState | null;
    }
  /** The client entered before the opening. It is an entry of the draw with this id, and has no position until then. */
  | { state: 'LOBBY'; placeId: string }
  /** The place is over: it expired, the client left, stopped polling, or entered again. */
  | { state: 'ENDED' };

export interface Queue {
  /** Returns the account's place. If it has none, it gets a new one with the id `placeId`. */
  enter(room: Room, key: PlaceKey): Promise<Place>;
  /**
   * Returns the state of the place. This poll keeps a waiting place from being given up. If Redis does not know a
   * place, it was lost with Redis's data, and the account silently gets a new one.
   */
  look(room: Room, key: PlaceKey): Promise<Place>;
  /**
   * Whether the place has not ended: it is admitted, waits, or would be given again. The call takes no place and does
   * not move the line.
   */
  isLive(roomName: string, key: PlaceKey): Promise<boolean>;
  /**
   * Frees the account's admitted place after it was used. The token stays valid: a later poll with it takes a new
   * place, as a client that enters now does. No effect on a waiting place.
   */
  free(roomName: string, userId: string): Promise<void>;
  /** Gives up the account's place. No effect if it has none. */
  leave(roomName: string, userId: string): Promise<void>;
}

/**
 * A waiting place without a poll for this time is given up, so that it never blocks the line. At the end of a long
 * line, where clients poll less often, the time is longer.
 */
export const SILENCE_SECONDS = 60;

/** How long Redis remembers that a place ended. No queue token lives longer. */
export const PLACE_MEMORY_SECONDS = 24 * 60 * 60;

/** Adjusts the pace of the rooms. */
export interface PaceControl {
  /** Runs one step for a room, at this time of the script. Never rejects. */
  step(room: Room, at: number): Promise<void>;
  /** The step that this process is running for the room. */
  underWay(roomName: string): Promise<void> | undefined;
}

const QUEUE = luaScript(__dirname, 'queue.lua');

type Command = 'enter' | 'look' | 'isLive' | 'free' | 'leave';

type Call = [
  keyCount: number,
  ...keys: string[],
  command: Command,
  user: string,
  placeId: string,
  maxActive: number,
  rate: number,
  activeMs: number,
  silenceMs: number,
  memoryMs: number,
  opensAt: number,
  drawIsDone: 0 | 1,
  clock: string,
  needsSeats: 0 | 1,
];

type Reply = [
  state: 'ACTIVE' | 'WAITING' | 'LOBBY' | 'ENDED',
  placeId?: string,
  endOrPosition?: number,
  wait?: number,
  supply?: string,
  stepAt?: number,
  pollAfterSeconds?: number,
];

declare module 'ioredis' {
  interface RedisCommander<Context> {
    queue(...call: Call): Result<Reply, Context>;
  }
}

/**
 * @param clock for tests; if absent, the clock of Redis
 * @param control if absent, rooms keep the pace of their settings
 */
export function createQueue(redis: Redis, clock?: Clock, control?: PaceControl): Queue {
  redis.defineCommand('queue', { lua: QUEUE });
  const run = async (command: Command, room: Room, key: PlaceKey): Promise<Reply> =>
    redis.queue(...encode(command, room, key, { clock, isControlled: control !== undefined }));
  const ask = async (command: Command, room: Room, key: PlaceKey): Promise<Place> => {
    const reply = await run(command, room, key);
    const [state, , , , supply, stepAt] = reply;
    if (stepAt) void control?.step(room, stepAt);
    // The first clients after a pause wait for the count of the seats, and get their result then.
    const counting = state === 'WAITING' && supply === 'UNKNOWN' && control?.underWay(room.name);
    if (!counting) return decode(reply);
    await counting;
    return decode(await run('look', room, { ...key, placeId: reply[1] ?? key.placeId }));
  };
  /**
   * For commands that do not depend on the settings of a room. They also work for a room that an operator has switched
   * off.
   */
  const askNamed = async (command: Command, name: string, userId: string, placeId = ''): Promise<Place> =>
    ask(command, { name, maxActive: 0, admitPerSecond: null, activeSeconds: 0 }, { userId, placeId });
  return {
    enter: async (room, key) => ask('enter', room, key),
    look: async (room, key) => ask('look', room, key),
    async isLive(roomName, { userId, placeId }) {
      return (await askNamed('isLive', roomName, userId, placeId)).state !== 'ENDED';
    },
    async free(roomName, userId) {
      await askNamed('free', roomName, userId);
    },
    async leave(roomName, userId) {
      await askNamed('leave', roomName, userId);
    },
  };
}

const PARTS = ['waiting', 'active', 'seen', 'pace'];
const DRAW_PARTS = ['lobby', 'draw', 'unclaimed'];

function encode(
  command: Command,
  room: Room,
  { userId, placeId }: PlaceKey,
  { clock, isControlled }: { clock: Clock | undefined; isControlled: boolean },
): Call {
  const keys = [...PARTS, `place:${userId}`, ...DRAW_PARTS].map((part) => roomKey(room.name, part));
  return [
    keys.length,
    ...keys,
    command,
    userId,
    placeId,
    room.maxActive,
    room.admitPerSecond ?? 0,
    room.activeSeconds * 1_000,
    SILENCE_SECONDS * 1_000,
    PLACE_MEMORY_SECONDS * 1_000,
    room.draw?.opensAt.getTime() ?? 0,
    room.draw?.done ? 1 : 0,
    clockArgument(clock),
    isControlled && room.scheduleId !== undefined ? 1 : 0,
  ];
}

function decode([state, placeId, endOrPosition, wait = -1, supply, , pollAfterSeconds = 1]: Reply): Place {
  if (state === 'ENDED' || placeId === undefined || endOrPosition === undefined) return { state: 'ENDED' };
  if (state === 'LOBBY') return { state, placeId };
  if (state === 'ACTIVE') return { state, placeId, expiresAt: new Date(endOrPosition) };
  return {
    state,
    placeId,
    position: endOrPosition,
    etaSeconds: wait < 0 ? null : wait,
    pollAfterSeconds,
    supply: SUPPLY_STATES.find((known) => known === supply) ?? null,
  };
}
