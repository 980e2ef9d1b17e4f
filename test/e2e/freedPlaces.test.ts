import * as contract from './contract';
import { eventually } from '../support/eventually';
import { expectAnswer, expectProblem, expectStatus, type Reply, type User } from './client';
import { R_TOTAL } from './sale';
import { START_MS, startService, type Service } from './service';

let service: Service;

beforeAll(async () => {
  service = await startService();
}, START_MS);
afterAll(async () => service.end(), START_MS);

const ROOM_OF_ONE = { waitingRoom: { admitPerSecond: 100, maxActive: 1 } };

async function enter(user: User, scheduleId: string): Promise<string> {
  const reply = await user.post('/v1/queue/tokens', { scheduleId });
  return expectAnswer(reply, 201, contract.queueTicket).queueToken;
}

const status = async (user: User, queueToken: string): Promise<Reply> =>
  user.call('GET', '/v1/queue/status', { headers: { 'X-Queue-Token': queueToken } });

async function becomes(state: 'ACTIVE' | 'WAITING', user: User, queueToken: string): Promise<void> {
  await eventually(async () => {
    const { queue } = expectAnswer(await status(user, queueToken), 200, contract.queueStatus);
    expect(queue.status).toBe(state);
  });
}

async function hold(user: User, seatId: string | undefined, queueToken: string): Promise<string> {
  const reply = await user.hold([seatId ?? ''], { queueToken });
  return expectAnswer(reply, 201, contract.hold).reservationId;
}

/** One who may buy, in a room that is full with them, and the next in line. */
async function fullRoom() {
  const sale = await service.openSale(ROOM_OF_ONE);
  const [buyer, next] = [await service.buyer(4 * R_TOTAL), await service.buyer()];
  const buyersToken = await enter(buyer, sale.scheduleId);
  const nextsToken = await enter(next, sale.scheduleId);
  return { ...sale, buyer, next, buyersToken, nextsToken };
}

describe('A confirmed payment', () => {
  it('frees the place: the next in line is let in', async () => {
    const { seatIds, buyer, next, buyersToken, nextsToken } = await fullRoom();
    const reservationId = await hold(buyer, seatIds[0], buyersToken);
    await becomes('WAITING', next, nextsToken);

    expectStatus(await buyer.pay(reservationId, { queueToken: buyersToken }), 200);

    await becomes('ACTIVE', next, nextsToken);
    // Whoever has bought stands at the end of the line again.
    expectProblem(
      await buyer.hold(seatIds.slice(1, 2), { queueToken: buyersToken }),
      403,
      'queue-not-admitted',
      { position: 1 },
    );
  });

  it('leaves the token good for a second purchase', async () => {
    const { seatIds, scheduleId } = await service.openSale(ROOM_OF_ONE);
    const buyer = await service.buyer(4 * R_TOTAL);
    const queueToken = await enter(buyer, scheduleId);
    for (const seatId of seatIds.slice(0, 2)) {
      const reservationId = await hold(buyer, seatId, queueToken);
      expectStatus(await buyer.pay(reservationId, { queueToken }), 200);
    }
  });

  it('keeps the place while other seats are held in that room', async () => {
    const { seatIds, buyer, next, buyersToken, nextsToken } = await fullRoom();
    const [first, second] = [
      await hold(buyer, seatIds[0], buyersToken),
      await hold(buyer, seatIds[1], buyersToken),
    ];

    expectStatus(await buyer.pay(first, { queueToken: buyersToken }), 200);
    expectStatus(await buyer.hold(seatIds.slice(2, 3), { queueToken: buyersToken }), 201);
    await becomes('WAITING', next, nextsToken);

    expectStatus(await buyer.pay(second, { queueToken: buyersToken }), 200);
    await becomes('WAITING', next, nextsToken);
  });

  it('can be asked for again: 409, and the same answer under the same key, without a place in line', async () => {
    const { seatIds, buyer, next, buyersToken, nextsToken } = await fullRoom();
    const reservationId = await hold(buyer, seatIds[0], buyersToken);
    const payment = { queueToken: buyersToken, key: `pay-${reservationId}` };
    const paid = await buyer.pay(reservationId, payment);
    await becomes('ACTIVE', next, nextsToken);

    expect((await buyer.pay(reservationId, payment)).text).toBe(paid.text);
    expectProblem(
      await buyer.pay(reservationId, { queueToken: buyersToken }),
      409,
      'reservation-already-confirmed',
    );
  });

  it('is not refused to whoever holds seats and has lost the place meanwhile', async () => {
    const { seatIds, scheduleId, buyer, next, buyersToken, nextsToken } = await fullRoom();
    const reservationId = await hold(buyer, seatIds[0], buyersToken);
    // Redis forgets the room, and the other is the first to come back.
    const keys = await service.stack.redis.keys(`queue:{${scheduleId}}:*`);
    await service.stack.redis.del(keys);
    await becomes('ACTIVE', next, nextsToken);
    await becomes('WAITING', buyer, buyersToken);

    expectStatus(await buyer.pay(reservationId, { queueToken: buyersToken }), 200);
  });
});

describe('A logout', () => {
  it("frees the place in the service's room", async () => {
    const user = await service.client.join();
    expectStatus(await user.call('POST', '/v1/auth/logout'), 204);

    expectProblem(await status(user, user.queueToken), 410, 'queue-token-expired');
  });
});
