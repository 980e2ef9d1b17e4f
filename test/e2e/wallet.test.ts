import * as contract from './contract';
import { expectAnswer, expectProblem } from './client';
import { expectHold, PRICES } from './sale';
import { START_MS, startService, type Service } from './service';

let service: Service;

beforeAll(async () => {
  service = await startService();
}, START_MS);
afterAll(async () => service.end(), START_MS);

describe('GET /v1/wallet', () => {
  it('is empty at first, and needs a login', async () => {
    const user = await service.client.join();

    const wallet = expectAnswer(await user.get('/v1/wallet'), 200, contract.wallet);
    expect(wallet).toEqual({ balance: 0, currency: 'KRW' });
    expectProblem(await service.client.call('GET', '/v1/wallet'), 401, 'unauthenticated');
  });
});

describe('POST /v1/wallet/top-ups', () => {
  it('adds to the balance and charges the card once', async () => {
    const user = await service.buyer(5_000);

    const topUp = expectAnswer(await user.topUp(20_000), 201, contract.topUp);

    expect(topUp).toMatchObject({ amount: 20_000, balance: 25_000 });
    expect(await user.balance()).toBe(25_000);
    expect(await service.charges(topUp.topUpId)).toMatchObject([{ status: 'CAPTURED', amount: 20_000 }]);
  });

  it.each([1_000, 2_000_000])('accepts the limit %d', async (amount) => {
    const user = await service.client.join();

    expectAnswer(await user.topUp(amount), 201, contract.topUp);
    expect(await user.balance()).toBe(amount);
  });

  it.each([999, 2_000_001, 0, -5_000, 1_000.5])('responds with 400 for %d', async (amount) => {
    const user = await service.client.join();

    expectProblem(await user.topUp(amount), 400, 'validation-failed');
    expect(await user.balance()).toBe(0);
  });

  it.each(['sandbox:decline', 'sandbox:insufficient-funds', 'sandbox:error-500', 'sandbox:timeout'])(
    'responds with 500 payment-failed with a reason for %s, and takes nothing',
    async (paymentKey) => {
      const user = await service.client.join();

      const problem = expectProblem(await user.topUp(10_000, { paymentKey }), 500, 'payment-failed');

      expect(typeof problem['reason']).toBe('string');
      expect(await user.balance()).toBe(0);
    },
    40_000,
  );

  it.each(['sandbox:error-after-charge', 'sandbox:timeout-after-charge', 'sandbox:flaky:2'])(
    'buys the points once with %s',
    async (paymentKey) => {
      const user = await service.client.join();

      const { topUpId } = expectAnswer(await user.topUp(10_000, { paymentKey }), 201, contract.topUp);

      expect(await user.balance()).toBe(10_000);
      expect(await service.charges(topUpId)).toMatchObject([{ status: 'CAPTURED', amount: 10_000 }]);
    },
    40_000,
  );
});

describe('GET /v1/wallet/entries', () => {
  it('is the ledger, newest first: points that were bought, used and returned', async () => {
    const [{ seatIds }, user] = await Promise.all([service.openSale(), service.buyer(100_000)]);
    const { reservationId } = await expectHold(user, seatIds.slice(0, 1));
    await user.pay(reservationId, { paymentKey: 'sandbox:decline' });
    expectAnswer(await user.pay(reservationId), 200, contract.paid);

    const { items } = expectAnswer(await user.get('/v1/wallet/entries'), 200, contract.entryPage);

    expect(items.map((entry) => [entry.amount, entry.balanceAfter, entry.reservationId])).toEqual([
      [-PRICES.R, 50_000, reservationId],
      [PRICES.R, 100_000, reservationId],
      [-PRICES.R, 50_000, reservationId],
      [100_000, 100_000, undefined],
    ]);
    expect(await user.balance()).toBe(items[0]?.balanceAfter);
  });

  it('comes in pages, and shows no entries of another user', async () => {
    const [user, other] = await Promise.all([service.buyer(1_000), service.buyer(9_000)]);
    await user.topUp(2_000);
    await user.topUp(3_000);
    const page = async (query: string) =>
      expectAnswer(await user.get(`/v1/wallet/entries?${query}`), 200, contract.entryPage);

    const first = await page('limit=2');
    const second = await page(`limit=2&cursor=${first.nextCursor}`);

    expect([...first.items, ...second.items].map((entry) => entry.amount)).toEqual([3_000, 2_000, 1_000]);
    expect(second.nextCursor).toBeNull();
    const foreign = expectAnswer(
      await other.get(`/v1/wallet/entries?cursor=${first.nextCursor}`),
      200,
      contract.entryPage,
    );
    expect(foreign.items.map((entry) => entry.amount)).not.toContain(1_000);
  });
});
