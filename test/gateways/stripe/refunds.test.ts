import type { BookedCharge, RefundRequest } from '../../../src/domain/payments/gateway';
import { aCardCharge, idOf, startStripe, takeMoney, type OnStandIn } from './stripeGateway';
import type { Fault } from './standIn';
import { CARD } from './standInAccount';

const DAY_MS = 24 * 3_600_000;

let stripe: OnStandIn['stripe'];
let gateway: OnStandIn['gateway'];

beforeEach(async () => {
  ({ stripe, gateway } = await startStripe());
});
afterEach(async () => stripe.stop());

/** A refund of a part of a charge whose money is taken. */
async function aRefund(overrides: Partial<RefundRequest> = {}): Promise<RefundRequest> {
  const taken = await takeMoney(gateway);
  return { refundKey: 'refund-1', ...taken, amount: 500, reason: 'cancelled by the customer', ...overrides };
}

/** Reads all pages, from `from` to `to`. */
async function readAll(from: number, to: number): Promise<BookedCharge[]> {
  const lines: BookedCharge[] = [];
  let cursor: string | undefined;
  do {
    const page = await gateway.readBook({ from, to }, cursor);
    lines.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return lines;
}

const readToday = async () => readAll(Date.now() - DAY_MS, Date.now() + DAY_MS);

describe('a refund', () => {
  it('returns a part, then the rest', async () => {
    const refund = await aRefund();

    expect(await gateway.refund(refund)).toMatchObject({ outcome: 'refunded' });
    expect(stripe.account.kept).toBe(1_500);
    expect(await gateway.refund({ ...refund, refundKey: 'refund-2', amount: 1_500 })).toMatchObject({
      outcome: 'refunded',
    });
    expect(stripe.account.kept).toBe(0);
  });

  it('under one key refunds once, also after Stripe has forgotten the key', async () => {
    const refund = await aRefund();
    const refunded = await gateway.refund(refund);

    expect(await gateway.refund(refund)).toEqual(refunded);
    stripe.pass(2 * DAY_MS);
    expect(await gateway.refund(refund)).toEqual(refunded);
    expect(stripe.account.refunds).toHaveLength(1);
  });

  it('under one key refunds once, even if many request it at once', async () => {
    const refund = await aRefund();
    const outcomes = await Promise.all(Array.from({ length: 10 }, async () => gateway.refund(refund)));

    expect(new Set(outcomes.map((outcome) => JSON.stringify(outcome))).size).toBe(1);
    expect(stripe.account.refunds).toHaveLength(1);
  });

  it.each<Fault>(['lose', 'error-500-after', 'cut', 'busy', 'in-use'])(
    'without a response (%s) is unknown, and is made once when it is requested again',
    async (fault) => {
      const refund = await aRefund();
      stripe.disturb('refund', fault);

      expect(await gateway.refund(refund)).toMatchObject({ outcome: 'unknown' });
      expect(await gateway.refund(refund)).toMatchObject({ outcome: 'refunded' });
      expect(stripe.account.refunds).toHaveLength(1);
    },
  );

  it('with an error 500 stays unknown until Stripe forgets the key, and then is made', async () => {
    const refund = await aRefund();
    stripe.disturb('refund', 'error-500');

    expect(await gateway.refund(refund)).toEqual({ outcome: 'unknown', reason: 'http-500' });
    expect(await gateway.refund(refund)).toEqual({ outcome: 'unknown', reason: 'http-500' });
    stripe.pass(DAY_MS);
    expect(await gateway.refund(refund)).toMatchObject({ outcome: 'refunded' });
  });

  it('is not made if the gateway cannot check whether it was made before', async () => {
    const refund = await aRefund();
    stripe.disturb('refunds', 'error-500');

    expect(await gateway.refund(refund)).toEqual({ outcome: 'unknown', reason: 'http-500' });
    expect(stripe.account.refunds).toEqual([]);
  });

  it('that is pending counts as refunded', async () => {
    const charge = aCardCharge({ paymentKey: CARD.pendingRefund });
    const refund = await aRefund(await takeMoney(gateway, charge));

    expect(await gateway.refund(refund)).toMatchObject({ outcome: 'refunded' });
    expect(await gateway.lookUp(charge)).toMatchObject({ outcome: 'approved' });
  });

  it('that the bank has sent back is refused, and can succeed under another key', async () => {
    const refund = await aRefund();
    await gateway.refund(refund);
    for (const made of stripe.account.refunds) stripe.account.failRefund(made);

    expect(await gateway.refund(refund)).toEqual({ outcome: 'refused', reason: 'expired-or-canceled-card' });
    expect(await gateway.refund({ ...refund, refundKey: 'refund-2' })).toMatchObject({ outcome: 'refunded' });
  });

  it('of more than the rest is refused', async () => {
    const refund = await aRefund({ amount: 2_001 });

    expect(await gateway.refund(refund)).toMatchObject({ outcome: 'refused' });
    expect(stripe.account.kept).toBe(2_000);
  });

  it('is refused if nothing is left', async () => {
    const refund = await aRefund();
    await gateway.void(refund.charge, 'test');

    expect(await gateway.refund(refund)).toEqual({ outcome: 'refused', reason: 'charge-already-refunded' });
  });

  it.each([
    ['another amount', { amount: 1 }, 'amount-differs'],
    ['another currency', { currency: 'usd' }, 'amount-differs'],
    ['another charge', { payment_intent: 'pi_another' }, 'another-charge'],
  ])('whose response has %s is unknown', async (_name, change, reason) => {
    const refund = await aRefund();
    stripe.alter('refund', change);

    expect(await gateway.refund(refund)).toEqual({ outcome: 'unknown', reason });
  });
});

describe('the book', () => {
  it('has captured, reserved, refunded and cancelled charges, and no declined charge', async () => {
    const refund = await aRefund();
    await gateway.refund(refund);
    const reservedId = idOf(await gateway.charge(aCardCharge()));
    const givenUp = aCardCharge();
    const givenUpId = idOf(await gateway.charge(givenUp));
    await gateway.void(givenUp, 'test');
    await gateway.charge(aCardCharge({ paymentKey: CARD.declined }));

    const lines = await readToday();

    const { gatewayPaymentId, charge } = refund;
    const { idempotencyKey, orderId, amount, currency } = charge;
    const [, , , booked] = stripe.account.charges.toReversed();
    expect(lines).toEqual([
      expect.objectContaining({
        gatewayPaymentId: givenUpId,
        status: 'AUTHORISED',
        amount,
        refunded: amount,
      }),
      expect.objectContaining({ gatewayPaymentId: reservedId, status: 'AUTHORISED', amount, refunded: 0 }),
      {
        gatewayPaymentId,
        idempotencyKey,
        orderId,
        status: 'CAPTURED',
        amount,
        refunded: 500,
        currency,
        bookedAt: new Date((booked?.created ?? 0) * 1000).toISOString(),
      },
    ]);
  });

  it('comes in pages, and has only the charges booked within its window', async () => {
    const charges = Array.from({ length: 105 }, () => aCardCharge());
    for (const charge of charges) await gateway.charge(charge);
    const bookedAt = stripe.account.charges.map(({ created }) => created * 1000);
    const [first = 0, last = 0] = [bookedAt.at(0), bookedAt.at(-1)];

    expect(await readAll(first, last + 1)).toHaveLength(105);
    expect(await readAll(first + 1, last + 1)).toHaveLength(bookedAt.filter((at) => at > first).length);
    expect(await readAll(first, last)).toHaveLength(bookedAt.filter((at) => at < last).length);
  });

  it('throws an error if it cannot be read', async () => {
    stripe.disturb('charges', 'cut');

    await expect(gateway.readBook({ from: 0, to: Date.now() })).rejects.toThrow(
      "Stripe's book cannot be read: UND_ERR_SOCKET",
    );
  });

  it('has charges of other shops of the account, without a key or an order', async () => {
    await takeMoney(gateway);
    for (const charge of stripe.account.charges) charge.metadata = {};

    expect(await readToday()).toMatchObject([{ idempotencyKey: null, orderId: null }]);
  });
});
