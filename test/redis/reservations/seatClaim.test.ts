import { randomUUID } from 'node:crypto';
import * as fc from 'fast-check';
import { createSeatClaim, type SeatClaim } from '../../../src/redis/reservations/seatClaim';
import { eventually } from '../../support/eventually';
import { createTestRedis, type TestRedis } from '../../support/redis';

let redis: TestRedis;
let claims: SeatClaim;

beforeAll(async () => {
  redis = await createTestRedis();
  claims = createSeatClaim(redis.redis);
});

afterAll(async () => redis?.drop());

const scheduleId = randomUUID();
const [ours, theirs] = ['ours', 'theirs'];

/** Seats that no other test uses. */
function someSeats(count: number): string[] {
  return Array.from({ length: count }, () => randomUUID());
}

const keyOf = (seatId: string): string => `{${scheduleId}}:seat:${seatId}`;
const ownerOf = async (seatId: string): Promise<string | null> => redis.redis.get(keyOf(seatId));
const leftOf = async (seatId: string): Promise<number> => redis.redis.pttl(keyOf(seatId));

describe('a claim takes all of its seats or none', () => {
  it('all, if all are free', async () => {
    const seats = someSeats(3);

    expect(await claims.claim(scheduleId, seats, ours)).toEqual([]);

    expect(await Promise.all(seats.map(ownerOf))).toEqual([ours, ours, ours]);
  });

  it('none, if one is taken, and returns the taken seats', async () => {
    const seats = someSeats(4);
    const taken = seats.filter((_, place) => place % 2 === 1);
    await claims.claim(scheduleId, taken, theirs);

    expect(await claims.claim(scheduleId, seats, ours)).toEqual(taken);

    expect(await Promise.all(seats.map(ownerOf))).toEqual([null, theirs, null, theirs]);
  });

  it('one of a hundred parallel claims', async () => {
    const seats = someSeats(2);
    const owners = Array.from({ length: 100 }, () => randomUUID());

    const answers = await Promise.all(owners.map((owner) => claims.claim(scheduleId, seats, owner)));

    expect(answers.filter((taken) => taken.length === 0)).toHaveLength(1);
    expect(answers.filter((taken) => taken.length === 2)).toHaveLength(99);
  });

  it('never splits overlapping sets, in any order', async () => {
    const request = fc.uniqueArray(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(fc.array(request, { minLength: 2, maxLength: 8 }), async (requests) => {
        const seats = someSeats(5);
        const sets = requests.map((places) => seats.filter((_, place) => places.includes(place)));

        const answers = await Promise.all(
          sets.map((set, owner) => claims.claim(scheduleId, set, `owner ${owner}`)),
        );

        for (const [owner, set] of sets.entries()) {
          const owned = (await Promise.all(set.map(ownerOf))).filter((name) => name === `owner ${owner}`);
          expect(owned).toHaveLength(answers[owner]?.length === 0 ? set.length : 0);
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe('a claim of the first free group', () => {
  it('takes only that group, and returns the taken seats before it', async () => {
    const seats = someSeats(6);
    const groups = [seats.slice(0, 2), seats.slice(2, 4), seats.slice(4)];
    const [, second = '', third = ''] = seats;
    await claims.claim(scheduleId, [second, third], theirs);

    expect(await claims.claimFirst(scheduleId, groups, ours)).toEqual({
      claimed: seats.slice(4),
      taken: [second, third],
    });

    expect(await Promise.all(seats.map(ownerOf))).toEqual([null, theirs, theirs, null, ours, ours]);
  });

  it('takes nothing if every group has a taken seat', async () => {
    const seats = someSeats(4);
    const taken = seats.filter((_, place) => place % 2 === 0);
    await claims.claim(scheduleId, taken, theirs);

    const groups = [seats.slice(0, 2), seats.slice(2)];
    expect(await claims.claimFirst(scheduleId, groups, ours)).toEqual({ claimed: null, taken });

    expect(await Promise.all(seats.map(ownerOf))).toEqual([theirs, null, theirs, null]);
  });

  it('gives each of a hundred parallel claims its own group', async () => {
    const groups = Array.from({ length: 100 }, () => someSeats(2));
    const owners = groups.map(() => randomUUID());

    const answers = await Promise.all(owners.map((owner) => claims.claimFirst(scheduleId, groups, owner)));

    expect(new Set(answers.flatMap(({ claimed }) => claimed ?? [])).size).toBe(200);
  });
});

describe('a claim is a lease', () => {
  it('of seconds', async () => {
    const seat = randomUUID();
    await claims.claim(scheduleId, [seat], ours);

    expect(await leftOf(seat)).toBeGreaterThan(10_000);
    expect(await leftOf(seat)).toBeLessThanOrEqual(15_000);
  });

  it('that its owner may take again', async () => {
    const seats = someSeats(2);
    await claims.claim(scheduleId, seats, ours);

    expect(await claims.claim(scheduleId, seats, ours)).toEqual([]);
  });
});

describe('what Postgres has reported about seats', () => {
  it('is remembered for two seconds', async () => {
    const seat = randomUUID();
    await claims.claim(scheduleId, [seat], ours);

    await claims.markTaken(scheduleId, [seat], ours);

    expect(await claims.claim(scheduleId, [seat], theirs)).toEqual([seat]);
    expect(await leftOf(seat)).toBeLessThanOrEqual(2_000);
    await eventually(async () => expect(await claims.claim(scheduleId, [seat], theirs)).toEqual([]));
  });

  it('does not change a claim of another reservation', async () => {
    const [lost, own] = [randomUUID(), randomUUID()];
    await claims.claim(scheduleId, [lost], theirs);

    await claims.markTaken(scheduleId, [lost, own], ours);

    expect(await ownerOf(lost)).toBe(theirs);
    expect(await ownerOf(own)).toBe(ours);
  });

  it('ends a rejected claim: a taken seat belongs to its reservation, a free seat is free', async () => {
    const [taken, free] = [randomUUID(), randomUUID()];
    await claims.claim(scheduleId, [taken, free], ours);

    await claims.giveUp(
      scheduleId,
      new Map([
        [taken, theirs],
        [free, null],
      ]),
      ours,
    );

    expect(await ownerOf(taken)).toBe(theirs);
    expect(await ownerOf(free)).toBeNull();
  });

  it('leaves no key that lives longer than a lease', async () => {
    const seats = someSeats(3);
    await claims.claim(scheduleId, seats, ours);
    await claims.markTaken(scheduleId, seats.slice(0, 1), ours);
    await claims.giveUp(scheduleId, new Map(seats.slice(1, 2).map((seat) => [seat, theirs])), ours);

    for (const seat of seats) expect(await leftOf(seat)).toBeLessThanOrEqual(15_000);
  });
});

describe('a release', () => {
  it('frees the seats of its owner', async () => {
    const seats = someSeats(2);
    await claims.claim(scheduleId, seats, ours);

    await claims.release(scheduleId, seats, ours);

    expect(await Promise.all(seats.map(ownerOf))).toEqual([null, null]);
  });

  it('that comes late does not free the seat of a newer owner', async () => {
    const seat = randomUUID();
    await claims.claim(scheduleId, [seat], ours);
    await claims.release(scheduleId, [seat], ours);
    await claims.claim(scheduleId, [seat], theirs);

    await claims.release(scheduleId, [seat], ours);

    expect(await ownerOf(seat)).toBe(theirs);
  });

  it('has no effect if it is repeated, or if there is no claim', async () => {
    const seat = randomUUID();

    await expect(claims.release(scheduleId, [seat], ours)).resolves.toBeUndefined();
  });
});

describe('after a loss of Redis', () => {
  it('the scripts are loaded again', async () => {
    const seat = randomUUID();
    await redis.redis.script('FLUSH');

    expect(await claims.claim(scheduleId, [seat], ours)).toEqual([]);
  });
});
