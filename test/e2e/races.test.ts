import { z } from 'zod';
import * as contract from './contract';
import { expectAnswer, expectProblem, type User } from './client';
import { expectHold, readSeatMap } from './sale';
import { START_MS, startService, type Service } from './service';

/** About a hundred logins come before the race. */
const RACE_MS = 60_000;

let service: Service;

beforeAll(async () => {
  service = await startService();
}, START_MS);
afterAll(async () => service.end(), START_MS);

/**
 * All users send their request at once. Each gets all requested seats, or a 409 that names one of them.
 *
 * @returns the seats of each winner
 */
async function race(attempts: readonly { user: User; seatIds: readonly string[] }[]) {
  const answers = await Promise.all(
    attempts.map(async ({ user, seatIds }) => ({ asked: seatIds, reply: await user.hold(seatIds) })),
  );
  const won = answers.filter(({ reply }) => reply.status === 201);
  const winners = won.map(({ asked, reply }) => {
    const seatIds = expectAnswer(reply, 201, contract.hold).seats.map((seat) => seat.seatId);
    expect(seatIds.toSorted()).toEqual(asked.toSorted());
    return seatIds;
  });
  for (const { asked, reply } of answers.filter((answer) => !won.includes(answer))) {
    const gone = z
      .array(z.string())
      .min(1)
      .parse(expectProblem(reply, 409, 'seat-unavailable')['unavailableSeatIds']);
    expect(asked).toEqual(expect.arrayContaining(gone));
  }
  return winners;
}

/** The number of workflows that were started for a schedule. A later hold shows that the list is up to date. */
async function workflowsStarted(scheduleId: string, marker: { user: User; seatId: string }): Promise<number> {
  const { reservationId } = await expectHold(marker.user, [marker.seatId]);
  await service.listed(reservationId);
  return (await service.workflowsOf(scheduleId)) - 1;
}

describe('A race for one seat', () => {
  it(
    'of 100 users has exactly one winner, and no loser starts a workflow',
    async () => {
      const [{ scheduleId, seatIds }, users] = await Promise.all([service.openSale(), service.buyers(101)]);
      const [seatId = '', spare = ''] = seatIds;
      const [late, ...racers] = users;

      const winners = await race(racers.map((user) => ({ user, seatIds: [seatId] })));

      expect(winners).toEqual([[seatId]]);
      if (!late) throw new Error('no user is late');
      expect(await workflowsStarted(scheduleId, { user: late, seatId: spare })).toBe(1);
    },
    RACE_MS,
  );

  it(
    'has one winner, also if Redis loses everything meanwhile',
    async () => {
      const [{ seatIds }, users] = await Promise.all([service.openSale(), service.buyers(30)]);
      const running = race(users.map((user) => ({ user, seatIds: seatIds.slice(0, 1) })));
      await service.stack.redis.flushdb();

      expect(await running).toEqual([seatIds.slice(0, 1)]);
    },
    RACE_MS,
  );
});

describe('A race for overlapping sets of seats', () => {
  it(
    'splits no set: each set is held whole or not at all, and no seat twice',
    async () => {
      const seats = 9;
      const [{ scheduleId, seatIds }, users] = await Promise.all([
        service.openSale({ seats, maxSeatsPerUser: 3 }),
        service.buyers(27),
      ]);
      // Every group of three neighbours, from each of its ends: no two orders agree on the first seat.
      const attempts = users.map((user, index) => {
        const three = [0, 1, 2].flatMap((step) => seatIds[(index + step) % seats] ?? []);
        return { user, seatIds: index % 2 === 0 ? three : three.toReversed() };
      });

      const winners = await race(attempts);

      expect(winners.length).toBeGreaterThan(0);
      const taken = winners.flat();
      expect(new Set(taken).size).toBe(taken.length);
      const map = await readSeatMap(service.client, scheduleId);
      const held = map.seats.filter((seat) => seat.status === 'HELD').map((seat) => seat.seatId);
      expect(held.toSorted()).toEqual(taken.toSorted());
    },
    RACE_MS,
  );
});

describe('The seat limit of a user', () => {
  it('is kept under parallel requests', async () => {
    const limit = 3;
    const [{ seatIds }, user] = await Promise.all([
      service.openSale({ seats: 10, maxSeatsPerUser: limit }),
      service.buyer(),
    ]);

    const replies = await Promise.all(seatIds.map(async (seatId) => user.hold([seatId])));

    const [held, refused] = [
      replies.filter((reply) => reply.status === 201),
      replies.filter((reply) => reply.status !== 201),
    ];
    expect(held).toHaveLength(limit);
    for (const reply of refused) expectProblem(reply, 409, 'seat-limit-exceeded', { limit });
  });
});

describe('A loss of everything in Redis', () => {
  it('loses no seat: Postgres rejects the next users with 409, and they start no workflow', async () => {
    const [{ scheduleId, seatIds }, first, late, ...others] = await Promise.all([
      service.openSale(),
      service.buyer(),
      service.buyer(),
      ...Array.from({ length: 5 }, async () => service.buyer()),
    ]);
    const [seatId = '', spare = ''] = seatIds;
    await expectHold(first, [seatId]);

    await service.stack.redis.flushdb();

    expect(await race(others.map((user) => ({ user, seatIds: [seatId] })))).toEqual([]);
    expect(await workflowsStarted(scheduleId, { user: late, seatId: spare })).toBe(1);
  });
});
