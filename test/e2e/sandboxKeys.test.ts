import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { eventually } from '../support/eventually';
import * as contract from './contract';
import { expectAnswer, expectProblem, type User } from './client';
import { expectHold, PRICES, R_TOTAL, seatStatus } from './sale';
import { START_MS, startService, type Service } from './service';

/** A silent gateway takes about 7 s: two tries of 3 s, each with a look-up. */
const SLOW_MS = 40_000;
const POINTS = 20_000;
const CARD = R_TOTAL - POINTS;

let service: Service;

beforeAll(async () => {
  service = await startService();
}, START_MS);
afterAll(async () => service.end(), START_MS);

async function payWith(paymentKey: string) {
  const [sale, user] = await Promise.all([service.openSale(), service.buyer(PRICES.R)]);
  const [seatId = ''] = sale.seatIds;
  const { reservationId } = await expectHold(user, [seatId]);
  const attempt = { points: POINTS, paymentKey, key: randomUUID() };
  const reply = await user.pay(reservationId, attempt);
  return { ...sale, user, seatId, reservationId, attempt, reply };
}

/** The charges in the book that have money, or had it. */
async function moneyTaken(reservationId: string) {
  const charges = await service.charges(reservationId);
  return charges.flatMap((line) =>
    line.status === 'CAPTURED' || line.status === 'REFUNDED'
      ? [{ status: line.status, amount: line.amount }]
      : [],
  );
}

/** The accepted messages about a payment, by type. */
async function eventsAbout(paymentId: string): Promise<{ type: string }[]> {
  const events = service.stack.ownerDb('webhook_events').where({ attempt_id: paymentId });
  return events.orderBy('type').select<{ type: string }[]>('type');
}

describe('A payment that the gateway approves in the end is paid once', () => {
  it.each([
    'sandbox:approve',
    'sandbox:slow:500',
    'sandbox:flaky:1',
    'sandbox:flaky:2',
    'sandbox:error-after-charge',
    'sandbox:timeout-after-charge',
    'sandbox:authorise',
    'sandbox:authorise-timeout',
  ])(
    '%s',
    async (paymentKey) => {
      const { user, reservationId, scheduleId, seatId, reply } = await payWith(paymentKey);

      expect(expectAnswer(reply, 200, contract.paid).amount).toMatchObject({ points: POINTS, card: CARD });
      expect(await user.balance()).toBe(PRICES.R - POINTS);
      expect(await moneyTaken(reservationId)).toEqual([{ status: 'CAPTURED', amount: CARD }]);
      expect(await seatStatus(user, scheduleId, seatId)).toBe('SOLD');
    },
    SLOW_MS,
  );
});

describe('A payment that the gateway refuses or fails returns the points before its response', () => {
  it.each([
    'sandbox:decline',
    'sandbox:insufficient-funds',
    'sandbox:error-500',
    'sandbox:timeout',
    'sandbox:flaky:9',
    'sandbox:authorise-refused',
    'sandbox:no-such-key',
  ])(
    '%s',
    async (paymentKey) => {
      const { user, reservationId, scheduleId, seatId, reply } = await payWith(paymentKey);

      expectProblem(reply, 500, 'payment-failed');
      expect(await user.balance()).toBe(PRICES.R);
      expect(await moneyTaken(reservationId)).toEqual([]);
      expect(await seatStatus(user, scheduleId, seatId)).toBe('HELD');
      expectAnswer(await user.pay(reservationId, { points: POINTS }), 200, contract.paid);
    },
    SLOW_MS,
  );

  it(
    'sandbox:slow:8000, whose charge arrives after the payment has failed, finds its key voided',
    async () => {
      const { user, reservationId, reply } = await payWith('sandbox:slow:8000');

      expectProblem(reply, 500, 'payment-failed');
      expect(await user.balance()).toBe(PRICES.R);
      expect(await moneyTaken(reservationId)).toEqual([]);
      // The audit at the end of this suite checks again, after the late charge.
    },
    SLOW_MS,
  );
});

/** The outcome of a payment that was not settled at once. */
const settled = async (user: User, paymentId: string) =>
  eventually(async () => {
    const payment = expectAnswer(await user.get(`/v1/payments/${paymentId}`), 200, contract.payment);
    expect(payment.status).not.toBe('SETTLING');
    return payment.status;
  }, SLOW_MS);

describe('A charge whose state the gateway cannot report', () => {
  it.each(['sandbox:late-look-up:6000', 'sandbox:outage:6000'])(
    '%s keeps the seat until the gateway can, is paid once, and then its key gets the final response',
    async (paymentKey) => {
      const { user, reservationId, scheduleId, seatId, attempt, reply } = await payWith(paymentKey);
      const { paymentId } = expectAnswer(reply, 202, contract.settling);
      expect(await seatStatus(user, scheduleId, seatId)).toBe('HELD');

      expect(await settled(user, paymentId)).toBe('SUCCEEDED');
      expect(await moneyTaken(reservationId)).toEqual([{ status: 'CAPTURED', amount: CARD }]);
      await eventually(async () =>
        expect(await eventsAbout(paymentId)).toEqual([{ type: 'charge.captured' }]),
      );
      const again = expectAnswer(await user.pay(reservationId, attempt), 200, contract.paid);
      expect(again.paymentId).toBe(paymentId);
    },
    SLOW_MS,
  );
});

describe('The messages of the gateway', () => {
  it.each([
    'sandbox:webhook',
    'sandbox:webhook-twice',
    'sandbox:webhook-late:1000',
    'sandbox:webhook-out-of-order',
  ])(
    '%s are accepted once each, and change nothing that is right',
    async (paymentKey) => {
      const { user, reservationId, reply } = await payWith(paymentKey);
      const { paymentId } = expectAnswer(reply, 200, contract.paid);
      expectAnswer(await user.cancel(reservationId), 200, contract.cancelled);

      await eventually(async () =>
        expect(await eventsAbout(paymentId)).toEqual([
          { type: 'charge.captured' },
          { type: 'charge.refunded' },
        ]),
      );
      expect(await user.balance()).toBe(PRICES.R);
    },
    SLOW_MS,
  );

  it('sandbox:webhook-badly-signed are rejected, and the payment does not need them', async () => {
    const { reservationId, reply } = await payWith('sandbox:webhook-badly-signed');
    const { paymentId } = expectAnswer(reply, 200, contract.paid);

    await eventually(async () =>
      expect(await readFile(service.stack.api.logFile, 'utf8')).toContain('"reason":"bad-signature"'),
    );
    expect(await eventsAbout(paymentId)).toEqual([]);
    expect(await moneyTaken(reservationId)).toEqual([{ status: 'CAPTURED', amount: CARD }]);
  });

  it('are not sent about an outcome that a response has reported', async () => {
    const { reply } = await payWith('sandbox:approve');
    const { paymentId } = expectAnswer(reply, 200, contract.paid);
    const later = await payWith('sandbox:webhook');
    const { paymentId: told } = expectAnswer(later.reply, 200, contract.paid);

    await eventually(async () => expect(await eventsAbout(told)).toHaveLength(1));
    expect(await eventsAbout(paymentId)).toEqual([]);
  });
});

describe('The reason of a refused charge', () => {
  it.each([
    ['sandbox:decline', 'card-declined'],
    ['sandbox:insufficient-funds', 'insufficient-funds'],
  ])('%s is %s', async (paymentKey, reason) => {
    const { reply } = await payWith(paymentKey);

    expectProblem(reply, 500, 'payment-failed', { reason });
  });
});
