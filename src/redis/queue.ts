import type { Redis, Result } from 'ioredis';
import { LOBBY_STEP, type RoomDraw } from './lobby';
import { clockArgument, roomKey, type Clock } from './room';
import { SUPPLY_STATES, type SupplyState } from '../domain/seatSupply';

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
  isLive(room: Room, key: PlaceKey): Promise<boolean>;
  /**
   * Gives back the account's admitted place, which has served its purpose. Its token stays good: looked at
   * again, it takes a place as one that enters now. No effect on a place that waits.
   */
  free(roomName: string, userId: string): Promise<void>;
  /** Gives the account's place up. No effect where it has none. */
  leave(roomName: string, userId: string): Promise<void>;
}

/** A waiting place that nobody asked about for so long is given up, so that it never holds up the line. */
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

/**
 * KEYS: waiting (user → number in line), active (user → end), seen (user → last sign of life), pace (a hash:
 * what the rate allows, how fast the line is, and what the control has decided), place (the caller's), lobby
 * (user → entry), draw (its marks), unclaimed (user → end, once it is claimed). ARGV: command, user, place id,
 * maxActive, admissions a second or 0, active ms, silence ms, memory ms, opening or 0 where there is no draw, 1
 * where the draw is done, the clock or '', 1 where seats have to be free.
 *
 * Whoever asks moves the line on: no process ticks. Order is that of entry, and only who leaves the line
 * changes it, so a position never grows. Returns {state, place id, end in ms or position, seconds to wait or
 * -1, what is known of the seats, the time of the control's step that the caller is to take or 0}.
 *
 * People of the lobby need not be there when they are drawn. Who is admitted without a sign of life since then
 * has as long as a silence may be to claim the turn, so that absent people never fill the room.
 */
const QUEUE = `
local waiting, active, seen, pace, place = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local lobby, draw, unclaimed = KEYS[6], KEYS[7], KEYS[8]
local command, user, placeId = ARGV[1], ARGV[2], ARGV[3]
local maxActive, rate = tonumber(ARGV[4]), tonumber(ARGV[5])
local activeMs, silenceMs, memoryMs = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local opensAt, drawIsDone = tonumber(ARGV[9]), ARGV[10] == '1'
local time = redis.call('TIME')
local now = tonumber(ARGV[11]) or time[1] * 1000 + math.floor(time[2] / 1000)
local silentSince = now - silenceMs

local known = redis.call('GET', place)
local activeUntil = tonumber(redis.call('ZSCORE', active, user) or 0)

if command == 'leave' then
  redis.call('ZREM', waiting, user)
  redis.call('ZREM', active, user)
  redis.call('ZREM', seen, user)
  redis.call('HDEL', lobby, user)
  redis.call('HDEL', unclaimed, user)
  -- Nor does a freed place come back.
  if known then redis.call('SET', place, 'left', 'PX', memoryMs) end
  return {'ENDED'}
end

if command == 'free' then
  if redis.call('ZREM', active, user) == 1 and known then
    redis.call('SET', place, 'freed:' .. known, 'PX', memoryMs)
  end
  return {'ENDED'}
end

-- The way of every hold and payment: an admitted place is answered before the line is touched.
if activeUntil > now and (known == placeId or command == 'enter') then
  local claimed = opensAt > 0 and redis.call('HGET', unclaimed, user)
  if claimed then
    redis.call('HDEL', unclaimed, user)
    redis.call('ZADD', active, claimed, user)
    activeUntil = tonumber(claimed)
  end
  return {'ACTIVE', known or placeId, activeUntil}
end

local isFreed = known == 'freed:' .. placeId
if command == 'isLive' then
  local isThere = redis.call('ZSCORE', waiting, user) or redis.call('HEXISTS', lobby, user) == 1
  local lives = not known or isFreed or (known == placeId and isThere)
  return lives and {'WAITING', placeId, 0} or {'ENDED'}
end
${LOBBY_STEP}

local function leaveLine(names)
  for _, name in ipairs(names) do
    redis.call('ZREM', waiting, name)
    redis.call('ZREM', seen, name)
  end
end

-- Bounded work for one call; the next caller goes on.
local ended = redis.call('ZRANGEBYSCORE', active, '-inf', now, 'LIMIT', 0, 100)
for _, name in ipairs(ended) do
  redis.call('ZREM', active, name)
  redis.call('HDEL', unclaimed, name)
end

if activeUntil <= now then redis.call('ZREM', active, user) end
if known and redis.call('ZSCORE', waiting, user) and (known == placeId or command == 'enter') then
  redis.call('ZADD', seen, now, user)
elseif command == 'enter' or not known or isFreed or (known == placeId and redis.call('HDEL', lobby, user) == 1) then
  -- A new place; or one that was given back after a purchase, lost with Redis's data, or left in the lobby by a
  -- Redis that went back in time.
  redis.call('SET', place, placeId, 'PX', memoryMs)
  known = placeId
  local last = redis.call('ZREVRANGE', waiting, 0, 0, 'WITHSCORES')
  redis.call('ZADD', waiting, 'NX', math.max(0, last[2] or 0) + 1, user)
  redis.call('ZADD', seen, now, user)
end

leaveLine(redis.call('ZRANGEBYSCORE', seen, '-inf', silentSince, 'LIMIT', 0, 100))

local stored = redis.call('HMGET', pace, 'tokens', 'at', 'measured', 'measuredAt', 'full',
  'limit', 'pacedAt', 'supply', 'seats', 'stepAt')

-- One caller a second, over all processes, takes the control's step. A limit from long ago says nothing.
local stepAt = 0
if now - tonumber(stored[10] or 0) >= 1000 then
  stepAt = now
  redis.call('HSET', pace, 'stepAt', now)
  redis.call('PEXPIRE', pace, math.ceil(math.max(3600, rate > 0 and 1 / rate or 0) * 1000))
end
local paceAge = now - tonumber(stored[7] or 0)
local limit = paceAge < 60000 and tonumber(stored[6])
if limit and (rate == 0 or limit < rate) then rate = limit end

-- Nobody is let in on seats that nobody has counted lately, nor more in one step than were free at it.
local supply, seats = '', math.huge
if ARGV[12] == '1' then
  supply, seats = 'UNKNOWN', 0
  if paceAge <= 3000 then supply, seats = stored[8], tonumber(stored[9]) end
end
local paused = supply ~= '' and supply ~= 'OPEN'

local line = redis.call('ZCARD', waiting)
local vacant = maxActive - redis.call('ZCARD', active)
local free = paused and 0 or math.max(0, math.min(100, vacant, line, seats))
if rate > 0 and free > 0 then
  -- A token bucket that holds what one second brings, at least one admission.
  local full = math.max(1, rate)
  local passed = math.max(0, now - (tonumber(stored[2]) or now))
  local tokens = math.min(full, (tonumber(stored[1]) or full) + passed * rate / 1000)
  free = math.min(free, math.floor(tokens))
  if free > 0 then redis.call('HSET', pace, 'tokens', tostring(tokens - free), 'at', now) end
end
if free > 0 then
  local first = redis.call('ZRANGE', waiting, 0, free - 1)
  for _, name in ipairs(first) do
    local isAbsent = drawnAt > 0 and tonumber(redis.call('ZSCORE', seen, name) or now) < drawnAt
    if isAbsent then redis.call('HSET', unclaimed, name, now + activeMs) end
    redis.call('ZADD', active, now + (isAbsent and silenceMs or activeMs), name)
  end
  leaveLine(first)
  if supply ~= '' then redis.call('HINCRBY', pace, 'seats', -free) end
end

-- The speed of this line: admissions a second, each forgotten exponentially over the time of some five. It begins
-- with what the settings promise, and once more when the room is full: then places have to end first.
local isFull = vacant - free <= 0
local expected = rate > 0 and rate or math.huge
if isFull or rate == 0 then expected = math.min(expected, maxActive * 1000 / activeMs) end
local measured = tonumber(stored[3])
local memory = math.max(30, 5 / (measured or expected))
if line - free == 0 or paused or isGated then
  if measured then redis.call('HDEL', pace, 'measured', 'measuredAt', 'full') end
else
  local begins = not measured or (isFull and not stored[5])
  if begins then measured = expected
  else measured = measured * math.exp((stored[4] - now) / 1000 / memory) + free / memory end
  if begins or free > 0 then
    redis.call('HSET', pace, 'measured', tostring(measured), 'measuredAt', now)
    if isFull then redis.call('HSET', pace, 'full', 1) end
  end
end

-- Seconds until it is the turn of a position; -1 while it is nobody's. In a full room never longer than until
-- enough places have ended.
local function wait(position)
  if paused or isGated then return -1 end
  local seconds = position / measured
  local mustEnd = position - (vacant - free)
  if mustEnd > 0 then
    local rounds, nth = math.floor((mustEnd - 1) / maxActive), (mustEnd - 1) % maxActive
    local last = tonumber(redis.call('ZRANGE', active, nth, nth, 'WITHSCORES')[2] or now)
    local latest = (last - now + rounds * activeMs) / 1000
    seconds = math.min(seconds, rate > 0 and math.max(latest, position / rate) or latest)
  end
  return math.ceil(math.min(seconds, memoryMs / 1000))
end

if known ~= placeId and command ~= 'enter' then return {'ENDED', '', 0, 0, '', stepAt} end
local rank = redis.call('ZRANK', waiting, user)
if rank and isGated and tonumber(redis.call('ZSCORE', waiting, user)) > 0 then
  rank = rank + redis.call('HLEN', lobby)
end
if rank then return {'WAITING', known, rank + 1, wait(rank + 1), supply, stepAt} end
activeUntil = redis.call('ZSCORE', active, user)
if activeUntil then return {'ACTIVE', known, tonumber(activeUntil), 0, supply, stepAt} end
return {'ENDED', '', 0, 0, '', stepAt}`;

type Reply = [
  state: 'ACTIVE' | 'WAITING' | 'LOBBY' | 'ENDED',
  placeId?: string,
  number?: number,
  wait?: number,
  supply?: string,
  stepAt?: number,
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
  const askNamed = async (command: string, name: string, userId: string): Promise<void> => {
    const room: Room = { name, maxActive: 0, admitPerSecond: null, activeSeconds: 0 };
    await ask(command, room, { userId, placeId: '' });
  };
  return {
    enter: async (room, key) => ask('enter', room, key),
    look: async (room, key) => ask('look', room, key),
    isLive: async (room, key) => (await ask('isLive', room, key)).state !== 'ENDED',
    free: async (roomName, userId) => askNamed('free', roomName, userId),
    leave: async (roomName, userId) => askNamed('leave', roomName, userId),
  };
}

const PARTS = ['waiting', 'active', 'seen', 'pace'];
const DRAW_PARTS = ['lobby', 'draw', 'unclaimed'];

function roomKeys(room: string, userId: string): string[] {
  return [...PARTS, `place:${userId}`, ...DRAW_PARTS].map((part) => roomKey(room, part));
}

function toPlace([state, placeId, number, wait = -1, supply]: Reply): Place {
  if (state === 'ENDED' || placeId === undefined || number === undefined) return { state: 'ENDED' };
  if (state === 'LOBBY') return { state, placeId };
  if (state === 'ACTIVE') return { state, placeId, expiresAt: new Date(number) };
  return {
    state,
    placeId,
    position: number,
    etaSeconds: wait < 0 ? null : wait,
    supply: SUPPLY_STATES.find((known) => known === supply) ?? null,
  };
}
