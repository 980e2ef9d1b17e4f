import pLimit from 'p-limit';
import { createHoldBest, type HoldBest } from '../../../src/api/reservations/holdBest';
import type { HoldAttempt } from '../../../src/api/reservations/holdClaimedSeats';
import { createSeatChoice, type SeatChoice } from '../../../src/api/reservations/seatChoice';
import type { HeldReservation } from '../../../src/domain/reservations/hold';
import { aHold, createSale, createUser, type Sale } from '../../support/factories';
import { aGrant } from '../../support/steps';
import { anAttemptToHold, createHolding } from '../../support/holding';
import { createTestbed, type Testbed } from '../../support/testbed';

/** Time for hundreds of workflows on a busy machine. */
const CROWD_MS = 180_000;

const inTurn = pLimit(8);

let testbed: Testbed;
let seatChoice: SeatChoice;
let holdBest: HoldBest;

beforeAll(async () => {
  testbed = await createTestbed('real');
  const made = parts();
  seatChoice = made.seatChoice;
  holdBest = createHoldBest(made);
}, 90_000);
afterEach(async () => testbed.endTest());
afterAll(async () => testbed?.drop());

/** The parts of one API process. */
function parts() {
  const { db, seatClaim } = testbed.dependencies;
  const { reservations } = testbed.temporal;
  // All requests choose at once. More workflows and transactions at once would only test the machine.
  const hold = createHolding(testbed, reservations);
  const holdClaimedSeats: typeof hold = async (...seats) => inTurn(async () => hold(...seats));
  return { seatChoice: createSeatChoice(db), seatClaim, holdClaimedSeats };
}

async function request(): Promise<HoldAttempt> {
  return anAttemptToHold(testbed, await createUser(testbed.database.owner));
}

async function requests(count: number) {
  return Promise.all(Array.from({ length: count }, async () => request()));
}

const seatIdsOf = ({ seats }: HeldReservation): string[] => seats.map((seat) => seat.seatId);

/** The reservation that has claimed each seat of a sale in Redis. */
async function claimsOf(sale: Sale): Promise<Map<string, string>> {
  const owners = await testbed.redis.redis.mget(
    sale.seatIds.map((seatId) => `{${sale.scheduleId}}:seat:${seatId}`),
  );
  return new Map(sale.seatIds.flatMap((seatId, place) => (owners[place] ? [[seatId, owners[place]]] : [])));
}

/** Holds seats that have no claim in Redis, as after a loss of Redis. */
async function holdUnclaimed(sale: Sale, seatIds: readonly string[]): Promise<void> {
  const userId = await createUser(testbed.database.owner);
  const input = aHold(sale, userId, seatIds);
  await testbed.temporal.hold(input);
  await testbed.redis.redis.flushdb();
}

describe('hundreds of users who request the best seats at once', () => {
  it(
    'all get adjacent seats, and no seat twice, while seats are left',
    async () => {
      const sale = await createSale(testbed.database.owner, { seats: 602 });
      const held = await Promise.all(
        (await requests(300)).map(async (one) => holdBest(one, sale.scheduleId, { quantity: 2 })),
      );

      const seatIds = held.flatMap(seatIdsOf);
      expect(new Set(seatIds).size).toBe(600);
      const places = held.map((one) => seatIdsOf(one).map((seatId) => sale.seatIds.indexOf(seatId)));
      expect(places.filter(([one = 0, two = 0]) => Math.abs(one - two) !== 1)).toEqual([]);
    },
    CROWD_MS,
  );

  it(
    'are rejected only when nothing is left, and leave no claim',
    async () => {
      const sale = await createSale(testbed.database.owner, { seats: 30 });
      const answers = await Promise.allSettled(
        (await requests(60)).map(async (one) => holdBest(one, sale.scheduleId, { quantity: 3 })),
      );

      const held = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
      expect(held).toHaveLength(10);
      const refusals = answers.filter((answer) => answer.status === 'rejected');
      for (const { reason } of refusals) {
        expect(reason).toMatchObject({ slug: 'seat-unavailable', members: { unavailableSeatIds: [] } });
      }
      // Redis keeps the owner of a seat for seconds. No rejected request is among the owners.
      const owners = new Set(held.map((one) => one.reservationId));
      expect([...(await claimsOf(sale)).values()].filter((owner) => !owners.has(owner))).toEqual([]);
    },
    CROWD_MS,
  );

  it(
    'get each seat once, also if Redis loses everything meanwhile',
    async () => {
      const sale = await createSale(testbed.database.owner, { seats: 120 });
      const running = (await requests(60)).map(async (one) =>
        holdBest(one, sale.scheduleId, { quantity: 2 }),
      );
      await Promise.race(running);
      await testbed.redis.redis.flushdb();

      const held = await Promise.all(running);
      expect(new Set(held.flatMap(seatIdsOf)).size).toBe(120);
    },
    CROWD_MS,
  );
});

describe('seats that turn out to be taken', () => {
  it('are left out if only Postgres knows that they are taken, and their claim is released', async () => {
    const sale = await createSale(testbed.database.owner, { seats: 6 });
    const known = { taken: new Set<string>(), since: 0 };
    const [best = []] = await seatChoice.best(sale.scheduleId, { quantity: 2 }, known);
    await holdUnclaimed(sale, best);

    const one = await request();
    const held = await holdBest(one, sale.scheduleId, { quantity: 2 });

    expect(best.filter((seatId) => seatIdsOf(held).includes(seatId))).toEqual([]);
    const claims = await claimsOf(sale);
    const own = [...claims].flatMap(([seatId, owner]) => (owner === held.reservationId ? [seatId] : []));
    expect(own.toSorted()).toEqual(seatIdsOf(held).toSorted());
  });

  it('are on offer again as soon as they are released: a rejection never uses data older than its request', async () => {
    const sale = await createSale(testbed.database.owner, { seats: 2 });
    const [first, second, third] = [await request(), await request(), await request()];
    await holdBest(first, sale.scheduleId, { quantity: 2 });
    // The process reads the statuses again, which are 400 ms old at most from now on.
    await expect(holdBest(second, sale.scheduleId, { quantity: 2 })).rejects.toMatchObject({
      slug: 'seat-unavailable',
    });

    await testbed.temporal.reservations.release(first.reservationId);

    const held = await holdBest(third, sale.scheduleId, { quantity: 2 });
    expect(seatIdsOf(held).toSorted()).toEqual(sale.seatIds.toSorted());
  });
});

describe('a rejection', () => {
  it('because of the seat limit of a user leaves no claim', async () => {
    const sale = await createSale(testbed.database.owner, { seats: 6, maxSeatsPerUser: 2 });

    await expect(holdBest(await request(), sale.scheduleId, { quantity: 3 })).rejects.toMatchObject({
      slug: 'seat-limit-exceeded',
    });

    expect(await claimsOf(sale)).toEqual(new Map());
  });

  it('lists every unknown grade and zone, and those that the schedule has', async () => {
    const sale = await createSale(testbed.database.owner);
    const wish = { quantity: 1, grade: 'VIP', zone: 'Balcony' };

    await expect(holdBest(await request(), sale.scheduleId, wish)).rejects.toMatchObject({
      slug: 'validation-failed',
      members: {
        errors: [
          { path: 'grade', message: 'The schedule has no such grade; it has R' },
          { path: 'zone', message: 'The schedule has no such zone; it has A' },
        ],
      },
    });
  });
});

describe('the chosen seats of a round', () => {
  it('are left out if Postgres grants them to another user; reservation and workflow stay the same', async () => {
    const sale = await createSale(testbed.database.owner, { seats: 40 });
    const one = await request();
    const lost: string[] = [];
    // Twice, another user is faster between the choice and the grant.
    const { settle } = one;
    let rounds = 0;
    const attempt: HoldAttempt = Object.assign(one, {
      settle: async (...grant: Parameters<typeof settle>) => {
        rounds += 1;
        if (rounds <= 2) lost.push(...(await takeChosen(sale)));
        return settle(...grant);
      },
    });

    const held = await holdBest(attempt, sale.scheduleId, { quantity: 2 });

    expect(rounds).toBe(3);
    expect(held.seats).toHaveLength(2);
    expect(seatIdsOf(held).filter((seatId) => lost.includes(seatId))).toEqual([]);
    expect(await testbed.temporal.handle(held.reservationId).describe()).toMatchObject({
      runId: attempt.run?.runId,
      status: { name: 'RUNNING' },
    });
  });
});

/** Grants the claimed seats to a user whose request did not go through Redis. */
async function takeChosen(sale: Sale): Promise<string[]> {
  const seatIds = [...(await claimsOf(sale)).keys()];
  const taken = await Promise.all(
    seatIds.map(async (seatId) =>
      testbed
        .grant(aGrant(sale, await createUser(testbed.database.owner), [seatId]))
        .then(() => [seatId])
        .catch(() => []),
    ),
  );
  return taken.flat();
}
