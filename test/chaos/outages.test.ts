import * as contract from '../e2e/contract';
import { expectAnswer, expectProblem, expectStatus } from '../e2e/client';
import { expectHold, PRICES, readSeatMap, seatStatus } from '../e2e/sale';
import { START_MS, startPrivateService, type Service } from '../e2e/service';
import { eventually } from '../support/eventually';
import type { PrivateStack } from '../support/privateStack';

const OUTAGE_MS = 90_000;
/** A client gives up after this time. The service must respond earlier. */
const ANSWER_WITHIN_MS = 20_000;
/** A claim in Redis without a hold blocks the seats for this time at most. */
const LEASE_MS = 15_000;

let service: Service<PrivateStack>;

beforeAll(async () => {
  service = await startPrivateService();
}, START_MS);
afterAll(async () => service.end(), START_MS);

async function aBuyerAndASeat() {
  const [{ scheduleId, seatIds }, user] = await Promise.all([service.openSale(), service.buyer()]);
  return { scheduleId, seatId: seatIds[0] ?? '', user };
}

/** The API rejects the hold in bounded time with 503, and Postgres has nothing of it. */
async function expectNothingHeld({
  user,
  seatId,
}: Awaited<ReturnType<typeof aBuyerAndASeat>>): Promise<void> {
  const startedAt = Date.now();
  const problem = expectProblem(await user.hold([seatId]), 503, 'temporarily-unavailable');
  expect(Date.now() - startedAt).toBeLessThan(ANSWER_WITHIN_MS);
  expect(problem.detail).not.toMatch(/redis|postgres|temporal/i);
}

/** Another user can hold the same seat soon after. */
async function expectHoldable(seatId: string): Promise<void> {
  const next = await service.buyer();
  await eventually(async () => expectHold(next, [seatId]), LEASE_MS + ANSWER_WITHIN_MS);
}

describe('Redis is down', () => {
  it(
    'a hold gets 503 with nothing held, and the catalogue works from Postgres',
    async () => {
      const attempt = await aBuyerAndASeat();
      const { redis } = service.stack.servers();
      redis.signal('SIGKILL');
      await redis.exited;

      await expectNothingHeld(attempt);
      expectStatus(await service.client.call('GET', '/v1/concerts'), 200);
      const map = await readSeatMap(service.client, attempt.scheduleId);
      expect(map.seats.map((seat) => seat.status)).toEqual(map.seats.map(() => 'AVAILABLE'));
      const ready = await service.client.call('GET', '/readyz');
      expectProblem(ready, 503, 'temporarily-unavailable', { missing: ['redis'] });

      await service.stack.killEverything();
      await service.stack.startAgain();
      await expectHoldable(attempt.seatId);
    },
    OUTAGE_MS,
  );
});

describe('The worker is down', () => {
  it(
    'a hold is still granted, and can be paid once a worker is back',
    async () => {
      const { user, seatId, scheduleId } = await aBuyerAndASeat();
      await service.stack.worker.kill();

      const { reservationId } = await expectHold(user, [seatId]);
      expect(await seatStatus(user, scheduleId, seatId)).toBe('HELD');

      await service.stack.worker.start();
      await user.topUp(PRICES.R);
      expectAnswer(await user.pay(reservationId), 200, contract.paid);
    },
    OUTAGE_MS,
  );
});

describe('No worker takes a payment', () => {
  it(
    'the API responds with 503 and begins nothing, and the same key pays once a worker is back',
    async () => {
      const { user, seatId } = await aBuyerAndASeat();
      await user.topUp(PRICES.R);
      const { reservationId } = await expectHold(user, [seatId]);
      await service.stack.worker.kill();
      const key = 'paying-without-a-worker';

      expectProblem(await user.pay(reservationId, { key }), 503, 'temporarily-unavailable');
      expect((await user.reservation(reservationId)).status).toBe('HELD');

      await service.stack.worker.start();
      expectAnswer(await user.pay(reservationId, { key }), 200, contract.paid);
      expect(await service.charges(reservationId)).toHaveLength(1);
    },
    OUTAGE_MS,
  );
});

describe('Temporal is frozen', () => {
  it(
    'a hold gets 503 in bounded time, and nothing stays held',
    async () => {
      const attempt = await aBuyerAndASeat();
      const { temporal } = service.stack.servers();
      temporal.signal('SIGSTOP');

      await expectNothingHeld(attempt).finally(() => temporal.signal('SIGCONT'));

      await expectHoldable(attempt.seatId);
    },
    OUTAGE_MS,
  );
});

describe('Postgres does not respond', () => {
  it(
    'a hold gets 503 in bounded time, and nothing stays held',
    async () => {
      const attempt = await aBuyerAndASeat();
      const lock = await service.stack.ownerDb.transaction();
      await lock.raw('LOCK TABLE seats, allocations IN ACCESS EXCLUSIVE MODE');

      await expectNothingHeld(attempt).finally(() => void lock.rollback());

      await expectHoldable(attempt.seatId);
    },
    OUTAGE_MS,
  );
});
