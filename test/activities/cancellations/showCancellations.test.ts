import { randomUUID } from 'node:crypto';
import { createActivities, type Activities } from '../../../src/activities';
import { createCancellationRequestStore } from '../../../src/db/cancellations/cancellationRequestStore';
import { createHoldStore } from '../../../src/db/reservations/holdStore';
import { createShowCancellationStore } from '../../../src/db/cancellations/showCancellationStore';
import { lockRows } from '../../chaos/rowLock';
import { createCancelling, type Cancelling } from '../../support/cancelling';
import { eventually } from '../../support/eventually';
import { createSale, createUser } from '../../support/factories';
import { BY_CARD, BY_POINTS_AND_CARD, createSoldShow, FREE } from '../../support/soldShow';
import { createFixture, type Fixture } from '../../support/fixture';
import { aGrant } from '../../support/steps';
import { advisoryLocksWaitedFor, locksWaitedFor } from '../../support/waiting';

let fixture: Fixture;
let activities: Activities;
let cancelling: Cancelling;

beforeAll(async () => {
  fixture = await createFixture();
  activities = createActivities(fixture.dependencies);
  cancelling = createCancelling(fixture, activities);
});

afterEach(async () => fixture.endTest());

afterAll(async () => fixture?.drop());

const shows = () => createShowCancellationStore(fixture.database.db);

/** Closes the sale as the API does. */
async function close(
  scheduleId: string,
  {
    reason = 'The singer is ill',
    refundsPerSecond = 10,
  }: { reason?: string; refundsPerSecond?: number } = {},
): Promise<void> {
  await fixture.database.db.transaction(async (transaction) =>
    createShowCancellationStore(transaction).open({ scheduleId, reason, refundsPerSecond }),
  );
}

async function aRecordedHold() {
  const sale = await createSale(fixture.database.owner);
  const hold = aGrant(sale, await createUser(fixture.database.owner, 50_000), sale.seatIds);
  return { ...sale, hold };
}

describe('closing the sale of a show permanently', () => {
  it('a second time changes nothing: reason, time and settings are those of the first time', async () => {
    const { scheduleId } = await createSale(fixture.database.owner);
    await close(scheduleId);
    const first = await shows().find(scheduleId);

    await close(scheduleId, { reason: 'Rain', refundsPerSecond: 99 });

    expect(await shows().find(scheduleId)).toEqual(first);
    expect(first).toMatchObject({
      scheduleId,
      reason: 'The singer is ill',
      finishedAt: null,
      paused: false,
      refundsPerSecond: 10,
    });
  });

  it('waits for a hold that is being recorded, and the first walk finds it', async () => {
    const { scheduleId, hold } = await aRecordedHold();
    // The hold has read that the sale is open, and stops before its row is written.
    const lock = await lockRows(fixture.database.owner, 'LOCK TABLE reservations', []);
    const holding = fixture.grant(hold);
    await lock.blocks();
    let isClosed = false;
    const closing = close(scheduleId).then(() => (isClosed = true));
    await someoneWaitsForTheSale();
    expect(isClosed).toBe(false);

    await lock.release();

    await holding;
    await closing;
    const page = { scheduleId, statuses: ['HELD'] as const, after: null, limit: 10 };
    expect(await shows().page(page)).toEqual([hold.reservationId]);
  });

  it('rejects a hold that comes while it is under way', async () => {
    const { scheduleId, hold } = await aRecordedHold();
    const closing = await fixture.database.db.transaction();
    await createShowCancellationStore(closing).open({ scheduleId, reason: null, refundsPerSecond: 1 });
    const holding = fixture.grant(hold).catch((error: unknown) => error);
    await someoneWaitsForTheSale();

    await closing.commit();

    expect(await holding).toMatchObject({ slug: 'sale-not-open', members: { cancelled: true } });
  });

  it('does not make the holds of different users wait for each other', async () => {
    const { scheduleId } = await createSale(fixture.database.owner);
    const users = [await createUser(fixture.database.owner), await createUser(fixture.database.owner)];
    const transactions = [await fixture.database.db.transaction(), await fixture.database.db.transaction()];

    const locked = transactions.map(async (transaction, index) =>
      createHoldStore(transaction).lock({
        reservationId: randomUUID(),
        userId: users[index] ?? '',
        scheduleId,
      }),
    );

    await expect(Promise.all(locked)).resolves.toBeDefined();
    await Promise.all(transactions.map(async (transaction) => transaction.rollback()));
  });

  it('rejects the payment of an open hold, and takes no points for it', async () => {
    const { scheduleId, hold } = await aRecordedHold();
    await fixture.grant(hold);
    await close(scheduleId);

    await expect(activities.openPayment((await fixture.request(hold)).paymentId)).rejects.toMatchObject({
      slug: 'sale-not-open',
    });

    expect(await fixture.books.balance(hold.userId)).toBe(50_000);
    expect(await fixture.books.reservationStatus(hold.reservationId)).toBe('HELD');
  });
});

describe('the requests of the organiser', () => {
  it('are recorded once for each sold reservation, even by two callers at the same time', async () => {
    const { sold } = await createSoldShow(fixture.database.owner, fixture.gateway, 5, [FREE]);
    const ids = sold.map((one) => one.reservationId);
    const requests = createCancellationRequestStore(fixture.database.db);

    const [first, second] = await Promise.all([requests.requestAll(ids), requests.requestAll(ids)]);

    const again = await requests.requestAll(ids);
    const idsOf = (found: typeof again) => found.map((one) => one.cancellationId).toSorted();
    expect(again.map((one) => one.reservationId).toSorted()).toEqual(ids);
    expect(new Set([...idsOf(first), ...idsOf(second)])).toEqual(new Set(idsOf(again)));
    await activities.cancelReservation(again[0]?.cancellationId ?? '');
    expect(await requests.requestAll(ids)).toHaveLength(4);
  });

  it('are not recorded for a reservation that is not sold', async () => {
    const { hold } = await aRecordedHold();
    await fixture.grant(hold);

    const requests = createCancellationRequestStore(fixture.database.db);

    expect(await requests.requestAll([hold.reservationId])).toEqual([]);
  });

  it('of a page wait for the pause of an operator, and none is recorded after the pause', async () => {
    const { scheduleId, sold } = await createSoldShow(fixture.database.owner, fixture.gateway, 1, [FREE]);
    await close(scheduleId);
    const pausing = await fixture.database.db.transaction();
    await createShowCancellationStore(pausing).adjust(scheduleId, { paused: true });
    const seeing = activities.startCancellations({ scheduleId, after: null });
    await someoneWaitsForARow();

    await pausing.commit();

    expect(await seeing).toMatchObject({ paused: true, reservations: 0 });
    const ids = sold.map((one) => one.reservationId);
    const recorded = fixture.database.owner('cancellation_requests').whereIn('reservation_id', ids);
    expect(await recorded).toEqual([]);
  });
});

describe('the progress of a show', () => {
  it('counts each sold reservation once, and shows what is refunded and due, in points and by card', async () => {
    const { scheduleId, sold } = await createSoldShow(fixture.database.owner, fixture.gateway, 4, [
      BY_POINTS_AND_CARD,
      BY_CARD,
      FREE,
    ]);
    const total = { points: sumOf(sold, 'points'), card: sumOf(sold, 'card') };
    expect(await shows().progress(scheduleId)).toMatchObject({
      due: total,
      refunded: { points: 0, card: 0 },
    });
    const first = sold.find((one) => one.points > 0);
    const free = sold.find((one) => one.card === 0);

    const { cancellationId } = await cancelling.cancel(first?.reservationId ?? '');
    await cancelling.cancel(free?.reservationId ?? '');

    expect(await shows().progress(scheduleId)).toEqual({
      counts: {
        reservations: 4,
        refunded: 1,
        refunding: 1,
        failing: 0,
        toDo: 2,
        cancelledByCustomer: 0,
        openHolds: 0,
      },
      refunded: { points: first?.points, card: 0 },
      due: { points: total.points - (first?.points ?? 0), card: total.card },
      currency: 'KRW',
    });
    await cancelling.refund(cancellationId);
    expect(await shows().progress(scheduleId)).toMatchObject({
      counts: { refunded: 2, refunding: 0 },
      refunded: { points: first?.points, card: first?.card },
    });
  });

  it('lists failing refunds page by page', async () => {
    const { scheduleId, sold } = await createSoldShow(fixture.database.owner, fixture.gateway, 3, [BY_CARD]);
    const ids = sold.map((one) => one.reservationId);
    fixture.gateway.scriptRefunds('refuse', 'refuse', 'refuse');
    const due: string[] = [];
    for (const reservationId of ids) {
      const { cancellationId } = await cancelling.cancel(reservationId);
      await activities.refundCard({ cancellationId, attempt: 1 });
      due.push(cancellationId);
    }

    const first = await shows().failing(scheduleId, { limit: 2 });
    const second = await shows().failing(scheduleId, { limit: 2, after: first.at(-1)?.reservationId });

    expect([...first, ...second].map((one) => one.reservationId)).toEqual(ids);
    for (const cancellationId of due) await cancelling.refund(cancellationId, 2);
  });
});

const sumOf = <Key extends string>(rows: readonly Record<Key, number>[], key: Key): number =>
  rows.reduce((sum, row) => sum + row[key], 0);

const someoneWaitsForARow = async (): Promise<void> =>
  eventually(async () => expect(await locksWaitedFor(fixture.database.owner)).toBeGreaterThan(0));

const someoneWaitsForTheSale = async (): Promise<void> =>
  eventually(async () => expect(await advisoryLocksWaitedFor(fixture.database.owner)).toBeGreaterThan(0));
