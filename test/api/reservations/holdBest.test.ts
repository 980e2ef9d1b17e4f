import { randomUUID } from 'node:crypto';
import pLimit from 'p-limit';
import { createHoldBest, type HoldBest } from '../../../src/api/reservations/holdBest';
import { createHoldClaimed } from '../../../src/api/reservations/holdClaimed';
import { createHoldMeter } from '../../../src/api/reservations/holdMeter';
import { createSeatChoice, type SeatChoice } from '../../../src/api/reservations/seatChoice';
import { createHoldStore } from '../../../src/db/holdStore';
import { createReservationStore } from '../../../src/db/reservationStore';
import type { HeldReservation } from '../../../src/workflows/messages';
import { aHold, createSale, createUser, type Sale } from '../../support/factories';
import { buildStage, type Stage } from '../../support/stage';

/** Hundreds of workflows on a busy machine. */
const CROWD_MS = 180_000;

const inTurn = pLimit(8);

let stage: Stage;
let seatChoice: SeatChoice;
let holdBest: HoldBest;

beforeAll(async () => {
  stage = await buildStage('real');
  const made = parts();
  seatChoice = made.seatChoice;
  holdBest = createHoldBest(made);
}, 90_000);
afterEach(async () => stage.endTest());
afterAll(async () => stage?.drop());

/** What one process of the API has. */
function parts() {
  const { db, seatClaim } = stage.dependencies;
  const settings = { HOLD_SECONDS: 300, SETTLE_SECONDS: 60 };
  const { reservations } = stage.temporal;
  // They all choose at once; more workflows at once would only be a test of the machine.
  const hold: typeof reservations.hold = async (...input) => inTurn(async () => reservations.hold(...input));
  const workflows = { ...reservations, hold };
  const meter = createHoldMeter(async () => Promise.resolve());
  const holds = createHoldStore(db);
  const holdClaimed = createHoldClaimed({ settings, seatClaim, holds, workflows, meter });
  return {
    seatChoice: createSeatChoice(db),
    seatClaim,
    holdClaimed,
    reservations: createReservationStore(db),
  };
}

async function request(reservationId: string = randomUUID(), repeatable = false) {
  return { reservationId, userId: await createUser(stage.database.owner), repeatable };
}

async function requests(count: number) {
  return Promise.all(Array.from({ length: count }, async () => request()));
}

const seatIdsOf = ({ seats }: HeldReservation): string[] => seats.map((seat) => seat.seatId);

/** Who has claimed seats of a sale in Redis, seat by seat. */
async function claimsOf(sale: Sale): Promise<Map<string, string>> {
  const owners = await stage.redis.redis.mget(
    sale.seatIds.map((seatId) => `{${sale.scheduleId}}:seat:${seatId}`),
  );
  return new Map(sale.seatIds.flatMap((seatId, place) => (owners[place] ? [[seatId, owners[place]]] : [])));
}

/** Takes seats past the claim, as those that Redis has forgotten were. */
async function holdUnclaimed(sale: Sale, seatIds: readonly string[]): Promise<string> {
  const userId = await createUser(stage.database.owner);
  const input = aHold(sale, userId, seatIds);
  await stage.temporal.hold(input);
  await stage.redis.redis.flushdb();
  return input.reservationId;
}

describe('hundreds who ask for the best seats at once', () => {
  it(
    'all get seats side by side and none twice, while there are seats',
    async () => {
      const sale = await createSale(stage.database.owner, { seats: 602 });
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
    'are refused only when nothing is left, and leave no claim',
    async () => {
      const sale = await createSale(stage.database.owner, { seats: 30 });
      const answers = await Promise.allSettled(
        (await requests(60)).map(async (one) => holdBest(one, sale.scheduleId, { quantity: 3 })),
      );

      const held = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
      expect(held).toHaveLength(10);
      const refusals = answers.filter((answer) => answer.status === 'rejected');
      for (const { reason } of refusals) {
        expect(reason).toMatchObject({ slug: 'seat-unavailable', members: { unavailableSeatIds: [] } });
      }
      expect(new Set((await claimsOf(sale)).values())).toEqual(new Set(held.map((one) => one.reservationId)));
    },
    CROWD_MS,
  );

  it(
    'get each seat once also when Redis forgets everything in the middle of it',
    async () => {
      const sale = await createSale(stage.database.owner, { seats: 120 });
      const running = (await requests(60)).map(async (one) =>
        holdBest(one, sale.scheduleId, { quantity: 2 }),
      );
      await Promise.race(running);
      await stage.redis.redis.flushdb();

      const held = await Promise.all(running);
      expect(new Set(held.flatMap(seatIdsOf)).size).toBe(120);
    },
    CROWD_MS,
  );
});

describe('seats that turn out to be taken', () => {
  it('in Postgres, of which Redis knows nothing, are left out, and their claim is given back', async () => {
    const sale = await createSale(stage.database.owner, { seats: 6 });
    const known = { taken: new Set<string>(), since: 0 };
    const [best = []] = await seatChoice.best(sale.scheduleId, { quantity: 2 }, known);
    const other = await holdUnclaimed(sale, best);

    const one = await request();
    const held = await holdBest(one, sale.scheduleId, { quantity: 2 });

    expect(best.filter((seatId) => seatIdsOf(held).includes(seatId))).toEqual([]);
    const claims = await claimsOf(sale);
    expect([...claims.keys()].toSorted()).toEqual(seatIdsOf(held).toSorted());
    expect([...claims.values()]).not.toContain(other);
  });

  it('are on offer again as soon as they are released: a refusal is never older than its request', async () => {
    const sale = await createSale(stage.database.owner, { seats: 2 });
    const first = await request();
    await holdBest(first, sale.scheduleId, { quantity: 2 });
    await expect(holdBest(await request(), sale.scheduleId, { quantity: 2 })).rejects.toMatchObject({
      slug: 'seat-unavailable',
    });

    await stage.temporal.reservations.release(first.reservationId);

    const held = await holdBest(await request(), sale.scheduleId, { quantity: 2 });
    expect(seatIdsOf(held).toSorted()).toEqual(sale.seatIds.toSorted());
  });
});

describe('a refusal', () => {
  it('by the seats that one person may have leaves no claim', async () => {
    const sale = await createSale(stage.database.owner, { seats: 6, maxSeatsPerUser: 2 });

    await expect(holdBest(await request(), sale.scheduleId, { quantity: 3 })).rejects.toMatchObject({
      slug: 'seat-limit-exceeded',
    });

    expect(await claimsOf(sale)).toEqual(new Map());
  });

  it('names every grade and zone that the schedule does not have, and those that it has', async () => {
    const sale = await createSale(stage.database.owner);
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

describe('a request that is repeated under its key', () => {
  it('after a crash before the answer gets the seats it had, and no claim on others', async () => {
    const sale = await createSale(stage.database.owner, { seats: 8 });
    const one = await request(randomUUID(), true);
    const held = await holdBest(one, sale.scheduleId, { quantity: 2 });

    // Another process: it reads that the seats of the first run are held, and chooses others.
    expect(await createHoldBest(parts())(one, sale.scheduleId, { quantity: 2 })).toEqual(held);

    expect([...(await claimsOf(sale)).keys()].toSorted()).toEqual(seatIdsOf(held).toSorted());
  });

  it('gets them also when nothing else is left', async () => {
    const sale = await createSale(stage.database.owner, { seats: 2 });
    const one = await request(randomUUID(), true);
    const held = await holdBest(one, sale.scheduleId, { quantity: 2 });

    expect(await holdBest(one, sale.scheduleId, { quantity: 2 })).toEqual(held);
  });

  it('beside itself holds once', async () => {
    const sale = await createSale(stage.database.owner, { seats: 40 });
    const one = await request(randomUUID(), true);

    const answers = await Promise.all(
      Array.from({ length: 10 }, async () => holdBest(one, sale.scheduleId, { quantity: 2 })),
    );

    const [first] = answers;
    for (const answer of answers) expect(answer).toEqual(first);
    expect((await claimsOf(sale)).size).toBe(2);
  });
});
