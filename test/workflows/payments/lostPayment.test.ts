import { createActivities, type Activities } from '../../../src/activities';
import type { PaymentStep } from '../../support/steps';
import { chargeOfPayment } from '../../../src/gateways/chargeRequest';
import { anAttempt, PRICE } from '../../support/factories';
import { holdNewSale, type OnHold } from '../../support/holdNewSale';
import { createTestbed, type Testbed } from '../../support/testbed';

let testbed: Testbed;
let activities: Activities;

beforeAll(async () => {
  testbed = await createTestbed();
  activities = createActivities(testbed.dependencies);
}, 60_000);

afterEach(async () => testbed.endTest());

afterAll(async () => testbed?.drop());

/** How far an attempt was when everything was killed and the server lost its update. */
const FAR: [string, (step: PaymentStep) => Promise<unknown>][] = [
  ['had taken the points', async () => undefined],
  ['had charged the card', charge],
  ['was settling', async (step) => activities.markSettling(step.paymentId)],
  [
    'was about to be undone',
    async (step) => {
      await charge(step);
      await activities.failPayment({ paymentId: step.paymentId, reason: 'lost', mayBeCharged: true });
    },
  ],
];

async function charge(step: PaymentStep): Promise<void> {
  await activities.chargeCard(chargeOfPayment(step));
}

async function lose(
  { sale, userId, reservationId }: OnHold,
  goOn: (typeof FAR)[number][1],
): Promise<PaymentStep> {
  const step = await testbed.request({ ...sale, reservationId, userId });
  await activities.openPayment(step.paymentId);
  await goOn(step);
  return step;
}

describe.each(FAR)('a payment whose update was lost when it %s', (_case, goOn) => {
  it('is undone before the next attempt', async () => {
    const onHold = await holdNewSale(testbed);
    const lost = await lose(onHold, goOn);

    const paid = await testbed.temporal.reservations.pay(onHold.reservationId, anAttempt());

    expect(paid).toMatchObject({ status: 'SUCCEEDED' });
    expect(await testbed.books.balance(onHold.userId)).toBe(0);
    expect(testbed.gateway.taken(lost.paymentId)).toBe(0);
    expect(await testbed.books.payment(lost.paymentId)).toMatchObject({ status: 'FAILED' });
  });

  it('is undone before the hold ends', async () => {
    const onHold = await holdNewSale(testbed);
    const lost = await lose(onHold, goOn);

    expect(await testbed.temporal.handle(onHold.reservationId).result()).toMatchObject({ status: 'EXPIRED' });

    expect(await testbed.books.balance(onHold.userId)).toBe(PRICE);
    expect(testbed.gateway.taken(lost.paymentId)).toBe(0);
    expect(await testbed.books.seat(onHold.sale.seatId)).toBe('AVAILABLE');
  });
});
