import { readFile } from 'node:fs/promises';
import Stripe from 'stripe';
import { z } from 'zod';
import { SECRET_KEY, startStandIn, type Fault, type StandIn } from '../gateways/stripe/standIn';
import { CARD, type Card } from '../gateways/stripe/standInAccount';
import { openBooks, type Books } from '../support/books';
import { eventually } from '../support/eventually';
import * as contract from './contract';
import { expectAnswer, expectProblem, expectStatus, type User } from './client';
import { expectHold, R_TOTAL, seatStatus } from './sale';
import { START_MS, startService, type Service } from './service';

const WEBHOOK_SECRET = 'whsec_of_the_whole_stack';
/** A few tries of 3.4 s, each with a look-up. */
const SLOW_MS = 40_000;

let stripe: StandIn;
let service: Service;
let books: Books;

beforeAll(async () => {
  stripe = await startStandIn();
  service = await startService({
    PAYMENT_GATEWAY: 'stripe',
    STRIPE_API_URL: stripe.url,
    STRIPE_SECRET_KEY: SECRET_KEY,
    STRIPE_WEBHOOK_SECRET: WEBHOOK_SECRET,
  });
  books = openBooks(service.stack.ownerDb);
}, START_MS);
afterAll(async () => {
  await service.temporal.connection.close();
  await service.stack.stop();
  await stripe.stop();
}, START_MS);

/** A buyer without points who holds one seat of grade R. The card pays all of it. */
async function holder() {
  const [sale, user] = await Promise.all([service.openSale(), service.buyer()]);
  const [seatId = ''] = sale.seatIds;
  const { reservationId } = await expectHold(user, [seatId]);
  const pay = async (card: Card = CARD.visa) =>
    user.pay(reservationId, { points: 0, paymentKey: stripe.account.aPaymentMethod(card) });
  return { ...sale, user, seatId, reservationId, pay };
}

const statusOf = async (user: User, paymentId: string) =>
  expectAnswer(await user.get(`/v1/payments/${paymentId}`), 200, contract.payment).status;

const intentsOf = (reservationId: string) =>
  stripe.account.intents.filter(({ metadata }) => metadata['order'] === reservationId);

describe('With PAYMENT_GATEWAY=stripe, a payment', () => {
  it('reserves the money, captures it, and sells the seat', async () => {
    const { user, reservationId, scheduleId, seatId, pay } = await holder();

    const paid = expectAnswer(await pay(), 200, contract.paid);

    expect(paid.amount).toMatchObject({ points: 0, card: R_TOTAL });
    expect(intentsOf(reservationId)).toMatchObject([
      { status: 'succeeded', amount_received: R_TOTAL, currency: 'krw' },
    ]);
    expect(await seatStatus(user, scheduleId, seatId)).toBe('SOLD');
  });

  it('without a payment key gets 400 that names it, and the hold continues', async () => {
    const { user, reservationId } = await holder();

    const problem = expectProblem(await user.pay(reservationId, { points: 0 }), 400, 'validation-failed');

    expect(problem['errors']).toMatchObject([{ path: 'paymentKey' }]);
    expect((await user.reservation(reservationId)).status).toBe('HELD');
  });

  it.each([
    [CARD.insufficientFunds, 'insufficient-funds'],
    [CARD.authenticationRequired, 'authentication-required'],
  ])('with %s gets 500 with the reason, and another card pays', async (card, reason) => {
    const { pay } = await holder();

    expectProblem(await pay(card), 500, 'payment-failed', { reason });

    expectAnswer(await pay(), 200, contract.paid);
  });

  it.each<Fault>(['lose', 'hang', 'error-500-after'])(
    'whose confirmation gets no response (%s) is looked up, and paid once',
    async (fault) => {
      const { reservationId, pay } = await holder();
      stripe.disturb('confirm', fault);

      expectAnswer(await pay(), 200, contract.paid);

      expect(intentsOf(reservationId)).toMatchObject([{ status: 'succeeded' }]);
    },
    SLOW_MS,
  );

  it.each<Fault>(['lose', 'cut'])(
    'whose capture gets no response (%s) is looked up, and captured once',
    async (fault) => {
      const { reservationId, pay } = await holder();
      stripe.disturb('capture', fault);

      expectAnswer(await pay(), 200, contract.paid);

      expect(intentsOf(reservationId)).toMatchObject([{ status: 'succeeded' }]);
    },
    SLOW_MS,
  );

  it(
    'whose state is unknown is SETTLING until Stripe reports it, then paid',
    async () => {
      const { user, pay } = await holder();
      stripe.disturb('confirm', 'lose');
      stripe.disturb('retrieve', 'cut', 'busy', 'error-500');

      const { paymentId } = expectAnswer(await pay(), 202, contract.settling);

      await eventually(async () => expect(await statusOf(user, paymentId)).toBe('SUCCEEDED'), SLOW_MS);
    },
    SLOW_MS,
  );

  it(
    'that Stripe fails permanently is blocked, and another attempt pays',
    async () => {
      const { reservationId, pay } = await holder();
      stripe.disturb('confirm', 'error-500');

      expectProblem(await pay(), 500, 'payment-failed', { reason: 'http-500' });

      expect(intentsOf(reservationId)).toMatchObject([{ status: 'canceled' }]);
      expectAnswer(await pay(), 200, contract.paid);
    },
    SLOW_MS,
  );
});

describe('With PAYMENT_GATEWAY=stripe, a card', () => {
  it('tops up the wallet', async () => {
    const user = await service.buyer();

    expectStatus(await user.topUp(10_000, { paymentKey: stripe.account.aPaymentMethod() }), 201);

    expect(await user.balance()).toBe(10_000);
  });

  it(
    'is refunded once when a reservation is cancelled, also if the response is lost',
    async () => {
      const { user, reservationId, pay } = await holder();
      expectAnswer(await pay(), 200, contract.paid);
      stripe.disturb('refund', 'lose');

      const reply = await user.post(`/v1/reservations/${reservationId}/cancellation`, {});

      const { refund } = z.object({ refund: z.object({ card: z.number().positive() }) }).parse(reply.body);
      const [intent] = intentsOf(reservationId);
      await eventually(async () => {
        expect(stripe.account.refunds.filter((made) => made.payment_intent === intent?.id)).toMatchObject([
          { amount: refund.card },
        ]);
        expect(await books.owedByGateway('stripe')).toBe(stripe.account.kept);
      }, SLOW_MS);
    },
    SLOW_MS,
  );
});

describe('A webhook of Stripe', () => {
  const payload = JSON.stringify({
    id: 'evt_1',
    object: 'event',
    type: 'payment_intent.succeeded',
    data: { object: { id: 'pi_unknown', metadata: { attempt: 'unknown' } } },
  });
  const send = async (secret: string, body = payload) =>
    service.client.call('POST', '/v1/webhooks/stripe', {
      body,
      headers: { 'stripe-signature': Stripe.webhooks.generateTestHeaderString({ payload, secret }) },
    });

  it('is accepted only if its exact bytes are signed with the secret', async () => {
    expectStatus(await send(WEBHOOK_SECRET), 200);
    expect((await send('whsec_another')).status).toBeGreaterThanOrEqual(400);
    expect(
      (await send(WEBHOOK_SECRET, JSON.stringify(JSON.parse(payload), null, 1))).status,
    ).toBeGreaterThanOrEqual(400);
  });
});

describe('In the end', () => {
  it('Stripe has kept the amount that the ledger says, and the books have no fault', async () => {
    await eventually(async () => {
      expect(stripe.account.kept).toBe(await books.owedByGateway('stripe'));
      expect(await books.faults()).toEqual([]);
    });
  });

  it('the logs contain no key, no secret and no payment method', async () => {
    const { api, worker } = service.stack;
    const logs = await Promise.all([api, worker].map(async ({ logFile }) => readFile(logFile, 'utf8')));
    const secrets = [
      SECRET_KEY,
      WEBHOOK_SECRET,
      ...stripe.account.intents.flatMap((one) => one.payment_method ?? []),
    ];

    expect(secrets.filter((secret) => logs.join('').includes(secret))).toEqual([]);
  });
});
