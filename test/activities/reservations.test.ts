import { createActivities, type Activities } from '../../src/activities';
import { createSale, createUser, type SaleOptions } from '../support/factories';
import { layGround, type Ground } from '../support/stage';
import { aRecording, aStep, anEnd } from '../support/steps';

let ground: Ground;
let activities: Activities;

beforeAll(async () => {
  ground = await layGround();
  activities = createActivities(ground.dependencies);
});

afterEach(async () => ground.endTest());

afterAll(async () => ground?.drop());

/** A hold of every seat of a sale of its own, not recorded yet. */
async function aHoldToRecord(options: SaleOptions = {}) {
  const { owner } = ground.database;
  const sale = await createSale(owner, options);
  return { sale, hold: aRecording(sale, await createUser(owner), sale.seatIds) };
}

function lockOf(scheduleId: string, seatId: string): Promise<string | null> {
  return ground.redis.redis.get(`{${scheduleId}}:seat:${seatId}`);
}

/** What refused each call that was refused. */
function refusalsOf(outcomes: readonly PromiseSettledResult<unknown>[]): unknown[] {
  return outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
}

describe('recording a hold', () => {
  it('run twice, answers twice with the same hold', async () => {
    const { sale, hold } = await aHoldToRecord({ seats: 2 });

    const first = await activities.recordHold(hold);
    // A retry by the workflow asks for the same instants; one that does not gets those that were recorded.
    const second = await activities.recordHold({
      ...hold,
      heldAt: hold.heldAt + 1,
      expiresAt: hold.expiresAt + 1,
    });

    expect(second).toEqual(first);
    expect(await ground.books.seat(sale.seatId)).toEqual({ reservationId: hold.reservationId, sold: false });
  });

  it('run twice at once, answers twice with the same hold', async () => {
    const { hold } = await aHoldToRecord({ seats: 2 });

    const [first, second] = await Promise.all([activities.recordHold(hold), activities.recordHold(hold)]);

    expect(second).toEqual(first);
  });

  it('freezes the price: a later change of it does not reach the hold', async () => {
    const { sale, hold } = await aHoldToRecord();
    const first = await activities.recordHold(hold);
    await ground.database.owner('grades').where({ schedule_id: sale.scheduleId }).update({ price: 1 });

    expect(await activities.recordHold(hold)).toEqual(first);
  });

  it('turns the lease into a lock that ends with the hold', async () => {
    const { sale, hold } = await aHoldToRecord();
    await ground.dependencies.seatClaim.claim(sale.scheduleId, sale.seatIds, hold.reservationId);

    await activities.recordHold(hold);

    expect(await lockOf(sale.scheduleId, sale.seatId)).toBe(hold.reservationId);
    expect(await ground.redis.redis.pttl(`{${sale.scheduleId}}:seat:${sale.seatId}`)).toBeGreaterThan(
      290_000,
    );
  });

  it.each<[string, SaleOptions, object]>([
    ['a sale that is paused', { saleSwitch: 'PAUSED' }, { slug: 'sale-not-open' }],
    ['a sale that has not begun', { saleOpensAt: new Date('2990-01-01') }, { slug: 'sale-not-open' }],
    [
      'more seats than one person may have',
      { seats: 3, maxSeatsPerUser: 2 },
      { slug: 'seat-limit-exceeded', members: { limit: 2, alreadyHeld: 0 } },
    ],
  ])('is refused for %s, and leaves nothing', async (_case, options, refusal) => {
    const { sale, hold } = await aHoldToRecord(options);

    await expect(activities.recordHold(hold)).rejects.toMatchObject(refusal);

    expect(await ground.books.reservationStatus(hold.reservationId)).toBeNull();
    expect(await ground.books.seat(sale.seatId)).toBe('AVAILABLE');
  });

  it('is refused for seats of another schedule, naming them', async () => {
    const { sale, hold } = await aHoldToRecord();
    const other = await createSale(ground.database.owner);

    await expect(
      activities.recordHold({ ...hold, seatIds: [sale.seatId, other.seatId] }),
    ).rejects.toMatchObject({ slug: 'seat-not-found', members: { seatIds: [other.seatId] } });
  });

  it('is refused for a blocked seat', async () => {
    const { sale, hold } = await aHoldToRecord();
    await ground.database.owner('seats').where({ id: sale.seatId }).update({ blocked: true });

    await expect(activities.recordHold(hold)).rejects.toMatchObject({
      slug: 'seat-unavailable',
      members: { unavailableSeatIds: [sale.seatId] },
    });
  });

  it('is refused by Postgres when Redis has lost the lock', async () => {
    const { sale, hold } = await aHoldToRecord();
    await activities.recordHold(hold);
    await ground.redis.redis.flushdb();
    const late = aRecording(sale, await createUser(ground.database.owner), sale.seatIds);
    expect(
      await ground.dependencies.seatClaim.claim(sale.scheduleId, sale.seatIds, late.reservationId),
    ).toEqual([]);

    await expect(activities.recordHold(late)).rejects.toMatchObject({
      slug: 'seat-unavailable',
      members: { unavailableSeatIds: [sale.seatId] },
    });
  });

  it('works while Redis is down', async () => {
    const { sale, hold } = await aHoldToRecord();
    const seatClaim = {
      claim: isDown,
      claimFirst: isDown,
      keepUntil: isDown,
      keepSold: isDown,
      release: isDown,
    };
    const alone = createActivities({ ...ground.dependencies, seatClaim, logger: silent() });

    await alone.recordHold(hold);
    await alone.endHold(anEnd(hold));

    expect(await ground.books.seat(sale.seatId)).toBe('AVAILABLE');
  });
});

describe('parallel holds', () => {
  it('of one seat: one wins, and every loser hears which seat is gone', async () => {
    const { owner } = ground.database;
    const sale = await createSale(owner);
    const holds = await Promise.all(
      Array.from({ length: 20 }, async () => aRecording(sale, await createUser(owner), sale.seatIds)),
    );

    const outcomes = await Promise.allSettled(holds.map((hold) => activities.recordHold(hold)));

    const refusal = { slug: 'seat-unavailable', members: { unavailableSeatIds: [sale.seatId] } };
    expect(refusalsOf(outcomes)).toMatchObject(Array.from({ length: 19 }, () => refusal));
  });

  it('of overlapping seats: each gets all of its seats or none, and no two wait for each other', async () => {
    const { owner } = ground.database;
    const sale = await createSale(owner, { seats: 6 });
    // Every pair of neighbours, from both ends: the classic deadlock, were rows not locked in one order.
    const pairs = sale.seatIds.map((seatId, place) => [seatId, sale.seatIds[(place + 1) % 6] ?? seatId]);
    const holds = await Promise.all(
      [...pairs, ...pairs.map((pair) => pair.toReversed())].map(async (seatIds) =>
        Object.assign(aRecording(sale, await createUser(owner), seatIds), { seatIds }),
      ),
    );

    const outcomes = await Promise.allSettled(holds.map((hold) => activities.recordHold(hold)));

    const refusals = refusalsOf(outcomes);
    expect(refusals).toMatchObject(refusals.map(() => ({ slug: 'seat-unavailable' })));
    expect(refusals.length).toBeLessThan(holds.length);
    const owners = await Promise.all(
      holds.map(async ({ seatIds }) => Promise.all(seatIds.map((seatId) => ground.books.seat(seatId)))),
    );
    for (const [place, { reservationId, seatIds }] of holds.entries()) {
      const own = owners[place]?.filter(
        (seat) => seat !== 'AVAILABLE' && seat.reservationId === reservationId,
      );
      expect(own).toHaveLength(outcomes[place]?.status === 'fulfilled' ? seatIds.length : 0);
    }
  });

  it('of one user keep to the limit of seats', async () => {
    const { owner } = ground.database;
    const sale = await createSale(owner, { seats: 10, maxSeatsPerUser: 3 });
    const userId = await createUser(owner);

    const outcomes = await Promise.allSettled(
      sale.seatIds.map((seatId) => activities.recordHold(aRecording(sale, userId, [seatId]))),
    );

    const refusal = { slug: 'seat-limit-exceeded', members: { limit: 3, alreadyHeld: 3 } };
    expect(refusalsOf(outcomes)).toMatchObject(Array.from({ length: 7 }, () => refusal));
  });
});

describe('the limit of seats', () => {
  it('counts what is held and not what was given back', async () => {
    const { owner } = ground.database;
    const sale = await createSale(owner, { seats: 3, maxSeatsPerUser: 2 });
    const userId = await createUser(owner);
    const first = aRecording(sale, userId, sale.seatIds.slice(0, 2));
    await activities.recordHold(first);
    const second = aRecording(sale, userId, sale.seatIds.slice(2));
    await expect(activities.recordHold(second)).rejects.toMatchObject({
      members: { limit: 2, alreadyHeld: 2 },
    });

    await activities.endHold(anEnd(first));

    await expect(activities.recordHold(second)).resolves.toMatchObject({
      reservationId: second.reservationId,
    });
  });
});

describe('ending a hold', () => {
  it.each(['EXPIRED', 'RELEASED'] as const)('as %s puts its seats back on sale, once', async (status) => {
    const { sale, hold } = await aHoldToRecord({ seats: 2 });
    await activities.recordHold(hold);

    await activities.endHold(anEnd(hold, status));
    await activities.endHold(anEnd(hold, status));

    expect(await ground.books.reservationStatus(hold.reservationId)).toBe(status);
    expect(await ground.books.seat(sale.seatId)).toBe('AVAILABLE');
    expect(await lockOf(sale.scheduleId, sale.seatId)).toBeNull();
  });

  it('too late does not free the seat of a newer hold', async () => {
    const { sale, hold } = await aHoldToRecord();
    await activities.recordHold(hold);
    await activities.endHold(anEnd(hold));
    const newer = aRecording(sale, await createUser(ground.database.owner), sale.seatIds);
    await activities.recordHold(newer);

    await activities.endHold(anEnd(hold));
    await activities.endHold(anEnd(hold, 'RELEASED'));

    expect(await ground.books.seat(sale.seatId)).toEqual({ reservationId: newer.reservationId, sold: false });
    expect(await lockOf(sale.scheduleId, sale.seatId)).toBe(newer.reservationId);
  });

  it('frees the lock on its second run, where the first was cut off after its commit', async () => {
    const { sale, hold } = await aHoldToRecord();
    await activities.recordHold(hold);
    const seatClaim = { ...ground.dependencies.seatClaim, release: isDown };
    await createActivities({ ...ground.dependencies, seatClaim, logger: silent() }).endHold(anEnd(hold));
    expect(await lockOf(sale.scheduleId, sale.seatId)).toBe(hold.reservationId);

    await activities.endHold(anEnd(hold));

    expect(await lockOf(sale.scheduleId, sale.seatId)).toBeNull();
  });

  it('early takes no seats from a payment under way', async () => {
    const { owner } = ground.database;
    const sale = await createSale(owner);
    const hold = aRecording(sale, await createUser(owner, 100_000), sale.seatIds);
    await activities.recordHold(hold);
    await activities.takePoints(aStep(hold));

    await expect(activities.endHold(anEnd(hold, 'RELEASED'))).rejects.toMatchObject({
      slug: 'payment-in-progress',
    });

    expect(await ground.books.reservationStatus(hold.reservationId)).toBe('PAYING');
    expect(await ground.books.seat(sale.seatId)).toEqual({ reservationId: hold.reservationId, sold: false });
    expect(await lockOf(sale.scheduleId, sale.seatId)).toBe(hold.reservationId);
  });

  it('of what was never recorded does nothing', async () => {
    const { hold } = await aHoldToRecord();

    await activities.endHold(anEnd(hold));

    expect(await ground.books.reservationStatus(hold.reservationId)).toBeNull();
  });
});

describe('giving up a hold of unknown outcome', () => {
  it('releases what was recorded', async () => {
    const { sale, hold } = await aHoldToRecord();
    await activities.recordHold(hold);

    await activities.abandonHold(hold);
    await activities.abandonHold(hold);

    expect(await ground.books.reservationStatus(hold.reservationId)).toBe('RELEASED');
    expect(await ground.books.seat(sale.seatId)).toBe('AVAILABLE');
  });

  it('stands in the way of a recording that comes late', async () => {
    const { sale, hold } = await aHoldToRecord();
    await activities.abandonHold(hold);

    await activities.recordHold(hold);

    expect(await ground.books.reservationStatus(hold.reservationId)).toBe('RELEASED');
    expect(await ground.books.seat(sale.seatId)).toBe('AVAILABLE');
  });

  it('at the same time as the recording leaves nothing held', async () => {
    const { sale, hold } = await aHoldToRecord();

    await Promise.all([activities.recordHold(hold), activities.abandonHold(hold)]);

    expect(await ground.books.reservationStatus(hold.reservationId)).toBe('RELEASED');
    expect(await ground.books.seat(sale.seatId)).toBe('AVAILABLE');
  });
});

/** A call to Redis while it is down. */
const isDown = () => Promise.reject(new Error('Redis is down'));

/** The warning about Redis is expected. */
function silent() {
  return ground.dependencies.logger.child({}, { level: 'silent' });
}
