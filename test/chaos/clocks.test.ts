import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { decodeJwt } from 'jose';
import { z } from 'zod';
import * as contract from '../e2e/contract';
import { expectAnswer, expectProblem, type User } from '../e2e/client';
import { expectHold, fromNow, PRICES } from '../e2e/sale';
import { START_MS, startService, type Service } from '../e2e/service';
import { eventually } from '../support/eventually';
import { KEEPS_30_PERCENT } from '../support/factories';

const HOLD_SECONDS = 6;
const SETTLED_WITHIN_MS = 60_000;
const TEST_MS = 120_000;
const MINUTE_MS = 60_000;

interface Clocks {
  /** Minutes ahead of the right time; negative: behind. */
  api: number;
  worker: number;
  gateway: number;
}
const RIGHT: Clocks = { api: 0, worker: 0, gateway: 0 };

let service: Service;

beforeAll(async () => {
  service = await startService({ HOLD_SECONDS: String(HOLD_SECONDS) });
}, START_MS);
// The audit compares the end of each hold with the end that its client got.
afterAll(async () => service.end(), START_MS);

/** Restarts the processes with these clocks. Postgres, Redis and Temporal keep the right time. */
async function restartWith(clocks: Clocks): Promise<void> {
  const { stack } = service;
  const NODE_OPTIONS = `--require=${path.join(__dirname, 'shiftedClock.cjs')}`;
  await Promise.all(
    (['api', 'worker', 'gateway'] as const).map(async (part) =>
      stack[part].restart({ NODE_OPTIONS, CLOCK_AHEAD_MS: String(clocks[part] * MINUTE_MS) }),
    ),
  );
}

/** By how many minutes something was ahead when it wrote a time just now. */
const minutesAhead = (at: number): number => Math.round((at - Date.now()) / MINUTE_MS);

async function workerMinutesAhead(): Promise<number> {
  const lines = (await readFile(service.stack.worker.logFile, 'utf8')).trim().split('\n');
  const { time } = z.object({ time: z.iso.datetime() }).parse(JSON.parse(lines.at(-1) ?? ''));
  return minutesAhead(Date.parse(time));
}

async function postgresNow(): Promise<number> {
  const { rows } = await service.stack.ownerDb.raw<{ rows: [{ now: Date }] }>('SELECT service_now() AS now');
  return rows[0].now.getTime();
}

/** It opened a minute ago, and closes in four minutes. A purchase can be cancelled for three minutes. */
async function aSale() {
  const sale = await service.openSale({
    seats: 4,
    saleOpensAt: new Date(fromNow(-MINUTE_MS)),
    saleClosesAt: new Date(fromNow(4 * MINUTE_MS)),
  });
  const inSeoul = new Date(fromNow(9 * 60 * MINUTE_MS + 3 * MINUTE_MS)).toISOString();
  const cancellation_policy = { ...KEEPS_30_PERCENT, cutOff: { daysBefore: 0, time: inSeoul.slice(11, 16) } };
  await service.stack
    .ownerDb('schedules')
    .where({ id: sale.scheduleId })
    .update({ starts_at: fromNow(3 * 60 * MINUTE_MS), cancellation_policy });
  return sale;
}

/** The clocks of the API and the worker differ by ten minutes, and so do those of the worker and the gateway. */
const CASES: Clocks[] = [
  { api: 5, worker: -5, gateway: 5 },
  { api: -5, worker: 5, gateway: -5 },
];

describe('the clock of Postgres decides', () => {
  it.each(CASES)(
    'about holds (minutes ahead: API $api, worker $worker, gateway $gateway)',
    async (clocks) => {
      const early = await service.buyer();
      await restartWith(clocks);
      const late = await service.buyer(PRICES.R);
      const { seatIds, concertId } = await aSale();
      const concert = await late.get(`/v1/concerts/${concertId}`);
      expect(expectAnswer(concert, 200, contract.concertDetail).saleStatus).toBe('OPEN');
      const [unpaidSeat = '', paidSeat = '', unknownSeat = ''] = seatIds;
      expect(minutesAhead((decodeJwt(late.accessToken).iat ?? 0) * 1_000)).toBe(clocks.api);
      expect(await workerMinutesAhead()).toBe(clocks.worker);

      const before = await postgresNow();
      const unpaid = await expectHold(early, [unpaidSeat]);
      const after = await postgresNow();

      const heldAt = Date.parse(unpaid.expiresAt) - HOLD_SECONDS * 1_000;
      expect(heldAt).toBeGreaterThanOrEqual(before);
      expect(heldAt).toBeLessThanOrEqual(after);

      await buyAndCancel(late, paidSeat, clocks);
      const unknown = await expectHold(late, [unknownSeat]);
      // The gateway charges, and does not respond.
      await late.pay(unknown.reservationId, { points: 0, paymentKey: 'sandbox:timeout-after-charge' });
      await expectStatusOf(late, unknown.reservationId, 'CONFIRMED');

      await expectStatusOf(early, unpaid.reservationId, 'EXPIRED');
      const row = await service.stack
        .ownerDb('reservations')
        .where({ id: unpaid.reservationId })
        .first<{ expires_at: Date; ended_at: Date }>('expires_at', 'ended_at');
      expect(row.expires_at.toISOString()).toBe(unpaid.expiresAt);
      const overdueMs = row.ended_at.getTime() - row.expires_at.getTime();
      expect(overdueMs).toBeGreaterThanOrEqual(0);
      expect(overdueMs).toBeLessThan(5_000);
      expectProblem(await early.pay(unpaid.reservationId), 410, 'reservation-expired');
      await expectHold(late, [unpaidSeat]);

      // Tokens of an API with another clock work.
      await restartWith(RIGHT);
      expect((await late.reservation(unknown.reservationId)).status).toBe('CONFIRMED');
    },
    TEST_MS,
  );
});

describe('an API that is twenty minutes ahead', () => {
  it(
    'rejects the access tokens of other APIs as expired, and its own tokens work in all of them',
    async () => {
      const user = await service.buyer();
      const { seatIds } = await aSale();
      await restartWith({ ...RIGHT, api: 20 });

      expectProblem(await user.get('/v1/wallet'), 401, 'unauthenticated', {
        detail: 'The access token has expired.',
      });
      const again = await service.client.logIn(user.id, user.password);
      const { reservationId } = await expectHold(again, seatIds.slice(0, 1));

      await restartWith(RIGHT);
      expect((await again.reservation(reservationId)).reservationId).toBe(reservationId);
    },
    TEST_MS,
  );
});

async function buyAndCancel(user: User, seatId: string, clocks: Clocks): Promise<void> {
  const balance = await user.balance();
  const { reservationId } = await expectHold(user, [seatId]);
  const points = 10_000;
  expectAnswer(await user.pay(reservationId, { points }), 200, contract.paid);
  const [charge] = await service.charges(reservationId);
  const approvedAt = charge?.status === 'CAPTURED' ? Date.parse(charge.approvedAt) : NaN;
  expect(minutesAhead(approvedAt)).toBe(clocks.gateway);

  const { refund } = expectAnswer(await user.cancel(reservationId), 200, contract.cancelled);

  await eventually(async () => {
    expect((await user.reservation(reservationId)).cancellation?.refundStatus).toBe('DONE');
  }, SETTLED_WITHIN_MS);
  expect(await user.balance()).toBe(balance - points + refund.points);
}

async function expectStatusOf(user: User, reservationId: string, status: string): Promise<void> {
  await eventually(
    async () => expect((await user.reservation(reservationId)).status).toBe(status),
    SETTLED_WITHIN_MS,
  );
}
