import { randomUUID } from 'node:crypto';
import * as contract from '../e2e/contract';
import { expectAnswer, expectStatus, type User } from '../e2e/client';
import type { Reply } from '../e2e/reply';
import { BOOKING_FEE, expectHold, PRICES, seatStatus } from '../e2e/sale';
import { START_MS, startService, type Service } from '../e2e/service';
import { openBooks } from '../support/books';
import { eventually } from '../support/eventually';
import { createFreezableProxy, type FreezableProxy } from '../support/freezableProxy';
import { createTestRedis, type TestRedis } from '../support/redis';
import { lockRows } from './rowLock';

/** Temporal gives a task that a dead worker had taken to another worker after 10 s. */
const TAKEN_OVER_MS = 60_000;
const POINTS = 30_000;
const CARD = PRICES.R + BOOKING_FEE - POINTS;

let service: Service;
let redis: TestRedis;
let redisProxy: FreezableProxy;

beforeAll(async () => {
  redis = await createTestRedis();
  redisProxy = await createFreezableProxy(redis.url);
  service = await startService({ REDIS_URL: redisProxy.url });
}, START_MS);
afterAll(async () => {
  await service.end();
  redisProxy.stop();
  await redis.drop();
}, START_MS);

/** Holds a seat, and returns a function that pays by points and card. */
async function startPaying() {
  const [{ scheduleId, seatIds }, user] = await Promise.all([service.openSale(), service.buyer(PRICES.R)]);
  const [seatId = ''] = seatIds;
  const { reservationId } = await expectHold(user, [seatId]);
  const pay = async () => user.pay(reservationId, { points: POINTS });
  return { scheduleId, seatId, user, reservationId, pay };
}

async function pointsTaken(user: User): Promise<void> {
  await eventually(async () => expect(await user.balance()).toBe(PRICES.R - POINTS));
}

/** Expects one debit, one charge and one sold seat, whatever happened on the way. */
async function expectPaidOnce(
  reply: Reply,
  { user, reservationId, scheduleId, seatId }: Awaited<ReturnType<typeof startPaying>>,
): Promise<void> {
  expectAnswer(reply, 200, contract.paid);
  expect((await user.reservation(reservationId)).status).toBe('CONFIRMED');
  expect(await user.balance()).toBe(PRICES.R - POINTS);
  const { items } = expectAnswer(await user.get('/v1/wallet/entries'), 200, contract.entryPage);
  expect(items.map((entry) => entry.amount)).toEqual([-POINTS, PRICES.R]);
  expect(await service.charges(reservationId)).toMatchObject([{ status: 'CAPTURED', amount: CARD }]);
  expect(await seatStatus(user, scheduleId, seatId)).toBe('SOLD');
}

describe('The worker is killed while a payment is under way, and the payment is paid once when the worker is back', () => {
  it(
    'after the wallet debit, before the gateway has seen the charge',
    async () => {
      const { gateway, worker } = service.stack;
      const payment = await startPaying();
      gateway.signal('SIGSTOP');
      const paying = payment.pay();
      await pointsTaken(payment.user);

      // The requests on their way to the gateway die with it.
      await Promise.all([worker.kill(), gateway.kill()]);
      await Promise.all([worker.start(), gateway.start()]);

      await expectPaidOnce(await paying, payment);
    },
    TAKEN_OVER_MS,
  );

  it(
    'while the charge hangs, and the gateway then books it although no worker gets the response',
    async () => {
      const { gateway, worker } = service.stack;
      const payment = await startPaying();
      gateway.signal('SIGSTOP');
      const paying = payment.pay();
      await pointsTaken(payment.user);

      await worker.kill();
      gateway.signal('SIGCONT');
      await worker.start();

      await expectPaidOnce(await paying, payment);
    },
    TAKEN_OVER_MS,
  );

  it(
    'between charge and confirmation',
    async () => {
      const payment = await startPaying();
      const { reservationId } = payment;
      const lock = await lockAllocations(reservationId);
      const paying = payment.pay();
      await lock.blocks();
      expect(await service.charges(reservationId)).toMatchObject([{ status: 'CAPTURED' }]);

      await service.stack.worker.kill();
      await lock.release();
      await service.stack.worker.start();

      await expectPaidOnce(await paying, payment);
    },
    TAKEN_OVER_MS,
  );

  it(
    'after the confirmation, before the workflow knows its result',
    async () => {
      const payment = await startPaying();
      const { reservationId } = payment;
      const lock = await lockAllocations(reservationId);
      const paying = payment.pay();
      await lock.blocks();

      // The last step of the confirmation writes to Redis and now takes a second: time enough to die in.
      redisProxy.freeze();
      await lock.release();
      const books = openBooks(service.stack.ownerDb);
      await eventually(async () => expect(await books.reservationStatus(reservationId)).toBe('CONFIRMED'));
      await service.stack.worker.kill();
      redisProxy.thaw();
      await service.stack.worker.start();

      await expectPaidOnce(await paying, payment);
    },
    TAKEN_OVER_MS,
  );
});

describe('The worker is killed around a hold', () => {
  it(
    'while the hold is recorded: its key gets one hold when the worker is back',
    async () => {
      const [{ scheduleId, seatIds }, user] = await Promise.all([service.openSale(), service.buyer()]);
      const [seatId = ''] = seatIds;
      const lock = await lockRows(service.stack.ownerDb, 'SELECT FROM seats WHERE id = ? FOR UPDATE', [
        seatId,
      ]);
      const key = randomUUID();
      const holding = user.hold([seatId], { key });
      await lock.blocks();

      await service.stack.worker.kill();
      await lock.release();
      await service.stack.worker.start();

      // The client may get 503 meanwhile, and asks again under its key.
      expect([201, 503]).toContain((await holding).status);
      const hold = await eventually(
        async () => expectAnswer(await user.hold([seatId], { key }), 201, contract.hold),
        30_000,
      );
      const { items } = expectAnswer(await user.get('/v1/reservations'), 200, contract.reservationPage);
      expect(items.map((item) => item.reservationId)).toEqual([hold.reservationId]);
      expect(await seatStatus(user, scheduleId, seatId)).toBe('HELD');
    },
    TAKEN_OVER_MS,
  );

  it(
    'while the seats are held: they stay held, and can be paid and released when the worker is back',
    async () => {
      const [paid, released] = await Promise.all([startPaying(), startPaying()]);

      await service.stack.worker.kill();
      expect((await paid.user.reservation(paid.reservationId)).status).toBe('HELD');
      await service.stack.worker.start();

      const [reply] = await Promise.all([
        paid.pay(),
        eventually(
          async () => expectStatus(await released.user.release(released.reservationId), 204),
          30_000,
        ),
      ]);
      await expectPaidOnce(reply, paid);
      expect(await seatStatus(released.user, released.scheduleId, released.seatId)).toBe('AVAILABLE');
    },
    TAKEN_OVER_MS,
  );
});

/** The confirmation sells the seats in these rows. Nothing before it touches them. */
function lockAllocations(reservationId: string) {
  const select = 'SELECT FROM allocations WHERE reservation_id = ? FOR UPDATE';
  return lockRows(service.stack.ownerDb, select, [reservationId]);
}
