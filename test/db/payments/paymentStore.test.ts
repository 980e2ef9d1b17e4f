import { createPaymentSteps, type PaymentSteps } from '../../../src/db/payments/paymentSteps';
import { createPaymentStore, type PaymentStore } from '../../../src/db/payments/paymentStore';
import { createSale, createUser, insertTicket, PRICE } from '../../support/factories';
import { createFixture, type Fixture } from '../../support/fixture';
import { aGrant } from '../../support/steps';
import { untilAStatementWaits } from '../../support/waiting';

let fixture: Fixture;
let store: PaymentStore;
let steps: PaymentSteps;

beforeAll(async () => {
  fixture = await createFixture();
  store = createPaymentStore(fixture.database.db);
  steps = createPaymentSteps(fixture.database.db);
});

afterAll(async () => fixture?.drop());

async function aRecordedHold() {
  const { owner } = fixture.database;
  const sale = await createSale(owner);
  const hold = aGrant(sale, await createUser(owner, PRICE), sale.seatIds);
  await fixture.grant(hold);
  return { sale, hold };
}

const charge = { gatewayPaymentId: 'gateway-1', approvedAt: new Date('2030-01-01T00:00:00.000Z') };

describe('an attempt to pay', () => {
  it('that is requested again while the sweep withdraws forgotten attempts is not withdrawn', async () => {
    const { paymentId } = await fixture.request((await aRecordedHold()).hold);
    const { db, owner } = fixture.database;
    const long = new Date(Date.now() - 3_600_000);
    await owner('payments').where({ id: paymentId }).update({ created_at: long });
    const again = await db.transaction();
    await again('payments').where({ id: paymentId }).update({ created_at: new Date() });

    const withdrawing = store.withdrawForgotten(new Date(long.getTime() + 1), 100);
    await untilAStatementWaits(owner);
    await again.commit();

    expect(await withdrawing).toBe(0);
    expect(await store.find(paymentId)).toMatchObject({ status: 'REQUESTED' });
  });

  it('that has begun cannot be withdrawn', async () => {
    const { paymentId } = await fixture.request((await aRecordedHold()).hold);
    await steps.open(paymentId);

    expect(await store.withdraw(paymentId)).toBe(false);
    expect(await store.find(paymentId)).toMatchObject({ status: 'PENDING' });
  });

  it('that succeeded cannot fail any more', async () => {
    const { paymentId } = await fixture.request((await aRecordedHold()).hold);
    await steps.open(paymentId);
    await steps.confirm({ paymentId, ...charge });

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
    const { owner } = fixture.database;
    const succeed = async (paymentId: string) =>
      owner('payments').where({ id: paymentId }).update({ status: 'SUCCEEDED' });
    await succeed(first.paymentId);

    await expect(succeed(second.paymentId)).rejects.toMatchObject({
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
    await steps.open(second.paymentId);
    expect(await latest()).toBe(second.paymentId);

    await steps.confirm({ paymentId: second.paymentId, ...charge });
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
    const { owner } = fixture.database;
    const issue = async ({ reservationId, userId }: Pick<typeof hold, 'reservationId' | 'userId'>) =>
      insertTicket(owner, { reservationId, userId, seatId: sale.seatId });
    await issue(hold);

    await expect(issue(rival.hold)).rejects.toMatchObject({ constraint: 'one_live_ticket_per_seat' });
  });
});
