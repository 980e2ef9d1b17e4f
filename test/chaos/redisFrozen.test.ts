import * as contract from '../e2e/contract';
import { expectAnswer, expectStatus } from '../e2e/client';
import { expectHold, PRICES, seatStatus } from '../e2e/sale';
import { START_MS, startService, type Service } from '../e2e/service';
import { eventually } from '../support/eventually';
import { createFreezableProxy, type FreezableProxy } from '../support/freezableProxy';
import { createTestRedis, type TestRedis } from '../support/redis';

/** How long Redis keeps the owner of a seat, and a margin for the reconnection. */
const FORGOTTEN_WITHIN_MS = 8_000;
const TEST_MS = 60_000;

let service: Service;
let redis: TestRedis;
let proxy: FreezableProxy;

beforeAll(async () => {
  redis = await createTestRedis();
  proxy = await createFreezableProxy(redis.url);
  service = await startService({ REDIS_URL: proxy.url });
}, START_MS);
afterAll(async () => {
  await service.end();
  proxy.stop();
  await redis.drop();
}, START_MS);

/** Another user can hold a seat that Postgres has released, although Redis did not get the release. */
async function expectHoldableSoon(scheduleId: string, seatId: string): Promise<void> {
  const other = await service.buyer();
  await eventually(
    async () => expect(await seatStatus(other, scheduleId, seatId)).toBe('AVAILABLE'),
    FORGOTTEN_WITHIN_MS,
  );
  await eventually(async () => expectHold(other, [seatId]), FORGOTTEN_WITHIN_MS);
}

describe('Redis misses that a seat becomes free', () => {
  it(
    'by a cancellation: the seat can be held again within seconds',
    async () => {
      const [{ scheduleId, seatIds }, user] = await Promise.all([
        service.openSale({ seats: 1 }),
        service.buyer(PRICES.R),
      ]);
      const [seatId = ''] = seatIds;
      const { reservationId } = await expectHold(user, [seatId]);
      expectAnswer(await user.pay(reservationId), 200, contract.paid);

      proxy.freeze();
      const cancelled = await user.cancel(reservationId);
      proxy.thaw();

      expectAnswer(cancelled, 200, contract.cancelled);
      await expectHoldableSoon(scheduleId, seatId);
    },
    TEST_MS,
  );

  it(
    'by a release: the seat can be held again within seconds',
    async () => {
      const [{ scheduleId, seatIds }, user] = await Promise.all([
        service.openSale({ seats: 1 }),
        service.buyer(),
      ]);
      const [seatId = ''] = seatIds;
      const { reservationId } = await expectHold(user, [seatId]);

      proxy.freeze();
      const released = await user.release(reservationId);
      proxy.thaw();

      expectStatus(released, 204);
      await expectHoldableSoon(scheduleId, seatId);
    },
    TEST_MS,
  );

  it(
    'and an old key comes back: the seat is blocked for seconds, and not permanently',
    async () => {
      const [{ scheduleId, seatIds }, user] = await Promise.all([
        service.openSale({ seats: 1 }),
        service.buyer(),
      ]);
      const [seatId = ''] = seatIds;
      const { reservationId } = await expectHold(user, [seatId]);
      const key = `{${scheduleId}}:seat:${seatId}`;
      const old = await redis.redis.dumpBuffer(key);
      const left = await redis.redis.pttl(key);
      expectStatus(await user.release(reservationId), 204);

      // As from a replica that was behind, or from an old snapshot.
      await redis.redis.restore(key, Math.max(1, left), old, 'REPLACE');

      await expectHoldableSoon(scheduleId, seatId);
    },
    TEST_MS,
  );
});
