import { setTimeout as sleep } from 'node:timers/promises';
import * as contract from './contract';
import { eventually } from '../support/eventually';
import { expectAnswer, expectProblem, expectStatus } from './client';
import { expectHold, PRICES, seatStatus } from './sale';
import { START_MS, startService, type Service } from './service';

const HOLD_SECONDS = 3;
const QUEUE_TOKEN_TTL_SECONDS = 2;

let service: Service;

beforeAll(async () => {
  service = await startService({
    HOLD_SECONDS: String(HOLD_SECONDS),
    QUEUE_TOKEN_TTL_SECONDS: String(QUEUE_TOKEN_TTL_SECONDS),
  });
}, START_MS);
afterAll(async () => service.end(), START_MS);

/** Waits until an instant. No event reports it. */
const until = async (instant: string) => sleep(Math.max(0, Date.parse(instant) - Date.now()));

async function renewQueueToken(user: { post: Service['operator']['post'] }): Promise<string> {
  return expectAnswer(await user.post('/v1/queue/tokens', {}), 201, contract.queueTicket).queueToken;
}

describe('A hold that is not paid', () => {
  it('ends at expiresAt and not before, and the next user can buy the seat within 5 s', async () => {
    const [{ scheduleId, seatIds }, first] = await Promise.all([service.openSale(), service.buyer()]);
    const [seatId = ''] = seatIds;
    const { reservationId, expiresAt, holdSeconds } = await expectHold(first, [seatId]);
    expect(holdSeconds).toBe(HOLD_SECONDS);
    const second = await service.buyer(PRICES.R);

    const freedAt = await eventually(async () => {
      expect(await seatStatus(first, scheduleId, seatId)).toBe('AVAILABLE');
      return Date.now();
    }, 15_000);

    expect(freedAt).toBeGreaterThanOrEqual(Date.parse(expiresAt));
    expect(freedAt).toBeLessThan(Date.parse(expiresAt) + 5_000);
    expect((await first.reservation(reservationId)).status).toBe('EXPIRED');
    const queueToken = await renewQueueToken(second);
    const bought = expectAnswer(await second.hold([seatId], { queueToken }), 201, contract.hold);
    expectAnswer(await second.pay(bought.reservationId, { queueToken }), 200, contract.paid);
  });

  it('responds to a late payment with 410 reservation-expired and takes nothing', async () => {
    const [{ seatIds }, user] = await Promise.all([service.openSale(), service.buyer(PRICES.R)]);
    const queueToken = await renewQueueToken(user);
    const held = expectAnswer(await user.hold(seatIds.slice(0, 1), { queueToken }), 201, contract.hold);

    await until(held.expiresAt);
    const late = await renewQueueToken(user);

    expectProblem(await user.pay(held.reservationId, { queueToken: late }), 410, 'reservation-expired');
    expect(await user.balance()).toBe(PRICES.R);
  });

  it('can be released after its end without effect', async () => {
    const [{ seatIds }, user] = await Promise.all([service.openSale(), service.buyer()]);
    const queueToken = await renewQueueToken(user);
    const held = expectAnswer(await user.hold(seatIds.slice(0, 1), { queueToken }), 201, contract.hold);
    await eventually(
      async () => expect((await user.reservation(held.reservationId)).status).toBe('EXPIRED'),
      15_000,
    );

    expectStatus(await user.release(held.reservationId), 204);
    expect((await user.reservation(held.reservationId)).status).toBe('EXPIRED');
  });
});

describe('A payment that was accepted in time', () => {
  it('may finish after expiresAt, and keeps the seat', async () => {
    const [{ scheduleId, seatIds }, user] = await Promise.all([service.openSale(), service.buyer()]);
    const queueToken = await renewQueueToken(user);
    const held = expectAnswer(await user.hold(seatIds.slice(0, 1), { queueToken }), 201, contract.hold);
    // Slow enough to end after the hold, quick enough for the client of the gateway.
    const slow = 2_500;
    await until(new Date(Date.parse(held.expiresAt) - 1_500).toISOString());
    const late = await renewQueueToken(user);

    const paid = user.pay(held.reservationId, {
      points: 0,
      paymentKey: `sandbox:slow:${slow}`,
      queueToken: late,
    });
    await until(held.expiresAt);
    expect(await seatStatus(user, scheduleId, seatIds[0])).toBe('HELD');
    const { approvedAt } = expectAnswer(await paid, 200, contract.paid);

    expect(Date.parse(approvedAt)).toBeGreaterThan(Date.parse(held.expiresAt));
    expect(await seatStatus(user, scheduleId, seatIds[0])).toBe('SOLD');
  });
});

describe('A queue token that has expired', () => {
  it('gets 410 queue-token-expired for status, hold and payment', async () => {
    const [{ seatIds }, user] = await Promise.all([service.openSale(), service.client.join()]);
    const { queueToken, queue } = expectAnswer(
      await user.post('/v1/queue/tokens', {}),
      201,
      contract.queueTicket,
    );
    const { reservationId } = expectAnswer(
      await user.hold(seatIds.slice(0, 1), { queueToken }),
      201,
      contract.hold,
    );
    await until(queue.expiresAt ?? '');

    const status = await user.call('GET', '/v1/queue/status', { headers: { 'X-Queue-Token': queueToken } });
    expectProblem(status, 410, 'queue-token-expired');
    expectProblem(await user.hold(seatIds.slice(1, 2), { queueToken }), 410, 'queue-token-expired');
    expectProblem(await user.pay(reservationId, { queueToken }), 410, 'queue-token-expired');
  });

  it('does not prevent the response that was already given under its key', async () => {
    const [{ seatIds }, user] = await Promise.all([service.openSale(), service.client.join()]);
    const { queueToken, queue } = expectAnswer(
      await user.post('/v1/queue/tokens', {}),
      201,
      contract.queueTicket,
    );
    const attempt = { key: 'the-same-again', queueToken };
    const first = await user.hold(seatIds.slice(0, 1), attempt);
    expectStatus(first, 201);
    await until(queue.expiresAt ?? '');

    const again = await user.hold(seatIds.slice(0, 1), attempt);

    expect([again.status, again.text]).toEqual([first.status, first.text]);
  });
});
