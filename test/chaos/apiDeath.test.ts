import * as contract from '../e2e/contract';
import { expectAnswer, expectProblem } from '../e2e/client';
import { expectHold, PRICES, R_TOTAL, seatStatus } from '../e2e/sale';
import { START_MS, startService, type Service } from '../e2e/service';
import { eventually } from '../support/eventually';
import { lockRows } from './rowLock';

/** How long a claim without a hold blocks its seats at most. */
const LEASE_MS = 15_000;

let service: Service;

beforeAll(async () => {
  service = await startService();
}, START_MS);
afterAll(async () => service.end(), START_MS);

/** A request gets no response if its server dies. */
const expectCut = (request: Promise<unknown>) => expect(request).rejects.toThrow('fetch failed');

describe('The API is killed', () => {
  it('between claim and start: the seats are blocked for their lease, and no longer', async () => {
    const { api, ownerDb, redis } = service.stack;
    const [{ scheduleId, seatIds }, first, second] = await Promise.all([
      service.openSale(),
      service.buyer(),
      service.buyer(),
    ]);
    const [seatId = ''] = seatIds;
    // The API reads Postgres after the claim, and stops there.
    const lock = await lockRows(ownerDb, 'LOCK TABLE allocations IN ACCESS EXCLUSIVE MODE', []);
    const holding = expectCut(first.hold([seatId]));
    await lock.blocks();
    const claimedAt = Date.now();
    expect(await redis.exists(`{${scheduleId}}:seat:${seatId}`)).toBe(1);

    await api.kill();
    await holding;
    await lock.release();
    await api.start();

    expect(await seatStatus(second, scheduleId, seatId)).toBe('AVAILABLE');
    expectProblem(await second.hold([seatId]), 409, 'seat-unavailable');
    await eventually(async () => expectHold(second, [seatId]), LEASE_MS + 5_000);
    expect(Date.now() - claimedAt).toBeLessThan(LEASE_MS + 5_000);
    expect(await service.workflowsOf(scheduleId)).toBe(1);
  }, 60_000);

  it('while a payment is under way: it is paid once, and the client gets it when the API is back', async () => {
    const { api } = service.stack;
    const [{ seatIds }, user] = await Promise.all([service.openSale(), service.buyer(PRICES.R)]);
    const { reservationId } = await expectHold(user, seatIds.slice(0, 1));
    const payment = { points: 20_000, paymentKey: 'sandbox:slow:1500', key: 'paying-once' };
    const paying = expectCut(user.pay(reservationId, payment));
    await eventually(async () => expect(await user.balance()).toBe(PRICES.R - 20_000));

    await api.kill();
    await paying;
    await api.start();

    expectAnswer(await user.pay(reservationId, payment), 200, contract.paid);
    expect((await user.reservation(reservationId)).status).toBe('CONFIRMED');
    expect(await user.balance()).toBe(PRICES.R - 20_000);
    expect(await service.charges(reservationId)).toMatchObject([
      { status: 'CAPTURED', amount: R_TOTAL - 20_000 },
    ]);
  }, 60_000);

  it('during a refresh: the same request gets the new pair, and the session continues', async () => {
    const { api, ownerDb } = service.stack;
    const { userId, refreshToken } = await service.buyer();
    const refresh = async (key: string, token: string) =>
      service.client.call('POST', '/v1/auth/refresh', {
        body: { refreshToken: token },
        headers: { 'Idempotency-Key': key },
      });
    // The API has taken the key and cannot spend the token.
    const lock = await lockRows(
      ownerDb,
      `SELECT FROM refresh_tokens JOIN refresh_families AS family ON family.id = family_id
        WHERE family.user_id = ? FOR UPDATE OF refresh_tokens`,
      [userId],
    );
    const refreshing = expectCut(refresh('refreshing-once', refreshToken));
    await lock.blocks();

    await api.kill();
    await refreshing;
    await lock.release();
    await api.start();

    const pair = expectAnswer(await refresh('refreshing-once', refreshToken), 200, contract.tokenPair);
    expect(await refresh('refreshing-once', refreshToken)).toMatchObject({ status: 200, body: pair });
    expectAnswer(await refresh('refreshing-on', pair.refreshToken), 200, contract.tokenPair);
  }, 60_000);
});
