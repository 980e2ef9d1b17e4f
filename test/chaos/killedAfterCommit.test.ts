import { randomUUID } from 'node:crypto';
import * as contract from '../e2e/contract';
import { expectAnswer } from '../e2e/client';
import { seatStatus } from '../e2e/sale';
import { START_MS, startPrivateService, type Service } from '../e2e/service';
import { eventually } from '../support/eventually';
import { createFreezableProxy, type FreezableProxy } from '../support/freezableProxy';
import type { PrivateStack } from '../support/privateStack';
import { createTestRedis, type TestRedis } from '../support/redis';

const HOLD_SECONDS = 25;
/** Design, invariant 6. */
const FREED_WITHIN_MS = 5_000;
const TEST_MS = 120_000;

let service: Service<PrivateStack>;
let redis: TestRedis;
let proxy: FreezableProxy;

beforeAll(async () => {
  redis = await createTestRedis();
  proxy = await createFreezableProxy(redis.url);
  service = await startPrivateService({ HOLD_SECONDS: String(HOLD_SECONDS), REDIS_URL: proxy.url });
}, START_MS);
afterAll(async () => {
  await service.end();
  proxy.stop();
  await redis.drop();
}, START_MS);

describe('Everything is killed right after the commit of a hold', () => {
  it(
    'the key gets its 201, and the seat is free within 5 s of the end of the hold',
    async () => {
      const { stack } = service;
      const [{ scheduleId, seatIds }, user] = await Promise.all([service.openSale(), service.buyer()]);
      const [seatId = ''] = seatIds;
      const key = randomUUID();
      // The API writes to Redis after the commit, and stops there.
      const lock = await stack.ownerDb.transaction();
      await lock.raw('SELECT FROM seats WHERE id = ? FOR UPDATE', [seatId]);
      const holding = user.hold([seatId], { key }).catch(() => null);
      await eventually(async () => {
        const { rows } = await stack.ownerDb.raw<{ rows: unknown[] }>(
          'SELECT FROM pg_locks WHERE NOT granted',
        );
        expect(rows).not.toEqual([]);
      });
      proxy.freeze();
      await lock.rollback();
      const row = await eventually(async () => {
        const found = await stack.ownerDb('reservations').first<{ id: string; expires_at: Date }>();
        expect(found).toBeDefined();
        return found;
      });

      await stack.killEverything();
      await holding;
      proxy.thaw();
      await stack.startAgain();

      const hold = expectAnswer(await user.hold([seatId], { key }), 201, contract.hold);
      expect(hold).toMatchObject({
        reservationId: row.id,
        seats: [{ seatId }],
        expiresAt: row.expires_at.toISOString(),
      });
      expect(await seatStatus(user, scheduleId, seatId)).toBe('HELD');
      const left = row.expires_at.getTime() - Date.now();
      await eventually(
        async () => expect(await seatStatus(user, scheduleId, seatId)).toBe('AVAILABLE'),
        left + FREED_WITHIN_MS,
      );
      expect(Date.now()).toBeGreaterThanOrEqual(row.expires_at.getTime());
      expect((await user.reservation(row.id)).status).toBe('EXPIRED');
    },
    TEST_MS,
  );
});
