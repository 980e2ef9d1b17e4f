import { randomUUID } from 'node:crypto';
import { eventually } from '../../support/eventually';
import { openShop, type TossShop } from './tossShop';

let shop: TossShop;
beforeAll(async () => {
  shop = await openShop();
});
beforeEach(() => shop.toss.reset());
afterAll(() => shop.stop());

const approvedWith = (paymentKey: string) => ({ outcome: 'approved', gatewayPaymentId: paymentKey });
const confirmations = () => shop.toss.requests.filter((line) => line.endsWith('/confirm'));

describe('A charge confirms the prepared payment of the payer', () => {
  it('once, with its time in UTC with milliseconds', async () => {
    const charge = shop.prepared();

    const outcome = await shop.gateway.charge(charge);

    expect(outcome).toMatchObject(approvedWith(charge.paymentKey));
    expect(outcome).toHaveProperty('approvedAt', expect.stringMatching(/T\d\d:\d\d:\d\d\.000Z$/));
    expect(shop.toss.payment(charge.paymentKey)).toMatchObject({ status: 'DONE', totalAmount: 2_000 });
    expect(await shop.gateway.lookUp(charge)).toEqual(outcome);
  });

  it('also when it is requested again, and many times at once', async () => {
    const charge = shop.prepared();

    const outcomes = await Promise.all(Array.from({ length: 10 }, () => shop.gateway.charge(charge)));

    expect(new Set(outcomes.map(({ outcome }) => outcome))).not.toContain('declined');
    expect(await shop.gateway.charge(charge)).toMatchObject(approvedWith(charge.paymentKey));
    expect(shop.toss.taken().filter(({ orderId }) => orderId.startsWith(charge.orderId))).toHaveLength(1);
  });

  it.each(['', '-1', '_second'])('whose order id is the id of the reservation plus %p', async (suffix) => {
    const orderId = randomUUID();
    const charge = shop.prepared({ orderId: `${orderId}${suffix}` }, { orderId });

    expect(await shop.gateway.charge(charge)).toMatchObject(approvedWith(charge.paymentKey));
  });

  it('whose order id begins with the payer, for a top-up', async () => {
    const topUpId = randomUUID();
    const payerId = randomUUID();
    const topUp = { idempotencyKey: topUpId, orderId: topUpId, payerId };
    const charge = shop.prepared({ orderId: `${payerId}-1` }, topUp);

    expect(await shop.gateway.charge(charge)).toMatchObject(approvedWith(charge.paymentKey));
  });

  it('and a later capture finds it and has nothing left to take', async () => {
    const charge = await shop.paid();

    expect(await shop.gateway.capture(charge, charge.paymentKey)).toEqual(await shop.gateway.lookUp(charge));
  });
});

describe('A payment that does not match the charge is declined, and nothing is confirmed', () => {
  const other = randomUUID();
  it.each([
    ['prepared for another order', { orderId: other }, 'payment-key-mismatch'],
    ['prepared for an order with a longer id', { orderId: `${other}x` }, 'payment-key-mismatch'],
    ['of another amount', { amount: 1_999 }, 'amount-differs'],
    ['of another currency', { currency: 'USD' }, 'amount-differs'],
    ['that the payer has not authenticated', { status: 'READY' }, 'payment-not-authenticated'],
    ['that has expired', { status: 'EXPIRED' }, 'payment-expired'],
    ['by bank transfer on another day', { method: '가상계좌' }, 'unsupported-method'],
    ['by mobile phone bill', { method: '휴대폰' }, 'unsupported-method'],
  ] as const)('one %s', async (_name, prepared, reason) => {
    const charge = shop.prepared(prepared);

    expect(await shop.gateway.charge(charge)).toEqual({ outcome: 'declined', reason });

    expect(confirmations()).toEqual([]);
    expect(shop.toss.payment(charge.paymentKey).approvedAt).toBeNull();
  });

  it('a payment for a top-up does not pay a reservation, nor the other way round', async () => {
    const payerId = randomUUID();
    const reservation = shop.prepared({ orderId: `${payerId}-1` }, { payerId });
    const topUpId = randomUUID();
    const reservationId = randomUUID();
    const topUp = shop.prepared(
      { orderId: `${reservationId}-1` },
      { idempotencyKey: topUpId, orderId: topUpId, payerId },
    );

    for (const charge of [reservation, topUp]) {
      expect(await shop.gateway.charge(charge)).toEqual({
        outcome: 'declined',
        reason: 'payment-key-mismatch',
      });
    }
    expect(confirmations()).toEqual([]);
  });

  it('one that Toss does not know', async () => {
    const charge = { ...shop.prepared(), paymentKey: 'made-up' };

    expect(await shop.gateway.charge(charge)).toEqual({ outcome: 'declined', reason: 'unknown-payment-key' });
    expect(await shop.gateway.lookUp(charge)).toEqual({ outcome: 'absent' });
  });

  it('no payment, and less than the minimum of a card, without a request to Toss', async () => {
    const { paymentKey, ...charge } = shop.prepared();
    const little = { ...charge, paymentKey, amount: 99 };

    expect(await shop.gateway.charge(charge)).toEqual({ outcome: 'declined', reason: 'payment-key-missing' });
    expect(await shop.gateway.charge(little)).toEqual({
      outcome: 'declined',
      reason: 'below-minimum-amount',
    });
    expect(shop.toss.requests).toEqual([]);
  });

  it('100 KRW are enough', async () => {
    const charge = shop.prepared({}, { amount: 100 });

    expect(await shop.gateway.charge(charge)).toMatchObject({ outcome: 'approved' });
  });
});

describe('A payment by virtual account', () => {
  it('is cancelled at once if the method shows only after the confirmation: its money would come days later or never', async () => {
    const charge = shop.prepared({ method: '가상계좌' });
    const hidden = { ...shop.toss.payment(charge.paymentKey), method: null };
    shop.toss.next('look', { kind: 'lie', status: 200, body: hidden });

    expect(await shop.gateway.charge(charge)).toEqual({ outcome: 'declined', reason: 'unsupported-method' });

    expect(shop.toss.payment(charge.paymentKey)).toMatchObject({ status: 'CANCELED', approvedAt: null });
    expect(await shop.gateway.lookUp(charge)).toEqual({ outcome: 'declined', reason: 'voided' });
  });

  it('that waits for its deposit is absent in a look-up, and a void closes it and returns nothing', async () => {
    const charge = shop.prepared({ status: 'WAITING_FOR_DEPOSIT', method: '가상계좌' });

    expect(await shop.gateway.lookUp(charge)).toEqual({ outcome: 'absent' });
    expect(await shop.gateway.void(charge, 'lost')).toEqual({ outcome: 'voided', returned: 0 });
    expect(shop.toss.payment(charge.paymentKey).status).toBe('CANCELED');
  });
});

describe('A refusal of the card', () => {
  it('is declined with a reason, and stays declined under its key', async () => {
    const charge = shop.prepared({ refusal: { status: 403, code: 'REJECT_CARD_PAYMENT' } });
    const declined = { outcome: 'declined', reason: 'insufficient-funds' };

    expect(await shop.gateway.charge(charge)).toEqual(declined);
    expect(await shop.gateway.lookUp(charge)).toEqual(declined);
    expect(await shop.gateway.charge(charge)).toEqual(declined);
  });

  it('with an unlisted code counts as the end of the payment once Toss reports that', async () => {
    const charge = shop.prepared({ refusal: { status: 400, code: 'A_CODE_OF_TOMORROW' } });

    expect(await shop.gateway.charge(charge)).toEqual({ outcome: 'unknown', reason: 'a-code-of-tomorrow' });
    expect(await shop.gateway.lookUp(charge)).toEqual({ outcome: 'declined', reason: 'payment-aborted' });
  });
});

describe('A charge without a response is unknown, and the look-up returns the outcome', () => {
  it.each([
    [{ kind: 'lose' } as const, 'UND_ERR_SOCKET', 'approved'],
    [{ kind: 'silence' } as const, 'timeout', 'approved'],
    [{ kind: 'drop' } as const, 'UND_ERR_SOCKET', 'absent'],
    [{ kind: 'refuse', status: 500, code: 'COMMON_ERROR' } as const, 'common-error', 'absent'],
    [{ kind: 'lie', status: 502, body: 'no gateway' } as const, 'no-answer', 'approved'],
    [{ kind: 'lie', status: 200, body: {} } as const, 'malformed-answer', 'approved'],
    [
      { kind: 'lie', status: 503, body: { code: 'REJECT_CARD_PAYMENT' } } as const,
      'reject-card-payment',
      'approved',
    ],
  ])('%p', async (fault, reason, found) => {
    const charge = shop.prepared();
    shop.toss.next('confirm', fault);

    expect(await shop.gateway.charge(charge)).toEqual({ outcome: 'unknown', reason });

    expect(await shop.gateway.lookUp(charge)).toMatchObject({ outcome: found });
    expect(shop.toss.taken().filter(({ paymentKey }) => paymentKey === charge.paymentKey)).toHaveLength(
      found === 'approved' ? 1 : 0,
    );
  });

  it('within the 4 s of a local activity, including the look-up before it', async () => {
    const charge = shop.prepared();
    shop.toss.next('look', { kind: 'delay', milliseconds: 1_000 });
    shop.toss.next('confirm', { kind: 'silence' });
    const started = performance.now();

    expect(await shop.gateway.charge(charge)).toEqual({ outcome: 'unknown', reason: 'timeout' });

    expect(performance.now() - started).toBeLessThan(4_000);
  });

  it.each([
    [{ kind: 'drop' } as const, 'UND_ERR_SOCKET'],
    [{ kind: 'silence' } as const, 'timeout'],
    [
      { kind: 'refuse', status: 403, code: 'FORBIDDEN_CONSECUTIVE_REQUEST' } as const,
      'forbidden-consecutive-request',
    ],
  ])('a look-up that fails with %p confirms nothing', async (fault, reason) => {
    const charge = shop.prepared();
    shop.toss.next('look', fault);

    expect(await shop.gateway.charge(charge)).toEqual({ outcome: 'unknown', reason });

    expect(confirmations()).toEqual([]);
  });

  it('a response about another payment is not accepted', async () => {
    const [charge, other] = [shop.prepared(), await shop.paid()];
    const body = shop.toss.payment(other.paymentKey);
    shop.toss.next('confirm', { kind: 'lie', status: 200, body });

    expect(await shop.gateway.charge(charge)).toEqual({ outcome: 'unknown', reason: 'malformed-answer' });
    shop.toss.next('look', { kind: 'lie', status: 200, body });
    expect(await shop.gateway.lookUp(charge)).toEqual({ outcome: 'unknown', reason: 'malformed-answer' });
  });

  it('a response with another amount is unknown, never approved', async () => {
    const charge = shop.prepared();
    const body = { ...shop.toss.payment(charge.paymentKey), status: 'DONE', totalAmount: 1 };
    const approvedAt = '2030-01-01T00:00:00+09:00';
    shop.toss.next('confirm', { kind: 'lie', status: 200, body: { ...body, approvedAt } });

    expect(await shop.gateway.charge(charge)).toEqual({ outcome: 'unknown', reason: 'amount-differs' });
  });
});

describe('One idempotency key', () => {
  it('gets 409 while its first request is under way: unknown, and then approved', async () => {
    const charge = shop.prepared();
    shop.toss.next('confirm', { kind: 'delay', milliseconds: 500 });
    const first = shop.gateway.charge(charge);
    await eventually(async () => expect(confirmations()).toHaveLength(1));

    expect(await shop.gateway.charge(charge)).toEqual({
      outcome: 'unknown',
      reason: 'idempotent-request-processing',
    });
    expect(await first).toMatchObject({ outcome: 'approved' });
    expect(await shop.gateway.charge(charge)).toMatchObject({ outcome: 'approved' });
  });

  it('of another payment is never approved: Toss repeats the first response and compares no bodies', async () => {
    const first = await shop.paid();
    const second = shop.prepared({}, { idempotencyKey: first.idempotencyKey });

    expect(await shop.gateway.charge(second)).toEqual({ outcome: 'unknown', reason: 'malformed-answer' });
    expect(shop.toss.payment(second.paymentKey).status).toBe('IN_PROGRESS');
  });

  it('whose first response was a temporary error gets it again, and the payment stays unpaid', async () => {
    const charge = shop.prepared();
    shop.toss.next('confirm', { kind: 'refuse', status: 400, code: 'PROVIDER_ERROR' });

    expect(await shop.gateway.charge(charge)).toEqual({ outcome: 'unknown', reason: 'provider-error' });
    expect(await shop.gateway.charge(charge)).toEqual({ outcome: 'unknown', reason: 'provider-error' });
    shop.toss.expire(charge.paymentKey);
    expect(await shop.gateway.lookUp(charge)).toEqual({ outcome: 'declined', reason: 'payment-expired' });
  });
});

describe('The health check', () => {
  it('passes if Toss knows the secret key, and reports the fault if it does not', async () => {
    await expect(shop.gateway.ping()).resolves.toBeUndefined();
    shop.toss.next('look', { kind: 'refuse', status: 401, code: 'UNAUTHORIZED_KEY' });
    await expect(shop.gateway.ping()).rejects.toThrow('Toss Payments does not answer: unauthorized-key');
  });
});
