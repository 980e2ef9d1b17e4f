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

describe('A charge confirms the payment that the payer has prepared', () => {
  it('once, and its time is UTC with milliseconds', async () => {
    const charge = shop.prepared();

    const outcome = await shop.gateway.charge(charge);

    expect(outcome).toMatchObject(approvedWith(charge.paymentKey));
    expect(outcome).toHaveProperty('approvedAt', expect.stringMatching(/T\d\d:\d\d:\d\d\.000Z$/));
    expect(shop.toss.payment(charge.paymentKey)).toMatchObject({ status: 'DONE', totalAmount: 2_000 });
    expect(await shop.gateway.lookUp(charge)).toEqual(outcome);
  });

  it('also when it is asked for again, and by many at once', async () => {
    const charge = shop.prepared();

    const outcomes = await Promise.all(Array.from({ length: 10 }, () => shop.gateway.charge(charge)));

    expect(new Set(outcomes.map(({ outcome }) => outcome))).not.toContain('declined');
    expect(await shop.gateway.charge(charge)).toMatchObject(approvedWith(charge.paymentKey));
    expect(shop.toss.taken().filter(({ orderId }) => orderId.startsWith(charge.orderId))).toHaveLength(1);
  });

  it.each(['', '-1', '_second'])('whose order id is that of the reservation and %p', async (suffix) => {
    const orderId = randomUUID();
    const charge = shop.prepared({ orderId: `${orderId}${suffix}` }, { orderId });

    expect(await shop.gateway.charge(charge)).toMatchObject(approvedWith(charge.paymentKey));
  });

  it('for a top-up the order id begins with the payer', async () => {
    const topUpId = randomUUID();
    const payerId = randomUUID();
    const topUp = { idempotencyKey: topUpId, orderId: topUpId, payerId };
    const charge = shop.prepared({ orderId: `${payerId}-1` }, topUp);

    expect(await shop.gateway.charge(charge)).toMatchObject(approvedWith(charge.paymentKey));
  });

  it('is what a capture finds: there is nothing left to take', async () => {
    const charge = await shop.paid();

    expect(await shop.gateway.capture(charge, charge.paymentKey)).toEqual(await shop.gateway.lookUp(charge));
  });
});

describe('A payment that is not what is charged is declined, and nothing is confirmed', () => {
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

  it("the payer's own one for a top-up does not pay a reservation, nor the other way round", async () => {
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

  it('none at all, and less than a card can pay, without asking Toss', async () => {
    const { paymentKey, ...charge } = shop.prepared();
    const little = { ...charge, paymentKey, amount: 99 };

    expect(await shop.gateway.charge(charge)).toEqual({ outcome: 'declined', reason: 'payment-key-missing' });
    expect(await shop.gateway.charge(little)).toEqual({
      outcome: 'declined',
      reason: 'below-minimum-amount',
    });
    expect(shop.toss.requests).toEqual([]);
  });

  it('100 won are enough', async () => {
    const charge = shop.prepared({}, { amount: 100 });

    expect(await shop.gateway.charge(charge)).toMatchObject({ outcome: 'approved' });
  });
});

describe('A virtual account is not paid for: money would come days later, or never', () => {
  it('where the method shows only after the confirmation, it is cancelled at once', async () => {
    const charge = shop.prepared({ method: '가상계좌' });
    const hidden = { ...shop.toss.payment(charge.paymentKey), method: null };
    shop.toss.next('look', { kind: 'lie', status: 200, body: hidden });

    expect(await shop.gateway.charge(charge)).toEqual({ outcome: 'declined', reason: 'unsupported-method' });

    expect(shop.toss.payment(charge.paymentKey)).toMatchObject({ status: 'CANCELED', approvedAt: null });
    expect(await shop.gateway.lookUp(charge)).toEqual({ outcome: 'declined', reason: 'voided' });
  });

  it('one that waits for its deposit is absent to a look-up, and a void closes it with nothing returned', async () => {
    const charge = shop.prepared({ status: 'WAITING_FOR_DEPOSIT', method: '가상계좌' });

    expect(await shop.gateway.lookUp(charge)).toEqual({ outcome: 'absent' });
    expect(await shop.gateway.void(charge, 'lost')).toEqual({ outcome: 'voided', returned: 0 });
    expect(shop.toss.payment(charge.paymentKey).status).toBe('CANCELED');
  });
});

describe('A refusal of the card', () => {
  it('is declined with a reason, and stays so under its key', async () => {
    const charge = shop.prepared({ refusal: { status: 403, code: 'REJECT_CARD_PAYMENT' } });
    const declined = { outcome: 'declined', reason: 'insufficient-funds' };

    expect(await shop.gateway.charge(charge)).toEqual(declined);
    expect(await shop.gateway.lookUp(charge)).toEqual(declined);
    expect(await shop.gateway.charge(charge)).toEqual(declined);
  });

  it('whose code is not listed has still ended the payment, once Toss says so', async () => {
    const charge = shop.prepared({ refusal: { status: 400, code: 'A_CODE_OF_TOMORROW' } });

    expect(await shop.gateway.charge(charge)).toEqual({ outcome: 'unknown', reason: 'a-code-of-tomorrow' });
    expect(await shop.gateway.lookUp(charge)).toEqual({ outcome: 'declined', reason: 'payment-aborted' });
  });
});

describe('A charge whose answer does not come is unknown, and the look-up tells', () => {
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

  it('within the 4 s of a local activity, the look before included', async () => {
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
  ])('a look that fails with %p confirms nothing', async (fault, reason) => {
    const charge = shop.prepared();
    shop.toss.next('look', fault);

    expect(await shop.gateway.charge(charge)).toEqual({ outcome: 'unknown', reason });

    expect(confirmations()).toEqual([]);
  });

  it('an answer about another payment is not believed', async () => {
    const [charge, other] = [shop.prepared(), await shop.paid()];
    const body = shop.toss.payment(other.paymentKey);
    shop.toss.next('confirm', { kind: 'lie', status: 200, body });

    expect(await shop.gateway.charge(charge)).toEqual({ outcome: 'unknown', reason: 'malformed-answer' });
    shop.toss.next('look', { kind: 'lie', status: 200, body });
    expect(await shop.gateway.lookUp(charge)).toEqual({ outcome: 'unknown', reason: 'malformed-answer' });
  });

  it('an answer of another amount is unknown, never approved', async () => {
    const charge = shop.prepared();
    const body = { ...shop.toss.payment(charge.paymentKey), status: 'DONE', totalAmount: 1 };
    const approvedAt = '2030-01-01T00:00:00+09:00';
    shop.toss.next('confirm', { kind: 'lie', status: 200, body: { ...body, approvedAt } });

    expect(await shop.gateway.charge(charge)).toEqual({ outcome: 'unknown', reason: 'amount-differs' });
  });
});

describe('One idempotency key', () => {
  it('is answered 409 while its first request is under way: unknown, and then approved', async () => {
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

  it('of another payment is never approved: Toss gives the first answer and compares no bodies', async () => {
    const first = await shop.paid();
    const second = shop.prepared({}, { idempotencyKey: first.idempotencyKey });

    expect(await shop.gateway.charge(second)).toEqual({ outcome: 'unknown', reason: 'malformed-answer' });
    expect(shop.toss.payment(second.paymentKey).status).toBe('IN_PROGRESS');
  });

  it('whose first answer was a temporary error hears it again, and the payment stays unpaid', async () => {
    const charge = shop.prepared();
    shop.toss.next('confirm', { kind: 'refuse', status: 400, code: 'PROVIDER_ERROR' });

    expect(await shop.gateway.charge(charge)).toEqual({ outcome: 'unknown', reason: 'provider-error' });
    expect(await shop.gateway.charge(charge)).toEqual({ outcome: 'unknown', reason: 'provider-error' });
    shop.toss.expire(charge.paymentKey);
    expect(await shop.gateway.lookUp(charge)).toEqual({ outcome: 'declined', reason: 'payment-expired' });
  });
});

describe('The health check', () => {
  it('passes where Toss knows the secret key, and tells what is wrong where it does not', async () => {
    await expect(shop.gateway.ping()).resolves.toBeUndefined();
    shop.toss.next('look', { kind: 'refuse', status: 401, code: 'UNAUTHORIZED_KEY' });
    await expect(shop.gateway.ping()).rejects.toThrow('Toss Payments does not answer: unauthorized-key');
  });
});
