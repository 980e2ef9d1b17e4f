import { randomUUID } from 'node:crypto';
import { eventually } from '../../support/eventually';
import { keptOf } from './tossBook';
import { aRefund, openShop, type TossShop } from './tossShop';

let shop: TossShop;
beforeAll(async () => {
  shop = await openShop();
});
beforeEach(() => shop.toss.reset());
afterAll(() => shop.stop());

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const voided = (returned: number) => ({ outcome: 'voided', returned });
const kept = (paymentKey: string) => keptOf(shop.toss.payment(paymentKey));
const cancels = () => shop.toss.requests.filter((line) => line.endsWith('/cancel'));

describe('A void of a confirmed payment', () => {
  it('returns the whole amount once, and gives the same response again', async () => {
    const charge = await shop.paid();

    expect(await shop.gateway.void(charge, 'the hold ended')).toEqual(voided(2_000));
    expect(await shop.gateway.void(charge, 'again')).toEqual(voided(2_000));

    expect(cancels()).toHaveLength(1);
    expect(shop.toss.payment(charge.paymentKey)).toMatchObject({
      status: 'CANCELED',
      cancels: [{ cancelAmount: 2_000, cancelReason: `the hold ended [void:${charge.idempotencyKey}]` }],
    });
    expect(await shop.gateway.lookUp(charge)).toEqual({ outcome: 'declined', reason: 'voided' });
    expect(await shop.gateway.charge(charge)).toEqual({ outcome: 'declined', reason: 'voided' });
  });

  it('returns the rest after refunds; Toss then reports it as cancelled in part', async () => {
    const charge = await shop.paid();
    await shop.gateway.refund(aRefund(charge));

    expect(await shop.gateway.void(charge, 'lost')).toEqual(voided(2_000));

    expect(shop.toss.payment(charge.paymentKey)).toMatchObject({
      status: 'PARTIAL_CANCELED',
      balanceAmount: 0,
    });
    expect(await shop.gateway.void(charge, 'again')).toEqual(voided(2_000));
    expect(await shop.gateway.lookUp(charge)).toEqual({ outcome: 'declined', reason: 'voided' });
  });

  it.each([{ kind: 'lose' } as const, { kind: 'silence' } as const])(
    'is unknown if its response is lost (%p), and is made once when it is requested again',
    async (fault) => {
      const charge = await shop.paid();
      shop.toss.next('cancel', fault);

      expect(await shop.gateway.void(charge, 'lost')).toMatchObject({ outcome: 'unknown' });
      expect(await shop.gateway.void(charge, 'lost')).toEqual(voided(2_000));

      expect(cancels()).toHaveLength(1);
      expect(kept(charge.paymentKey)).toBe(0);
    },
  );

  it.each(['NOT_CANCELABLE_PAYMENT', 'PROVIDER_ERROR', 'ALREADY_CANCELED_PAYMENT'])(
    'is unknown if Toss refuses with %s: the money is still there',
    async (code) => {
      const charge = await shop.paid();
      shop.toss.next('cancel', { kind: 'refuse', status: 403, code });

      expect(await shop.gateway.void(charge, 'lost')).toMatchObject({ outcome: 'unknown' });
      expect(kept(charge.paymentKey)).toBe(2_000);
    },
  );

  it('is made an hour after a temporary error, which Toss repeats for its key', async () => {
    const charge = await shop.paid();
    shop.toss.next('cancel', { kind: 'refuse', status: 400, code: 'PROVIDER_ERROR' });
    const unknown = { outcome: 'unknown', reason: 'provider-error' };

    expect(await shop.gateway.void(charge, 'lost')).toEqual(unknown);
    expect(await shop.gateway.void(charge, 'lost')).toEqual(unknown);
    await inAnHour(async () => {
      expect(await shop.gateway.void(charge, 'lost')).toEqual(voided(2_000));
    });
  });
});

describe('A void of an unconfirmed payment blocks its key', () => {
  it('so that the confirmation that arrives later is refused', async () => {
    const charge = shop.prepared();

    expect(await shop.gateway.void(charge, 'lost')).toEqual(voided(0));

    expect(await shop.gateway.charge(charge)).toMatchObject({ outcome: 'declined' });
    expect(shop.toss.payment(charge.paymentKey)).toMatchObject({ status: 'IN_PROGRESS', approvedAt: null });
  });

  it('is unknown while a confirmation is under way, and returns the money that the confirmation takes', async () => {
    const charge = shop.prepared();
    shop.toss.next('confirm', { kind: 'delay', milliseconds: 400 });
    const late = shop.gateway.charge(charge);
    await eventually(async () => expect(shop.toss.requests).toContain('POST /v1/payments/confirm'));

    expect(await shop.gateway.void(charge, 'lost')).toEqual({
      outcome: 'unknown',
      reason: 'idempotent-request-processing',
    });
    expect(await late).toMatchObject({ outcome: 'approved' });
    expect(await shop.gateway.void(charge, 'lost')).toEqual(voided(2_000));
    expect(kept(charge.paymentKey)).toBe(0);
  });

  it('returns money that was confirmed between its look-up and its block', async () => {
    const charge = shop.prepared();
    const before = shop.toss.payment(charge.paymentKey);
    await shop.gateway.charge(charge);
    shop.toss.next('look', { kind: 'lie', status: 200, body: before });

    expect(await shop.gateway.void(charge, 'lost')).toEqual(voided(2_000));
    expect(kept(charge.paymentKey)).toBe(0);
  });

  it('leaves no money taken if it races the charge', async () => {
    const charges = Array.from({ length: 20 }, () => shop.prepared());
    await Promise.all(
      charges.map(async (charge) => {
        const charging = shop.gateway.charge(charge);
        await eventually(async () => {
          expect(await shop.gateway.void(charge, 'race')).toMatchObject({ outcome: 'voided' });
        });
        await charging;
      }),
    );

    expect(charges.map(({ paymentKey }) => kept(paymentKey))).toEqual(charges.map(() => 0));
  });

  it('is unknown after a temporary error, until the payment has expired', async () => {
    const charge = shop.prepared();
    shop.toss.next('confirm', { kind: 'refuse', status: 400, code: 'PROVIDER_ERROR' });
    await shop.gateway.charge(charge);

    expect(await shop.gateway.void(charge, 'lost')).toEqual({ outcome: 'unknown', reason: 'provider-error' });
    shop.toss.expire(charge.paymentKey);
    expect(await shop.gateway.void(charge, 'lost')).toEqual(voided(0));
  });

  it.each([
    ['a card that was refused', { refusal: { status: 403, code: 'REJECT_CARD_COMPANY' } }],
    ['a payment that has expired', { status: 'EXPIRED' }],
  ] as const)('has nothing to do for %s', async (_name, prepared) => {
    const charge = shop.prepared(prepared);
    await shop.gateway.charge(charge);

    expect(await shop.gateway.void(charge, 'lost')).toEqual(voided(0));
    expect(cancels()).toEqual([]);
  });
});

describe('A void does not touch a payment of another charge', () => {
  it('a payment of another charge stays paid, even if a charge names its key', async () => {
    const victim = await shop.paid();
    const charge = { ...shop.prepared(), paymentKey: victim.paymentKey };

    expect(await shop.gateway.void(charge, 'lost')).toEqual(voided(0));
    expect(kept(victim.paymentKey)).toBe(2_000);
  });

  it('and returns nothing if Toss does not know the payment, or there was no key', async () => {
    const { paymentKey: _paymentKey, ...charge } = shop.prepared();

    expect(await shop.gateway.void(charge, 'lost')).toEqual(voided(0));
    expect(await shop.gateway.void({ ...charge, paymentKey: 'made-up' }, 'lost')).toEqual(voided(0));
  });

  it.each([
    [{ kind: 'drop' } as const, 'UND_ERR_SOCKET'],
    [{ kind: 'refuse', status: 401, code: 'UNAUTHORIZED_KEY' } as const, 'unauthorized-key'],
  ])('and is unknown if the look-up fails with %p', async (fault, reason) => {
    const charge = await shop.paid();
    shop.toss.next('look', fault);

    expect(await shop.gateway.void(charge, 'lost')).toEqual({ outcome: 'unknown', reason });
    expect(kept(charge.paymentKey)).toBe(2_000);
  });
});

describe('A refund', () => {
  it('returns a part, then another part, then the rest', async () => {
    const charge = await shop.paid();

    const outcomes = [
      await shop.gateway.refund(aRefund(charge, { refundKey: 'a', amount: 500 })),
      await shop.gateway.refund(aRefund(charge, { refundKey: 'b', amount: 500 })),
      await shop.gateway.refund(aRefund(charge, { refundKey: 'c', amount: 1_000 })),
    ];

    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['refunded', 'refunded', 'refunded']);
    const keys = shop.toss.payment(charge.paymentKey).cancels?.map(({ transactionKey }) => transactionKey);
    expect(outcomes).toMatchObject((keys ?? []).map((gatewayRefundId) => ({ gatewayRefundId })));
    expect(new Set(keys).size).toBe(3);
    expect(kept(charge.paymentKey)).toBe(0);
  });

  it('leaves the charge approved while a part of it is left', async () => {
    const charge = await shop.paid();
    await shop.gateway.refund(aRefund(charge));

    expect(await shop.gateway.lookUp(charge)).toMatchObject({ outcome: 'approved' });
  });

  it.each([{ kind: 'lose' } as const, { kind: 'silence' } as const])(
    'with a lost response (%p) is unknown, and is made once when it is requested again',
    async (fault) => {
      const charge = await shop.paid();
      shop.toss.next('cancel', fault);

      expect(await shop.gateway.refund(aRefund(charge))).toMatchObject({ outcome: 'unknown' });
      expect(await shop.gateway.refund(aRefund(charge))).toMatchObject({ outcome: 'refunded' });

      expect(kept(charge.paymentKey)).toBe(1_500);
    },
  );

  it('is not made twice if it is requested again after Toss has forgotten its key', async () => {
    const charge = await shop.paid();
    const first = await shop.gateway.refund(aRefund(charge));
    shop.toss.advance(16 * DAY_MS);

    expect(await shop.gateway.refund(aRefund(charge))).toEqual(first);
    expect(kept(charge.paymentKey)).toBe(1_500);
  });

  it('is not made twice if the look-up returns an old state: Toss compares the balance', async () => {
    const charge = await shop.paid();
    const before = shop.toss.payment(charge.paymentKey);
    await shop.gateway.refund(aRefund(charge));
    shop.toss.next('look', { kind: 'lie', status: 200, body: before });

    await inAnHour(async () => {
      expect(await shop.gateway.refund(aRefund(charge))).toEqual({
        outcome: 'unknown',
        reason: 'not-matches-refundable-amount',
      });
    });
    expect(await shop.gateway.refund(aRefund(charge))).toMatchObject({ outcome: 'refunded' });
    expect(kept(charge.paymentKey)).toBe(1_500);
  });

  it('that is requested many times at once is made once', async () => {
    const charge = await shop.paid();
    shop.toss.next('cancel', { kind: 'delay', milliseconds: 100 });

    await Promise.all(Array.from({ length: 10 }, () => shop.gateway.refund(aRefund(charge))));

    expect(await shop.gateway.refund(aRefund(charge))).toMatchObject({ outcome: 'refunded' });
    expect(kept(charge.paymentKey)).toBe(1_500);
  });

  it('after a temporary error is made an hour later, under a new key for Toss', async () => {
    const charge = await shop.paid();
    shop.toss.next('cancel', { kind: 'refuse', status: 500, code: 'FAILED_REFUND_PROCESS' });
    const unknown = { outcome: 'unknown', reason: 'failed-refund-process' };

    expect(await shop.gateway.refund(aRefund(charge))).toEqual(unknown);
    expect(await shop.gateway.refund(aRefund(charge))).toEqual(unknown);
    await inAnHour(async () => {
      expect(await shop.gateway.refund(aRefund(charge))).toMatchObject({ outcome: 'refunded' });
    });
    expect(kept(charge.paymentKey)).toBe(1_500);
  });

  it.each([
    ['more than is left', { amount: 2_001 }, 'more-than-left'],
    ['of a payment that Toss does not know', { gatewayPaymentId: 'made-up' }, 'unknown-payment-key'],
  ])('%s is refused, and Toss gets no request', async (_name, refund, reason) => {
    const charge = await shop.paid();

    expect(await shop.gateway.refund(aRefund(charge, refund))).toEqual({ outcome: 'refused', reason });
    expect(cancels()).toEqual([]);
  });

  it('of a charge that was never taken, or belongs to another order, is refused', async () => {
    const open = shop.prepared();
    const other = await shop.paid();

    expect(await shop.gateway.refund(aRefund(open))).toEqual({ outcome: 'refused', reason: 'not-captured' });
    expect(await shop.gateway.refund(aRefund(open, { gatewayPaymentId: other.paymentKey }))).toEqual({
      outcome: 'refused',
      reason: 'payment-key-mismatch',
    });
    expect(kept(other.paymentKey)).toBe(2_000);
  });

  it('of another amount under the same key is unknown, never reported as made', async () => {
    const charge = await shop.paid();
    await shop.gateway.refund(aRefund(charge));

    expect(await shop.gateway.refund(aRefund(charge, { amount: 400 }))).toEqual({
      outcome: 'unknown',
      reason: 'amount-differs',
    });
  });

  it('that Toss has not finished is unknown, for example with a foreign wallet', async () => {
    const charge = await shop.paid();
    await shop.gateway.refund(aRefund(charge));
    const payment = shop.toss.payment(charge.paymentKey);
    const made = payment.cancels?.map((cancel) => Object.assign(cancel, { cancelStatus: 'IN_PROGRESS' }));
    shop.toss.next('look', { kind: 'lie', status: 200, body: { ...payment, cancels: made } });

    expect(await shop.gateway.refund(aRefund(charge))).toEqual({
      outcome: 'unknown',
      reason: 'refund-in-progress',
    });
  });

  it('has its reason cut to the maximum length of Toss, but never its key', async () => {
    const charge = await shop.paid();
    const refundKey = randomUUID();

    expect(await shop.gateway.refund(aRefund(charge, { refundKey, reason: 'x'.repeat(300) }))).toMatchObject({
      outcome: 'refunded',
    });
    const [cancel] = shop.toss.payment(charge.paymentKey).cancels ?? [];
    expect(cancel?.cancelReason).toHaveLength(200);
    expect(cancel?.cancelReason.endsWith(` [${refundKey}]`)).toBe(true);
  });
});

/** Runs the work with the clocks of the service and of Toss an hour ahead. */
async function inAnHour(work: () => Promise<void>): Promise<void> {
  const now = Date.now.bind(Date);
  const clock = jest.spyOn(Date, 'now').mockImplementation(() => now() + HOUR_MS);
  try {
    await work();
  } finally {
    clock.mockRestore();
  }
}
