import { createActivities, type Activities } from '../../../src/activities';
import type { PaymentStep } from '../../support/steps';
import { chargeOfPayment } from '../../../src/gateways/chargeRequest';
import { anAttempt, PRICE } from '../../support/factories';
import { holdOnStage, type OnHold } from '../../support/holdOnStage';
import { buildStage, type Stage } from '../../support/stage';

let stage: Stage;
let activities: Activities;

beforeAll(async () => {
  stage = await buildStage();
  activities = createActivities(stage.dependencies);
}, 60_000);

afterEach(async () => stage.endTest());

afterAll(async () => stage?.drop());

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
  const step = await stage.request({ ...sale, reservationId, userId });
  await activities.openPayment(step.paymentId);
  await goOn(step);
  return step;
}

describe.each(FAR)('a payment whose update was lost when it %s', (_case, goOn) => {
  it('is undone before the next attempt', async () => {
    const onHold = await holdOnStage(stage);
    const lost = await lose(onHold, goOn);

    const paid = await stage.temporal.reservations.pay(onHold.reservationId, anAttempt());

    expect(paid).toMatchObject({ status: 'SUCCEEDED' });
    expect(await stage.books.balance(onHold.userId)).toBe(0);
    expect(stage.gateway.taken(lost.paymentId)).toBe(0);
    expect(await stage.books.payment(lost.paymentId)).toMatchObject({ status: 'FAILED' });
  });

  it('is undone before the hold ends', async () => {
    const onHold = await holdOnStage(stage);
    const lost = await lose(onHold, goOn);

    expect(await stage.temporal.handle(onHold.reservationId).result()).toMatchObject({ status: 'EXPIRED' });

    expect(await stage.books.balance(onHold.userId)).toBe(PRICE);
    expect(stage.gateway.taken(lost.paymentId)).toBe(0);
    expect(await stage.books.seat(onHold.sale.seatId)).toBe('AVAILABLE');
  });
});
