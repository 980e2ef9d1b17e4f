import type { ClientLog, Line } from '../evidence/clientLog';
import type { Evidence } from '../evidence/evidence';
import { groupBy } from '../evidence/groupBy';
import type { RoomLimits } from '../evidence/rooms';
import { faultsOfRooms } from './rooms';

type Place = Line<'place'>;

/** One user's place, from the first response about it to the last. */
interface Stay {
  user: string;
  /** Null if the log does not contain the entry. */
  entered: Place | null;
  /** By the service's clock. Null if no response reported an admission. */
  admittedAt: number | null;
}

/**
 * Invariant 9: a position never grows; one account has one place in a room; who entered first is admitted first; and
 * admissions stay within the rate and the capacity of the room. Clients' logs show most of it, Redis the rest.
 */
export async function queue({ clients, rooms, activeSeconds, redis }: Evidence): Promise<string[]> {
  return [...faultsOfLog(clients, rooms, activeSeconds), ...(await faultsOfRooms(redis, rooms))];
}

/**
 * @param activeSeconds how long an admitted place lasts: an admission was so long before the end that a client was
 * given
 */
function faultsOfLog(
  { place: places, paying }: ClientLog,
  rooms: readonly RoomLimits[],
  activeSeconds: number,
): string[] {
  const faults: string[] = [...faultsOfPositions(places), ...faultsOfPlaces(places)];
  for (const [room, inRoom] of groupBy(places, ({ place }) => place.room)) {
    const stays = staysOf(inRoom, activeSeconds);
    faults.push(...faultsOfOrder(room, stays));
    const limits = rooms.find((known) => known.room === room);
    if (!limits) continue;
    const paidAt = new Map(paying.toReversed().map(({ user, at }) => [user, at]));
    faults.push(...faultsOfRate(limits, stays), ...faultsOfCapacity(limits, stays, paidAt, activeSeconds));
  }
  return faults;
}

function faultsOfPositions(places: readonly Place[]): string[] {
  const faults: string[] = [];
  const last = new Map<string, { position: number; at: number }>();
  for (const { user, askedAt, at, place } of places) {
    if (place.position === null) continue;
    const before = last.get(place.id);
    // Responses that overtook one another prove nothing.
    if (before && askedAt >= before.at && place.position > before.position) {
      faults.push(`user ${user} got position ${before.position} and later position ${place.position}`);
    }
    last.set(place.id, { position: place.position, at });
  }
  return faults;
}

/** A place that another place has replaced never becomes valid again. */
function faultsOfPlaces(places: readonly Place[]): string[] {
  const faults: string[] = [];
  const current = new Map<string, { id: string; at: number }>();
  const replaced = new Map<string, number>();
  for (const { user, askedAt, at, place } of places) {
    const account = `${user} ${place.room}`;
    const known = current.get(account);
    if (askedAt > (replaced.get(place.id) ?? Infinity)) {
      faults.push(`user ${user} has two live places in room ${place.room}`);
      continue;
    }
    if (known && known.id !== place.id) replaced.set(known.id, at);
    current.set(account, { id: place.id, at });
  }
  return faults;
}

function staysOf(places: readonly Place[], activeSeconds: number): Stay[] {
  const stays = new Map<string, Stay>();
  for (const line of places) {
    const { id, expiresAt } = line.place;
    const stay = stays.get(id) ?? { user: line.user, entered: null, admittedAt: null };
    if (line.entered && stay.entered === null) stay.entered = line;
    if (expiresAt !== null && stay.admittedAt === null) {
      stay.admittedAt = Date.parse(expiresAt) - activeSeconds * 1_000;
    }
    stays.set(id, stay);
  }
  return [...stays.values()];
}

/** A user who had a place before another user asked for one is not admitted after that user. */
function faultsOfOrder(room: string, stays: readonly Stay[]): string[] {
  const admitted = stays.flatMap(({ user, entered, admittedAt }) =>
    entered === null || admittedAt === null ? [] : [{ user, entered, admittedAt }],
  );
  const byAnswer = admitted.toSorted((a, b) => a.entered.at - b.entered.at);
  const faults: string[] = [];
  let next = 0;
  let latest: (typeof admitted)[number] | undefined;
  for (const stay of admitted.toSorted((a, b) => a.entered.askedAt - b.entered.askedAt)) {
    for (let earlier = byAnswer[next]; earlier; earlier = byAnswer[next]) {
      if (earlier.entered.at >= stay.entered.askedAt) break;
      if (!latest || earlier.admittedAt > latest.admittedAt) latest = earlier;
      next += 1;
    }
    if (latest && latest.admittedAt > stay.admittedAt) {
      faults.push(
        `user ${stay.user} was admitted to room ${room} before ${latest.user}, who had come earlier`,
      );
    }
  }
  return faults;
}

/**
 * A token bucket that holds the tokens of one second, and at least one. It is full at first and is never overdrawn.
 */
function faultsOfRate({ room, admitPerSecond }: RoomLimits, stays: readonly Stay[]): string[] {
  const full = Math.max(1, admitPerSecond);
  let tokens = full;
  let before: number | null = null;
  for (const at of admissionsOf(stays)) {
    tokens = Math.min(full, tokens + ((at - (before ?? at)) / 1_000) * admitPerSecond) - 1;
    before = at;
    // Times are whole milliseconds, so the tokens of one millisecond are within the error.
    if (tokens < -admitPerSecond / 1_000 - 1e-6) {
      return [`room ${room} let in more than ${admitPerSecond} a second at ${new Date(at).toISOString()}`];
    }
  }
  return [];
}

/** A user with a payment on its way may have left the room by then, and does not count. */
function faultsOfCapacity(
  { room, maxActive }: RoomLimits,
  stays: readonly Stay[],
  paidAt: ReadonlyMap<string, number>,
  activeSeconds: number,
): string[] {
  const moves = stays.flatMap(({ user, admittedAt }) => {
    if (admittedAt === null) return [];
    const end = Math.min(paidAt.get(user) ?? Infinity, admittedAt + activeSeconds * 1_000);
    return [
      { at: admittedAt, change: 1 },
      { at: Math.max(end, admittedAt), change: -1 },
    ];
  });
  let active = 0;
  for (const { at, change } of moves.toSorted((a, b) => a.at - b.at || a.change - b.change)) {
    active += change;
    if (active > maxActive) {
      return [`room ${room} has room for ${maxActive} and had more at ${new Date(at).toISOString()}`];
    }
  }
  return [];
}

const admissionsOf = (stays: readonly Stay[]): number[] =>
  stays.flatMap(({ admittedAt }) => (admittedAt === null ? [] : [admittedAt])).toSorted((a, b) => a - b);
