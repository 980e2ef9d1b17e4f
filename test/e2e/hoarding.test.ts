import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import * as contract from './contract';
import { eventually } from '../support/eventually';
import { expectAnswer, expectProblem, expectStatus, type User } from './client';
import type { Reply } from './reply';
import { expectHold, PRICES, seatStatus } from './sale';
import { START_MS, startService, type Service } from './service';

let service: Service;

beforeAll(async () => {
  service = await startService({ RATE_LIMIT_FACTOR: '1' });
}, START_MS);
afterAll(async () => service.end(), START_MS);

/** Holds seats. Redis gets the end of an earlier hold a moment after Postgres, so a 409 is tried once more. */
async function holdAtOnce(user: User, seatIds: readonly string[]): Promise<Reply> {
  const reply = await user.hold(seatIds);
  if (reply.status !== 409) return reply;
  await sleep(20);
  return user.hold(seatIds);
}

/** Holds and lets go until a hold is rejected. Returns the number of granted holds, and the rejection. */
async function hoard(
  user: User,
  seatIds: readonly string[],
  letGo: (reservationId: string) => Promise<unknown>,
): Promise<{ holds: number; refusal: Reply }> {
  for (let holds = 0; holds < 100; holds += 1) {
    const reply = await holdAtOnce(user, seatIds);
    if (reply.status !== 201) return { holds, refusal: reply };
    await letGo(contract.hold.parse(reply.body).reservationId);
  }
  throw new Error('100 holds without a purchase, and no refusal');
}

const release = (user: User) => async (reservationId: string) =>
  expectStatus(await user.release(reservationId), 204);

const awaitExpiry = (user: User) => async (reservationId: string) => {
  const { expiresAt } = await user.reservation(reservationId);
  await sleep(Math.max(0, Date.parse(expiresAt) - Date.now()));
  await eventually(
    async () => expect((await user.reservation(reservationId)).status).toBe('EXPIRED'),
    15_000,
  );
};

/** Tries every half second until a seat is held. No rate limit rejects this pace. */
async function poll(hold: () => Promise<Reply>, tries: number): Promise<void> {
  for (let tried = 1; (await hold()).status !== 201; tried += 1) {
    if (tried === tries) throw new Error(`no seat in ${tries} tries`);
    await sleep(500);
  }
}

const secondsOf = (refusal: Reply): number => Number(refusal.headers.get('Retry-After'));

describe('An account that holds a seat and releases it repeatedly', () => {
  it('may do so for a while, then must leave it to others: 429 hold-limit-exceeded', async () => {
    const [{ scheduleId, seatIds }, hoarder, fan] = await Promise.all([
      service.openSale({ seats: 3 }),
      service.buyer(),
      service.buyer(PRICES.R),
    ]);
    const [seatId = '', another = '', last = ''] = seatIds;
    const { holds, refusal } = await hoard(hoarder, [seatId], release(hoarder));

    expect(holds).toBeGreaterThan(20);
    expectProblem(refusal, 429, 'hold-limit-exceeded', { seatIds: [seatId] });
    expect(secondsOf(refusal)).toBeGreaterThan(0);
    // The seat is free, and the rejected account has no claim on it.
    expect(await seatStatus(fan, scheduleId, seatId)).toBe('AVAILABLE');
    const { reservationId } = await expectHold(fan, [seatId]);
    expectProblem(await hoarder.hold([seatId]), 409, 'seat-unavailable');
    await expectHold(hoarder, [another]);
    // A hold gets all its seats or none.
    expectStatus(await fan.release(reservationId), 204);
    expectProblem(await hoarder.hold([seatId, last]), 429, 'hold-limit-exceeded', { seatIds: [seatId] });
    expect(await seatStatus(fan, scheduleId, last)).toBe('AVAILABLE');
  });

  it('gets other seats as the best available ones, and none when no other seat is left', async () => {
    const [{ scheduleId, seatIds }, hoarder] = await Promise.all([
      service.openSale({ seats: 2 }),
      service.buyer(),
    ]);
    const best = async () =>
      hoarder.post('/v1/reservations', { scheduleId, quantity: 1, queueToken: hoarder.queueToken });
    const first = expectAnswer(await best(), 201, contract.hold);
    const [hoarded = ''] = first.seats.map((seat) => seat.seatId);
    await release(hoarder)(first.reservationId);
    await hoard(hoarder, [hoarded], release(hoarder));

    const { seats } = expectAnswer(await best(), 201, contract.hold);

    expect(seats.map((seat) => seat.seatId)).toEqual(seatIds.filter((seatId) => seatId !== hoarded));
    expectProblem(await best(), 429, 'hold-limit-exceeded', { seatIds: [hoarded] });
  });

  it('may hold the seat again after a purchase in that schedule', async () => {
    const [{ seatIds }, hoarder] = await Promise.all([
      service.openSale({ seats: 2 }),
      service.buyer(PRICES.R),
    ]);
    const [seatId = '', bought = ''] = seatIds;
    await hoard(hoarder, [seatId], release(hoarder));
    const { reservationId } = await expectHold(hoarder, [bought]);

    expectAnswer(await hoarder.pay(reservationId), 200, contract.paid);

    await expectHold(hoarder, [seatId]);
  });

  it('still gets the response of a key that was granted', async () => {
    const [{ seatIds }, hoarder] = await Promise.all([service.openSale(), service.buyer()]);
    const one = seatIds.slice(0, 1);
    const key = randomUUID();
    const granted = await hoarder.hold(one, { key });
    await release(hoarder)(contract.hold.parse(granted.body).reservationId);
    await hoard(hoarder, one, release(hoarder));

    const again = await hoarder.hold(one, { key });

    expect([again.status, again.text]).toEqual([201, granted.text]);
  });
});

describe('An account that holds a seat and lets it expire repeatedly', () => {
  beforeAll(async () => service.stack.api.restart({ HOLD_SECONDS: '2' }), START_MS);
  afterAll(async () => service.stack.api.restart({ HOLD_SECONDS: '300' }), START_MS);

  it('must leave it to others, and a rejected key gets a new try after Retry-After', async () => {
    const [{ seatIds }, hoarder, fan] = await Promise.all([
      service.openSale(),
      service.buyer(),
      service.buyer(),
    ]);
    const one = seatIds.slice(0, 1);
    const key = randomUUID();
    const { holds } = await hoard(hoarder, one, awaitExpiry(hoarder));
    const refusal = await hoarder.hold(one, { key });

    expect(holds).toBeGreaterThan(2);
    expectProblem(refusal, 429, 'hold-limit-exceeded');
    const { reservationId } = await expectHold(fan, one);
    await release(fan)(reservationId);
    await poll(async () => hoarder.hold(one, { key }), 60);
  }, 60_000);

  it('cannot keep it from a user who tries every half second', async () => {
    const [{ seatIds }, hoarder, fan] = await Promise.all([
      service.openSale(),
      service.buyer(),
      service.buyer(),
    ]);
    const one = seatIds.slice(0, 1);
    const first = await expectHold(hoarder, one);
    const won = new AbortController();

    /** Tries again at the instant when a hold ends, or when a rejection allows it. */
    const hoarding = async (): Promise<void> => {
      let next = Date.parse(first.expiresAt);
      while (!won.signal.aborted) {
        await sleep(Math.max(10, next - Date.now()));
        const reply = await hoarder.hold(one);
        if (reply.status === 201) next = Date.parse(contract.hold.parse(reply.body).expiresAt);
        if (reply.status === 429) next = Date.now() + 1_000 * secondsOf(reply);
      }
    };
    const polling = poll(async () => fan.hold(one), 100).finally(() => won.abort());

    await expect(Promise.all([polling, hoarding()])).resolves.toBeDefined();
  }, 120_000);
});

describe('RATE_LIMIT_FACTOR 0', () => {
  beforeAll(async () => service.stack.api.restart({ RATE_LIMIT_FACTOR: '0' }), START_MS);
  afterAll(async () => service.stack.api.restart({ RATE_LIMIT_FACTOR: '1' }), START_MS);

  it('switches off the limits of holds', async () => {
    const [{ seatIds }, user] = await Promise.all([service.openSale(), service.buyer()]);
    const hoarding = hoard(user, seatIds.slice(0, 1), release(user));

    await expect(hoarding).rejects.toThrow('no refusal');
  }, 60_000);
});
