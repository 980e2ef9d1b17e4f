import { storesOf } from '../../../src/db/stores';
import { createActivities, type Activities } from '../../../src/activities';
import { grantHold, HoldTooLate } from '../../../src/api/reservations/grantHold';
import { eventually } from '../../support/eventually';
import { createSale, createUser, type SaleOptions } from '../../support/factories';
import { createFixture, type Fixture } from '../../support/fixture';
import { aGrant, anEnd } from '../../support/steps';
import { advisoryLocksWaitedFor } from '../../support/waiting';

let fixture: Fixture;
let activities: Activities;

beforeAll(async () => {
  fixture = await createFixture();
  activities = createActivities(fixture.dependencies);
});

afterEach(async () => fixture.endTest());

afterAll(async () => fixture?.drop());

/** A hold of every seat of a new sale, not granted yet. */
async function aHoldToGrant(options: SaleOptions = {}) {
  const { owner } = fixture.database;
  const sale = await createSale(owner, options);
  return { sale, hold: aGrant(sale, await createUser(owner), sale.seatIds) };
}

function lockOf(scheduleId: string, seatId: string): Promise<string | null> {
  return fixture.redis.redis.get(`{${scheduleId}}:seat:${seatId}`);
}

/** The errors of the rejected calls. */
function refusalsOf(outcomes: readonly PromiseSettledResult<unknown>[]): unknown[] {
  return outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
}

describe('granting a hold', () => {
  it('twice returns the same hold twice', async () => {
    const { sale, hold } = await aHoldToGrant({ seats: 2 });

    const first = await fixture.grant(hold);
    // A second request under the same key may find another run, with other times. The times of the row count.
    const second = await fixture.grant({
      ...hold,
      heldAt: new Date(hold.heldAt.getTime() + 1),
      expiresAt: new Date(hold.expiresAt.getTime() + 1),
    });

    expect(second).toEqual(first);
    expect(await fixture.books.seat(sale.seatId)).toEqual({ reservationId: hold.reservationId, sold: false });
  });

  it('twice at once returns the same hold twice', async () => {
    const { hold } = await aHoldToGrant({ seats: 2 });

    const [first, second] = await Promise.all([fixture.grant(hold), fixture.grant(hold)]);

    expect(second).toEqual(first);
  });

  it('freezes the price: a later change does not affect the hold', async () => {
    const { sale, hold } = await aHoldToGrant();
    const first = await fixture.grant(hold);
    await fixture.database.owner('grades').where({ schedule_id: sale.scheduleId }).update({ price: 1 });

    expect(await fixture.grant(hold)).toEqual(first);
  });

  it.each<[string, SaleOptions, object]>([
    ['a sale that is paused', { saleSwitch: 'PAUSED' }, { slug: 'sale-not-open' }],
    ['a sale that has not begun', { saleOpensAt: new Date('2990-01-01') }, { slug: 'sale-not-open' }],
    [
      'more seats than one person may have',
      { seats: 3, maxSeatsPerUser: 2 },
      { slug: 'seat-limit-exceeded', members: { limit: 2, alreadyHeld: 0 } },
    ],
  ])('is rejected for %s, and leaves nothing', async (_case, options, refusal) => {
    const { sale, hold } = await aHoldToGrant(options);

    await expect(fixture.grant(hold)).rejects.toMatchObject(refusal);

    expect(await fixture.books.reservationStatus(hold.reservationId)).toBeNull();
    expect(await fixture.books.seat(sale.seatId)).toBe('AVAILABLE');
  });

  it('is rejected for seats of another schedule, and the refusal names them', async () => {
    const { sale, hold } = await aHoldToGrant();
    const other = await createSale(fixture.database.owner);

    await expect(fixture.grant({ ...hold, seatIds: [sale.seatId, other.seatId] })).rejects.toMatchObject({
      slug: 'seat-not-found',
      members: { seatIds: [other.seatId] },
    });
  });

  it('is rejected for a blocked seat', async () => {
    const { sale, hold } = await aHoldToGrant();
    await fixture.database.owner('seats').where({ id: sale.seatId }).update({ blocked: true });

    await expect(fixture.grant(hold)).rejects.toMatchObject({
      slug: 'seat-unavailable',
      members: { unavailableSeatIds: [sale.seatId] },
    });
  });

  it('is rejected by Postgres if Redis has lost the lock', async () => {
    const { sale, hold } = await aHoldToGrant();
    await fixture.grant(hold);
    await fixture.redis.redis.flushdb();
    const late = aGrant(sale, await createUser(fixture.database.owner), sale.seatIds);
    expect(
      await fixture.dependencies.seatClaim.claim(sale.scheduleId, sale.seatIds, late.reservationId),
    ).toEqual([]);

    await expect(fixture.grant(late)).rejects.toMatchObject({
      slug: 'seat-unavailable',
      members: { unavailableSeatIds: [sale.seatId] },
    });
  });

  it.each([
    ['16 s after its start', 16_000, 300_000],
    ['after its end', 2_000, 1_000],
  ])('is rejected %s, by the clock of Postgres, and leaves nothing', async (_case, age, length) => {
    const { sale, hold } = await aHoldToGrant();
    const heldAt = new Date(Date.now() - age);
    const late = { ...hold, heldAt, expiresAt: new Date(heldAt.getTime() + length) };

    await expect(fixture.grant(late)).rejects.toThrow(HoldTooLate);

    expect(await fixture.books.reservationStatus(hold.reservationId)).toBeNull();
    expect(await fixture.books.seat(sale.seatId)).toBe('AVAILABLE');
  });

  it('that was recorded returns the recorded hold however late, also after it has ended', async () => {
    const { sale, hold } = await aHoldToGrant();
    const first = await fixture.grant(hold);
    await activities.endHold(anEnd(hold));
    await fixture.grant(aGrant(sale, await createUser(fixture.database.owner), sale.seatIds));

    expect(await fixture.grant({ ...hold, heldAt: new Date(Date.now() - 60_000) })).toEqual(first);

    expect(await fixture.books.reservationStatus(hold.reservationId)).toBe('RELEASED');
  });
});

describe('parallel holds', () => {
  it('of one seat: one wins, and every other gets the id of the seat that is gone', async () => {
    const { owner } = fixture.database;
    const sale = await createSale(owner);
    const holds = await Promise.all(
      Array.from({ length: 20 }, async () => aGrant(sale, await createUser(owner), sale.seatIds)),
    );

    const outcomes = await Promise.allSettled(holds.map((hold) => fixture.grant(hold)));

    const refusal = { slug: 'seat-unavailable', members: { unavailableSeatIds: [sale.seatId] } };
    expect(refusalsOf(outcomes)).toMatchObject(Array.from({ length: 19 }, () => refusal));
  });

  it('of overlapping seats: each gets all of its seats or none, and no two wait for each other', async () => {
    const { owner } = fixture.database;
    const sale = await createSale(owner, { seats: 6 });
    // Every pair of neighbours, in both orders. Without one order of row locks this is the classic deadlock.
    const pairs = sale.seatIds.map((seatId, place) => [seatId, sale.seatIds[(place + 1) % 6] ?? seatId]);
    const holds = await Promise.all(
      [...pairs, ...pairs.map((pair) => pair.toReversed())].map(async (seatIds) =>
        Object.assign(aGrant(sale, await createUser(owner), seatIds), { seatIds }),
      ),
    );

    const outcomes = await Promise.allSettled(holds.map((hold) => fixture.grant(hold)));

    const refusals = refusalsOf(outcomes);
    expect(refusals).toMatchObject(refusals.map(() => ({ slug: 'seat-unavailable' })));
    expect(refusals.length).toBeLessThan(holds.length);
    const owners = await Promise.all(
      holds.map(async ({ seatIds }) => Promise.all(seatIds.map((seatId) => fixture.books.seat(seatId)))),
    );
    for (const [place, { reservationId, seatIds }] of holds.entries()) {
      const own = owners[place]?.filter(
        (seat) => seat !== 'AVAILABLE' && seat.reservationId === reservationId,
      );
      expect(own).toHaveLength(outcomes[place]?.status === 'fulfilled' ? seatIds.length : 0);
    }
  });

  it('of one user keep to the limit of seats', async () => {
    const { owner } = fixture.database;
    const sale = await createSale(owner, { seats: 10, maxSeatsPerUser: 3 });
    const userId = await createUser(owner);

    const outcomes = await Promise.allSettled(
      sale.seatIds.map((seatId) => fixture.grant(aGrant(sale, userId, [seatId]))),
    );

    const refusal = { slug: 'seat-limit-exceeded', members: { limit: 3, alreadyHeld: 3 } };
    expect(refusalsOf(outcomes)).toMatchObject(Array.from({ length: 7 }, () => refusal));
  });
});

describe('the limit of seats', () => {
  it('counts held seats, and no released ones', async () => {
    const { owner } = fixture.database;
    const sale = await createSale(owner, { seats: 3, maxSeatsPerUser: 2 });
    const userId = await createUser(owner);
    const first = aGrant(sale, userId, sale.seatIds.slice(0, 2));
    await fixture.grant(first);
    const second = aGrant(sale, userId, sale.seatIds.slice(2));
    await expect(fixture.grant(second)).rejects.toMatchObject({
      members: { limit: 2, alreadyHeld: 2 },
    });

    await activities.endHold(anEnd(first));

    await expect(fixture.grant(second)).resolves.toMatchObject({
      reservationId: second.reservationId,
    });
  });
});

describe('ending a hold', () => {
  it.each(['EXPIRED', 'RELEASED'] as const)('as %s puts its seats back on sale, once', async (status) => {
    const { sale, hold } = await aHoldToGrant({ seats: 2 });
    await fixture.grant(hold);
    if (status === 'EXPIRED') await fixture.letExpire(hold.reservationId);

    await activities.endHold(anEnd(hold, status));
    await activities.endHold(anEnd(hold, status));

    expect(await fixture.books.reservationStatus(hold.reservationId)).toBe(status);
    expect(await fixture.books.seat(sale.seatId)).toBe('AVAILABLE');
    expect(await lockOf(sale.scheduleId, sale.seatId)).toBeNull();
  });

  it('too late does not free the seat of a newer hold', async () => {
    const { sale, hold } = await aHoldToGrant();
    await fixture.grant(hold);
    await activities.endHold(anEnd(hold));
    const newer = aGrant(sale, await createUser(fixture.database.owner), sale.seatIds);
    await fixture.grant(newer);

    await activities.endHold(anEnd(hold));
    await activities.endHold(anEnd(hold, 'RELEASED'));

    expect(await fixture.books.seat(sale.seatId)).toEqual({
      reservationId: newer.reservationId,
      sold: false,
    });
    expect(await lockOf(sale.scheduleId, sale.seatId)).toBe(newer.reservationId);
  });

  it('frees the lock in its second run if the first was interrupted after its commit', async () => {
    const { sale, hold } = await aHoldToGrant();
    await fixture.grant(hold);
    const seatClaim = { ...fixture.dependencies.seatClaim, release: isDown };
    await createActivities({ ...fixture.dependencies, seatClaim, logger: silent() }).endHold(anEnd(hold));
    expect(await lockOf(sale.scheduleId, sale.seatId)).toBe(hold.reservationId);

    await activities.endHold(anEnd(hold));

    expect(await lockOf(sale.scheduleId, sale.seatId)).toBeNull();
  });

  it('early takes no seats from a payment under way', async () => {
    const { owner } = fixture.database;
    const sale = await createSale(owner);
    const hold = aGrant(sale, await createUser(owner, 100_000), sale.seatIds);
    await fixture.grant(hold);
    await activities.openPayment((await fixture.request(hold)).paymentId);

    await expect(activities.endHold(anEnd(hold, 'RELEASED'))).rejects.toMatchObject({
      slug: 'payment-in-progress',
    });

    expect(await fixture.books.reservationStatus(hold.reservationId)).toBe('PAYING');
    expect(await fixture.books.seat(sale.seatId)).toEqual({ reservationId: hold.reservationId, sold: false });
    expect(await lockOf(sale.scheduleId, sale.seatId)).toBe(hold.reservationId);
  });

  it('that was never granted does nothing', async () => {
    const { hold } = await aHoldToGrant();

    expect(await activities.endHold(anEnd(hold))).toMatchObject({ status: 'REFUSED' });

    expect(await fixture.books.reservationStatus(hold.reservationId)).toBeNull();
  });

  it('too early, by the clock of Postgres, changes nothing and returns the time that is left', async () => {
    const { sale, hold } = await aHoldToGrant();
    await fixture.grant(hold);

    const { status, millisecondsLeft } = await activities.endHold(anEnd(hold, 'EXPIRED'));

    expect(status).toBe('HELD');
    expect(millisecondsLeft).toBeGreaterThan(290_000);
    expect(await fixture.books.seat(sale.seatId)).toMatchObject({ reservationId: hold.reservationId });
  });

  it('a moment too early waits until the end', async () => {
    const { hold } = await aHoldToGrant();
    const soon = { ...hold, expiresAt: new Date(Date.now() + 1_000) };
    await fixture.grant(soon);

    expect(await activities.endHold(anEnd(soon, 'EXPIRED'))).toMatchObject({ status: 'EXPIRED' });
  });

  it('waits for a transaction that is granting the hold', async () => {
    const { hold } = await aHoldToGrant();
    const granting = await fixture.database.db.transaction();
    await grantHold(storesOf(granting), hold);

    const ending = activities.endHold(anEnd(hold));
    await eventually(async () => expect(await advisoryLocksWaitedFor(fixture.database.owner)).toBe(1));
    await granting.commit();

    expect(await ending).toMatchObject({ status: 'RELEASED' });
  });

  it('works while Redis is down', async () => {
    const { sale, hold } = await aHoldToGrant();
    await fixture.grant(hold);
    const seatClaim = { ...fixture.dependencies.seatClaim, release: isDown };
    const alone = createActivities({ ...fixture.dependencies, seatClaim, logger: silent() });

    await alone.endHold(anEnd(hold));

    expect(await fixture.books.seat(sale.seatId)).toBe('AVAILABLE');
  });
});

/** A call to Redis while it is down. */
const isDown = () => Promise.reject(new Error('Redis is down'));

/** The warning about Redis is expected. */
function silent() {
  return fixture.dependencies.logger.child({}, { level: 'silent' });
}
