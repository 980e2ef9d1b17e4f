import { randomUUID } from 'node:crypto';
import { createActivities, type Activities } from '../../src/activities';
import type { CloseShowInput } from '../../src/activities/showCancellations';
import { createHoldStore } from '../../src/db/holdStore';
import { createShowCancellationStore } from '../../src/db/showCancellationStore';
import { lockRows } from '../chaos/rowLock';
import { eventually } from '../support/eventually';
import { createSale, createUser } from '../support/factories';
import { BY_CARD, BY_POINTS_AND_CARD, createSoldShow, FREE } from '../support/soldShow';
import { layGround, type Ground } from '../support/stage';
import { aGrant } from '../support/steps';

let ground: Ground;
let activities: Activities;

beforeAll(async () => {
  ground = await layGround();
  activities = createActivities(ground.dependencies);
});

afterEach(async () => ground.endTest());

afterAll(async () => ground?.drop());

const shows = () => createShowCancellationStore(ground.database.db);

function aClose(scheduleId: string, change: Partial<CloseShowInput> = {}): CloseShowInput {
  const settings = { paused: false, refundsPerSecond: 10 };
  return { scheduleId, reason: 'The singer is ill', settings, closedAt: Date.now(), ...change };
}

async function aRecordedHold() {
  const sale = await createSale(ground.database.owner);
  const hold = aGrant(sale, await createUser(ground.database.owner, 50_000), sale.seatIds);
  return { ...sale, hold };
}

describe('closing the sale of a show for good', () => {
  it('run again, changes nothing: reason, time and settings are those of the first time', async () => {
    const { scheduleId } = await createSale(ground.database.owner);
    const first = aClose(scheduleId);
    await activities.closeShow(first);

    const settings = { paused: true, refundsPerSecond: 99 };
    const again = await activities.closeShow(aClose(scheduleId, { reason: 'Rain', settings, closedAt: 0 }));

    expect(again).toEqual(first.settings);
    expect(await shows().find(scheduleId)).toEqual({
      scheduleId,
      reason: first.reason,
      startedAt: new Date(first.closedAt),
      finishedAt: null,
      ...first.settings,
    });
  });

  it('waits for a hold that is being recorded, and the first walk finds it', async () => {
    const { scheduleId, hold } = await aRecordedHold();
    // The hold has read that the sale is open, and stops before it is written.
    const lock = await lockRows(ground.database.owner, 'LOCK TABLE reservations', []);
    const holding = ground.grant(hold);
    await lock.blocks();
    let isClosed = false;
    const closing = activities.closeShow(aClose(scheduleId)).then(() => (isClosed = true));
    await someoneWaitsForTheSale();
    expect(isClosed).toBe(false);

    await lock.release();

    await holding;
    await closing;
    const page = { scheduleId, statuses: ['HELD'] as const, after: null, limit: 10 };
    expect(await shows().page(page)).toEqual([hold.reservationId]);
  });

  it('refuses a hold that comes while it is under way', async () => {
    const { scheduleId, hold } = await aRecordedHold();
    const closing = await ground.database.db.transaction();
    await createShowCancellationStore(closing).open({
      scheduleId,
      reason: null,
      startedAt: new Date(),
      paused: false,
      refundsPerSecond: 1,
    });
    const holding = ground.grant(hold).catch((error: unknown) => error);
    await someoneWaitsForTheSale();

    await closing.commit();

    expect(await holding).toMatchObject({ slug: 'sale-not-open', members: { cancelled: true } });
  });

  it('lets holds of other users share the sale meanwhile', async () => {
    const { scheduleId } = await createSale(ground.database.owner);
    const users = [await createUser(ground.database.owner), await createUser(ground.database.owner)];
    const transactions = [await ground.database.db.transaction(), await ground.database.db.transaction()];

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

  it('refuses the payment of a hold that still runs, and takes no points for it', async () => {
    const { scheduleId, hold } = await aRecordedHold();
    await ground.grant(hold);
    await activities.closeShow(aClose(scheduleId));

    await expect(activities.openPayment((await ground.request(hold)).paymentId)).rejects.toMatchObject({
      slug: 'sale-not-open',
    });

    expect(await ground.books.balance(hold.userId)).toBe(50_000);
    expect(await ground.books.reservationStatus(hold.reservationId)).toBe('HELD');
  });
});

describe('the progress of a show', () => {
  it('counts each sold reservation once, and what is back and due of each kind of money', async () => {
    const { scheduleId, sold } = await createSoldShow(ground.database.owner, ground.gateway, 4, [
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

    for (const one of [first, free]) await cancel(one?.reservationId ?? '');

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
    await refund(first?.reservationId ?? '', 1);
    expect(await shows().progress(scheduleId)).toMatchObject({
      counts: { refunded: 2, refunding: 0 },
      refunded: { points: first?.points, card: first?.card },
    });
  });

  it('lists failing refunds page by page', async () => {
    const { scheduleId, sold } = await createSoldShow(ground.database.owner, ground.gateway, 3, [BY_CARD]);
    const ids = sold.map((one) => one.reservationId);
    ground.gateway.scriptRefunds('refuse', 'refuse', 'refuse');
    for (const reservationId of ids) {
      await cancel(reservationId);
      await activities.refundCard({ reservationId, attempt: 1 });
    }

    const first = await shows().failing(scheduleId, { limit: 2 });
    const second = await shows().failing(scheduleId, { limit: 2, after: first.at(-1)?.reservationId });

    expect([...first, ...second].map((one) => one.reservationId)).toEqual(ids);
    for (const reservationId of ids) await refund(reservationId, 2);
  });
});

async function cancel(reservationId: string): Promise<void> {
  const acceptedAt = Date.now();
  await activities.cancelReservation({ reservationId, cause: 'ORGANISER', requestId: null, acceptedAt });
}

async function refund(reservationId: string, attempt: number): Promise<void> {
  const word = await activities.refundCard({ reservationId, attempt });
  if (word.outcome !== 'refunded') throw new Error(`the refund is ${word.outcome}`);
  const { gatewayRefundId, refundedAt } = word;
  await activities.completeRefund({ reservationId, attempt, gatewayRefundId, refundedAt });
}

const sumOf = <Key extends string>(rows: readonly Record<Key, number>[], key: Key): number =>
  rows.reduce((sum, row) => sum + row[key], 0);

async function someoneWaitsForTheSale(): Promise<void> {
  await eventually(async () => {
    const { rows } = await ground.database.owner.raw<{ rows: unknown[] }>(
      `SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    );
    if (rows.length === 0) throw new Error('nobody waits for the sale');
  });
}
