import { readBook } from '../../../src/gateways/toss/book';
import type { Transaction } from '../../../src/gateways/toss/protocol';
import { aRefund, openShop, type TossShop } from './tossShop';

const MINUTE_MS = 60_000;

let shop: TossShop;
beforeAll(async () => {
  shop = await openShop();
});
beforeEach(() => shop.toss.reset());
afterAll(() => shop.stop());

describe('The book of a window', () => {
  it('has each charge that was paid in it, with its refunds until now', async () => {
    const from = Date.now() - MINUTE_MS;
    const [kept, refunded, given] = [await shop.paid(), await shop.paid(), await shop.paid()];
    await shop.gateway.charge(shop.prepared({ refusal: { status: 403, code: 'REJECT_CARD_COMPANY' } }));
    await shop.gateway.refund(aRefund(refunded, { refundKey: 'a', amount: 500 }));
    await shop.gateway.refund(aRefund(refunded, { refundKey: 'b', amount: 300 }));
    await shop.gateway.void(given, 'lost');

    const { items, nextCursor } = await shop.gateway.readBook({ from, to: Date.now() + MINUTE_MS });

    const line = { idempotencyKey: null, status: 'CAPTURED', amount: 2_000, currency: 'KRW' };
    expect(items).toEqual(
      [
        { ...line, gatewayPaymentId: kept.paymentKey, orderId: kept.orderId, refunded: 0 },
        { ...line, gatewayPaymentId: refunded.paymentKey, orderId: refunded.orderId, refunded: 800 },
        { ...line, gatewayPaymentId: given.paymentKey, orderId: given.orderId, refunded: 2_000 },
      ].map((expected) => expect.objectContaining(expected) as unknown),
    );
    expect(nextCursor).toBeNull();
  });

  it('has only the charges that were paid in it, but every refund of them', async () => {
    const charge = await shop.paid();
    const { approvedAt } = shop.toss.payment(charge.paymentKey);
    const paidAt = Date.parse(approvedAt ?? '');
    await shop.gateway.refund(aRefund(charge));
    const keysOf = async (from: number, to: number) => {
      const { items } = await shop.gateway.readBook({ from, to });
      return items.map(({ gatewayPaymentId }) => gatewayPaymentId);
    };

    expect(await keysOf(paidAt, paidAt + 1)).toContain(charge.paymentKey);
    expect(await keysOf(paidAt + 1, paidAt + MINUTE_MS)).not.toContain(charge.paymentKey);
    expect(await keysOf(paidAt - MINUTE_MS, paidAt)).not.toContain(charge.paymentKey);
  });

  it.each([
    [{ kind: 'refuse', status: 429, code: 'TOO_MANY_REQUESTS' } as const, 'too-many-requests'],
    [{ kind: 'lie', status: 502, body: {} } as const, 'http-502'],
    [{ kind: 'drop' } as const, 'UND_ERR_SOCKET'],
    [{ kind: 'lie', status: 200, body: [{}] } as const, 'transactionKey'],
  ])('cannot be read if Toss responds with %p', async (fault, words) => {
    shop.toss.next('list', fault);

    await expect(shop.gateway.readBook({ from: 0, to: Date.now() })).rejects.toThrow(words);
  });

  it('is read to its end, page by page', async () => {
    const all = Array.from({ length: 12_345 }, (_, index): Transaction => ({
      transactionKey: `t${index}`,
      paymentKey: `p${index % 10_000}`,
      orderId: 'order-of-another-shop',
      // The last 2,345 are refunds of the first payments.
      status: index < 10_000 ? 'DONE' : 'CANCELED',
      currency: 'KRW',
      amount: index < 10_000 ? 1_000 : -1_000,
      transactionAt: '2030-01-01T00:00:00+09:00',
    }));
    const asked: unknown[] = [];
    const api = {
      async transactions(query: { startingAfter?: string; limit: number }) {
        asked.push(query.startingAfter);
        const after = all.findIndex(({ transactionKey }) => transactionKey === query.startingAfter);
        return all.slice(after + 1, after + 1 + query.limit);
      },
    };

    const { items } = await readBook(api, { from: 0, to: Date.parse('2031-01-01') });

    expect(items).toHaveLength(10_000);
    expect(items.filter(({ refunded }) => refunded === 1_000)).toHaveLength(2_345);
    expect(items[0]).toMatchObject({
      orderId: 'order-of-another-shop',
      bookedAt: '2029-12-31T15:00:00.000Z',
    });
    expect(asked).toEqual([undefined, 't4999', 't9999']);
  });
});
