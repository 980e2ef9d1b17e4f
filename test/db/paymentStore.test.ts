import { createActivities, type Activities } from '../../src/activities';
import type { PaymentStep } from '../../src/activities/payments';
import { createPaymentStore, type PaymentStore } from '../../src/db/paymentStore';
import { createReservationTickets } from '../../src/db/reservationTickets';
import { createSale, createUser, PRICE } from '../support/factories';
import { layGround, type Ground } from '../support/stage';
import { aRecording, aStep } from '../support/steps';

let ground: Ground;
let activities: Activities;
let store: PaymentStore;

beforeAll(async () => {
  ground = await layGround();
  activities = createActivities(ground.dependencies);
  store = createPaymentStore(ground.database.db);
});

afterAll(async () => ground?.drop());

async function aRecordedHold() {
  const { owner } = ground.database;
  const sale = await createSale(owner);
  const hold = aRecording(sale, await createUser(owner, PRICE), sale.seatIds);
  await activities.recordHold(hold);
  return { sale, hold };
}

const attempted = (step: PaymentStep) => ({ ...step, gateway: 'sandbox' });

const charge = { gatewayPaymentId: 'gateway-1', approvedAt: new Date('2030-01-01T00:00:00.000Z') };

describe('an attempt to pay', () => {
  it('is opened once', async () => {
    const step = aStep((await aRecordedHold()).hold);

    expect(await store.open(attempted(step))).toMatchObject({ opened: true, status: 'PENDING' });
    expect(await store.open(attempted(step))).toMatchObject({ opened: false, status: 'PENDING' });
  });

  it('that failed cannot succeed any more', async () => {
    const step = aStep((await aRecordedHold()).hold);
    await store.open(attempted(step));
    await store.fail(step, 'no-answer');

    expect(await store.succeed(step.paymentId, charge)).toBe(false);
    expect(await store.find(step.paymentId)).toMatchObject({ status: 'FAILED', reason: 'no-answer' });
  });

  it('that succeeded cannot fail any more', async () => {
    const step = aStep((await aRecordedHold()).hold);
    await store.open(attempted(step));
    await store.succeed(step.paymentId, charge);

    expect(await store.fail(step, 'no-answer')).toBe('SUCCEEDED');
    expect(await store.find(step.paymentId)).toMatchObject({ status: 'SUCCEEDED', reason: null, ...charge });
  });

  it('keeps its first reason', async () => {
    const step = aStep((await aRecordedHold()).hold);
    await store.fail(step, 'card-declined');
    await store.fail(step, 'no-answer');

    expect(await store.find(step.paymentId)).toMatchObject({ reason: 'card-declined' });
  });

  it('is the only one of its reservation to succeed', async () => {
    const { hold } = await aRecordedHold();
    const [first, second] = [aStep(hold), aStep(hold)];
    await store.open(attempted(first));
    await store.open(attempted(second));
    await store.succeed(first.paymentId, charge);

    await expect(store.succeed(second.paymentId, charge)).rejects.toMatchObject({
      constraint: 'one_success_per_reservation',
    });
  });
});

describe('the attempt that counts', () => {
  it('is the newest, until one succeeds', async () => {
    const { hold } = await aRecordedHold();
    const [first, second, third] = [aStep(hold), aStep(hold), aStep(hold)];
    const latest = async () =>
      (await store.latestOf([hold.reservationId])).get(hold.reservationId)?.paymentId;
    await store.fail(first, 'card-declined');
    await store.open(attempted(second));
    expect(await latest()).toBe(second.paymentId);

    await store.succeed(second.paymentId, charge);
    await store.fail(third, 'card-declined');

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
    const tickets = createReservationTickets(ground.database.db);
    await tickets.issue(hold, sale.seatIds, new Date());

    await expect(tickets.issue(rival.hold, sale.seatIds, new Date())).rejects.toMatchObject({
      constraint: 'one_live_ticket_per_seat',
    });
  });
});
