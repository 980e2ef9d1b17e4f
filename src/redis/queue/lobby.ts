import type { Redis, Result } from 'ioredis';
import { luaScript } from '../luaScript';
import { clockArgument, roomKey, type Clock } from './room';

/** The draw of a room. A client that enters before the sale opens is in the lobby until the draw. */
export interface RoomDraw {
  /** From then on the lobby accepts no new client. */
  opensAt: Date;
  /**
   * Postgres has recorded that the line is complete. Then no client waits for the draw, even if Redis has lost its
   * data.
   */
  done: boolean;
}

/** The steps of the opening of a sale in the lobby. Every step may run twice, and in parallel with itself. */
export interface Lobby {
  /**
   * Closes the lobby to new clients now, even if Redis's clock is behind.
   *
   * @returns the number of clients in it
   */
  close(room: string): Promise<number>;
  /** The entries in the lobby: the user of each entry. */
  entries(room: string): Promise<Map<string, string>>;
  /**
   * Moves the clients that are still in the lobby to the front of the line, in the order of the entries. Then it starts
   * the line. An entry that is no longer in the lobby is skipped.
   */
  lineUp(room: string, order: readonly string[]): Promise<void>;
}

const MOVE_FROM_LOBBY = luaScript(__dirname, 'moveFromLobby.lua');
const OPEN_ROOM = luaScript(__dirname, 'openRoom.lua');

type MoveCall = [
  lobby: string,
  waiting: string,
  seen: string,
  firstNumber: number,
  ...entriesAndUsers: string[],
];

declare module 'ioredis' {
  interface RedisCommander<Context> {
    moveFromLobby(...call: MoveCall): Result<number, Context>;
    openRoom(draw: string, clock: string): Result<number, Context>;
  }
}

/** The entries of one call. A call takes some milliseconds, and Redis serves no other client meanwhile. */
const BATCH = 500;

/** @param clock for tests; if absent, the clock of Redis */
export function createLobby(redis: Redis, clock?: Clock): Lobby {
  redis.defineCommand('moveFromLobby', { lua: MOVE_FROM_LOBBY, numberOfKeys: 3 });
  redis.defineCommand('openRoom', { lua: OPEN_ROOM, numberOfKeys: 1 });

  const entries = async (room: string): Promise<Map<string, string>> => {
    const userOf = new Map<string, string>();
    let cursor = '0';
    do {
      const [next, fields] = await redis.hscan(roomKey(room, 'lobby'), cursor, 'COUNT', 1_000);
      for (let i = 0; i + 1 < fields.length; i += 2) userOf.set(fields[i + 1] ?? '', fields[i] ?? '');
      cursor = next;
    } while (cursor !== '0');
    return userOf;
  };

  return {
    async close(room) {
      await redis.hsetnx(roomKey(room, 'draw'), 'closed', 1);
      return redis.hlen(roomKey(room, 'lobby'));
    },

    entries,

    async lineUp(room, order) {
      const userOf = await entries(room);
      for (let start = 0; start < order.length; start += BATCH) {
        const batch = order.slice(start, start + BATCH);
        await redis.moveFromLobby(...encodeMove(room, start + 1 - order.length, batch, userOf));
      }
      await redis.openRoom(roomKey(room, 'draw'), clockArgument(clock));
    },
  };
}

function encodeMove(
  room: string,
  firstNumber: number,
  entries: readonly string[],
  userOf: ReadonlyMap<string, string>,
): MoveCall {
  return [
    roomKey(room, 'lobby'),
    roomKey(room, 'waiting'),
    roomKey(room, 'seen'),
    firstNumber,
    ...entries.flatMap((entry) => [entry, userOf.get(entry) ?? '']),
  ];
}
