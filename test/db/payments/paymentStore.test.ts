import type { Knex } from 'knex';
import { createPaymentStore, type PaymentStore } from '../../../src/db/payments/paymentStore';
import { createReservationTickets } from '../../../src/db/tickets/reservationTickets';
import { eventually } from '../../support/eventually';
import { anAttempt, createSale, createUser, PRICE } from '../../support/factories';
import { createFixture, type Fixture } from '../../support/fixture';
import { aGrant } from '../../support/steps';

let fixture: Fixture;
let store: PaymentStore;

beforeAll(async () => {
  fixture = await createFixture();
  store = createPaymentStore(fixture.database.db);
});

afterAll(async () => fixture?.drop());

async function aRecordedHold() {
  const { owner } = fixture.database;
  const sale = await createSale(owner);
  const hold = aGrant(sale, await createUser(owner, PRICE), sale.seatIds);
  await fixture.grant(hold);
  return { sale, hold };
}

/** Resolves when a statement waits for a row that another transaction writes. */
async function isWaiting(owner: Knex): Promise<void> {
  await eventually(async () => {
    const { rows } = await owner.raw<{ rows: unknown[] }>(
      `SELECT FROM pg_locks JOIN pg_stat_activity USING (pid)
       WHERE NOT granted AND datname = current_database()`,
    );
    expect(rows).toHaveLength(1);
  });
}

const charge = { gatewayPaymentId: 'gateway-1', approvedAt: new Date('2030-01-01T00:00:00.000Z') };

describe('an attempt to pay', () => {
  it('is opened once', async () => {
    const { paymentId } = await fixture.request((await aRecordedHold()).hold);

    expect(await store.open(paymentId)).toMatchObject({ opened: true, payment: { status: 'PENDING' } });
    expect(await store.open(paymentId)).toMatchObject({ opened: false, payment: { status: 'PENDING' } });
  });

  it('that is opened twice at the same time is opened once', async () => {
    const { paymentId } = await fixture.request((await aRecordedHold()).hold);
    const first = await fixture.database.db.transaction();
    await createPaymentStore(first).open(paymentId);
    const second = store.open(paymentId);
    await isWaiting(fixture.database.owner);
    await first.commit();

    expect(await second).toMatchObject({ opened: false, payment: { status: 'PENDING' } });
  });

  it('that is requested again while the sweep withdraws forgotten attempts is not withdrawn', async () => {
    const { paymentId } = await fixture.request((await aRecordedHold()).hold);
    const { db, owner } = fixture.database;
    const long = new Date(Date.now() - 3_600_000);
    await owner('payments').where({ id: paymentId }).update({ created_at: long });
    const again = await db.transaction();
    await again('payments').where({ id: paymentId }).update({ created_at: new Date() });

    const withdrawing = store.withdrawForgotten(new Date(long.getTime() + 1), 100);
    await isWaiting(owner);
    await again.commit();

    expect(await withdrawing).toBe(0);
    expect(await store.find(paymentId)).toMatchObject({ status: 'REQUESTED' });
  });

  it('that was withdrawn is not opened, until it is requested again', async () => {
    const { hold } = await aRecordedHold();
    const attempt = anAttempt();
    const { paymentId } = await fixture.request(hold, attempt);

    expect(await store.withdraw(paymentId)).toBe(true);
    expect(await store.open(paymentId)).toMatchObject({ opened: false, payment: { status: 'WITHDRAWN' } });
    await fixture.request(hold, attempt);
    expect(await store.open(paymentId)).toMatchObject({ opened: true });
  });

  it('that has begun cannot be withdrawn', async () => {
    const { paymentId } = await fixture.request((await aRecordedHold()).hold);
    await store.open(paymentId);

    expect(await store.withdraw(paymentId)).toBe(false);
    expect(await store.find(paymentId)).toMatchObject({ status: 'PENDING' });
  });

  it('that failed cannot succeed any more', async () => {
    const { paymentId } = await fixture.request((await aRecordedHold()).hold);
    await store.open(paymentId);
    await store.fail(paymentId, 'no-answer', true);

    expect(await store.succeed(paymentId, charge)).toBeNull();
    expect(await store.find(paymentId)).toMatchObject({ status: 'FAILED', reason: 'no-answer' });
  });

  it('that succeeded cannot fail any more', async () => {
    const { paymentId } = await fixture.request((await aRecordedHold()).hold);
    await store.open(paymentId);
    await store.succeed(paymentId, charge);

    expect(await store.fail(paymentId, 'no-answer', true)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await store.find(paymentId)).toMatchObject({ status: 'SUCCEEDED', reason: null, ...charge });
  });

  it('keeps its first reason', async () => {
    const { paymentId } = await fixture.request((await aRecordedHold()).hold);
    await store.fail(paymentId, 'card-declined', false);
    await store.fail(paymentId, 'no-answer', true);

    expect(await store.find(paymentId)).toMatchObject({ reason: 'card-declined' });
  });

  it('is the only one of its reservation to succeed', async () => {
    const { hold } = await aRecordedHold();
    const [first, second] = [await fixture.request(hold), await fixture.request(hold)];
    await store.open(first.paymentId);
    await store.open(second.paymentId);
    await store.succeed(first.paymentId, charge);

    await expect(store.succeed(second.paymentId, charge)).rejects.toMatchObject({
      constraint: 'one_success_per_reservation',
    });
  });
});

describe('the attempt that counts', () => {
  it('is the newest, until one succeeds', async () => {
    const { hold } = await aRecordedHold();
    const [first, second, third] = [
      await fixture.request(hold),
      await fixture.request(hold),
      await fixture.request(hold),
    ];
    const latest = async () =>
      (await store.latestOf([hold.reservationId])).get(hold.reservationId)?.paymentId;
    await store.fail(first.paymentId, 'card-declined', false);
    await store.open(second.paymentId);
    expect(await latest()).toBe(second.paymentId);

    await store.succeed(second.paymentId, charge);
    await store.fail(third.paymentId, 'card-declined', false);

    expect(await latest()).toBe(second.paymentId);
    expect((await store.allOf(hold.reservationId)).map((payment) => payment.paymentId)).toEqual([
      first.paymentId,
      second.paymentId,
      third.paymentId,
    ]);
  });
});

describe('a ticket', () => {
  it('is issued once for a seat', async () => {
    const { sale, hold } = await aRecordedHold();
    const rival = await aRecordedHold();
    const tickets = createReservationTickets(fixture.database.db);
    await tickets.issue(hold, sale.seatIds, new Date());

    await expect(tickets.issue(rival.hold, sale.seatIds, new Date())).rejects.toMatchObject({
      constraint: 'one_live_ticket_per_seat',
    });
  });
});
