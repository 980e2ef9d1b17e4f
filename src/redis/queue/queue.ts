import type { Redis, Result } from 'ioredis';
import { SUPPLY_STATES, type SupplyState } from '../../domain/catalogue/seatSupply';
import type { RoomDraw } from './lobby';
import { QUEUE } from './queueScript';
import { clockArgument, roomKey, type Clock } from './room';

/** A waiting room. Nothing of it is kept but its places, so that its settings may change while it runs. */
export interface Room {
  /** `service`, or the id of a schedule that has a room of its own. */
  name: string;
  /** Whose seats are sold there, where they are one schedule's: nobody is let in when none is free. */
  scheduleId?: string | undefined;
  /** How many may be active at once. */
  maxActive: number;
  /** How many are let in each second; null: as many as there is room for. */
  admitPerSecond: number | null;
  /** However slow the system is; left out, a tenth of `admitPerSecond`. */
  minAdmitPerSecond?: number | undefined;
  /** How long an admitted place lasts. */
  activeSeconds: number;
  /** Left out, the room has no draw: first come, first served from the start. */
  draw?: RoomDraw | undefined;
}

/** Who asks: one account has one place in a room, and `placeId` says which of its places a token is for. */
export interface PlaceKey {
  userId: string;
  placeId: string;
}

export type Place =
  | { state: 'ACTIVE'; placeId: string; expiresAt: Date }
  | {
      state: 'WAITING';
      placeId: string;
      /** Counts from 1 and never grows. */
      position: number;
      /** From the line's measured speed; null while nobody is let in. */
      etaSeconds: number | null;
      /** When to ask again; who does not for twice as long, and for {@link SILENCE_SECONDS}, loses the place. */
      pollAfterSeconds: number;
      /** Null where the room is not one schedule's, or its seats could not be counted. */
      supply: SupplyState | null;
    }
  /** Entered before the opening: in the draw, as the entry of this id, and without a position until then. */
  | { state: 'LOBBY'; placeId: string }
  /** Over: it expired, its holder left or fell silent, or entered anew. */
  | { state: 'ENDED' };

export interface Queue {
  /** The account's place; a new one, named `placeId`, where it has none. */
  enter(room: Room, key: PlaceKey): Promise<Place>;
  /**
   * Where the place stands; asking keeps a waiting one from being given up. A place that Redis has never
   * heard of was lost with its data, and is given again without a word.
   */
  look(room: Room, key: PlaceKey): Promise<Place>;
  /**
   * Whether the place has not ended: it is admitted, waits, or would be given again. Takes no place and moves
   * no line.
   */
  isLive(roomName: string, key: PlaceKey): Promise<boolean>;
  /**
   * Gives back the account's admitted place, which has served its purpose. Its token stays good: looked at
   * again, it takes a place as one that enters now. No effect on a place that waits.
   */
  free(roomName: string, userId: string): Promise<void>;
  /** Gives the account's place up. No effect where it has none. */
  leave(roomName: string, userId: string): Promise<void>;
}

/**
 * A waiting place that nobody asked about for so long is given up, so that it never holds up the line. At the end
 * of a long line, where people are told to ask less often, it takes longer.
 */
export const SILENCE_SECONDS = 60;

/** How long Redis remembers that a place ended; as long as any queue token lives. */
export const PLACE_MEMORY_SECONDS = 24 * 60 * 60;

/** Who adjusts the rooms' pace. */
export interface PaceControl {
  /** Takes a room's step, at this time of the script. Never rejects. */
  step(room: Room, at: number): Promise<void>;
  /** The step that this process is taking. */
  underWay(roomName: string): Promise<void> | undefined;
}

type Reply = [
  state: 'ACTIVE' | 'WAITING' | 'LOBBY' | 'ENDED',
  placeId?: string,
  number?: number,
  wait?: number,
  supply?: string,
  stepAt?: number,
  pollAfterSeconds?: number,
];

declare module 'ioredis' {
  interface RedisCommander<Context> {
    queue(keyCount: number, ...args: (string | number)[]): Result<Reply, Context>;
  }
}

/**
 * @param clock for tests; left out, Redis's own
 * @param control left out, rooms keep the pace of their settings
 */
export function createQueue(redis: Redis, clock?: Clock, control?: PaceControl): Queue {
  redis.defineCommand('queue', { lua: QUEUE });
  const run = async (command: string, room: Room, { userId, placeId }: PlaceKey): Promise<Reply> => {
    const keys = roomKeys(room.name, userId);
    return redis.queue(
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
      control && room.scheduleId !== undefined ? 1 : 0,
    );
  };
  const ask = async (command: string, room: Room, key: PlaceKey): Promise<Place> => {
    const reply = await run(command, room, key);
    const [state, , , , supply, stepAt] = reply;
    if (stepAt) void control?.step(room, stepAt);
    // The first to come after a while: they are answered when the seats have been counted.
    const counting = state === 'WAITING' && supply === 'UNKNOWN' && control?.underWay(room.name);
    if (!counting) return toPlace(reply);
    await counting;
    return toPlace(await run('look', room, { ...key, placeId: reply[1] ?? key.placeId }));
  };
  /** For what a room's settings do not matter for, also those of a room that an operator has switched off. */
  const askNamed = async (command: string, name: string, userId: string, placeId = ''): Promise<Place> =>
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

function roomKeys(room: string, userId: string): string[] {
  return [...PARTS, `place:${userId}`, ...DRAW_PARTS].map((part) => roomKey(room, part));
}

function toPlace([state, placeId, number, wait = -1, supply, , pollAfterSeconds = 1]: Reply): Place {
  if (state === 'ENDED' || placeId === undefined || number === undefined) return { state: 'ENDED' };
  if (state === 'LOBBY') return { state, placeId };
  if (state === 'ACTIVE') return { state, placeId, expiresAt: new Date(number) };
  return {
    state,
    placeId,
    position: number,
    etaSeconds: wait < 0 ? null : wait,
    pollAfterSeconds,
    supply: SUPPLY_STATES.find((known) => known === supply) ?? null,
  };
}
