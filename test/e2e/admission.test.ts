import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import * as contract from './contract';
import { eventually } from '../support/eventually';
import { expectAnswer, expectProblem, expectStatus, type User } from './client';
import type { Reply } from './reply';
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

/** The names of the events of a stream. */
async function listen(user: User, queueToken: string): Promise<AsyncGenerator<string, void>> {
  const response = await fetch(`${service.stack.apiUrl}/v1/queue/events`, {
    headers: { Authorization: `Bearer ${user.accessToken}`, 'X-Queue-Token': queueToken },
  });
  if (!response.body) throw new Error('no stream');
  return eventNames(createInterface({ input: Readable.fromWeb(response.body) }));
}

async function* eventNames(lines: AsyncIterable<string>): AsyncGenerator<string, void> {
  for await (const line of lines) if (line.startsWith('event: ')) yield line.slice('event: '.length);
}

async function firstEvent(user: User, queueToken: string): Promise<string> {
  const events = await listen(user, queueToken);
  const { value } = await events.next();
  await events.return?.();
  return String(value);
}

/** Polls until a user in line gets this `supply`. */
async function isTold(supply: string, user: User, queueToken: string) {
  return eventually(async () => {
    const { queue } = expectAnswer(await status(user, queueToken), 200, contract.queueStatus);
    expect(queue.supply).toBe(supply);
    return queue;
  });
}

async function hold(user: User, seatId: string | undefined, queueToken: string): Promise<string> {
  const reply = await user.hold([seatId ?? ''], { queueToken });
  return expectAnswer(reply, 201, contract.hold).reservationId;
}

/** A user who may buy and who fills the room, and the next user in line. */
async function fullRoom() {
  const sale = await service.openSale(ROOM_OF_ONE);
  const [buyer, next] = [await service.buyer(4 * R_TOTAL), await service.buyer()];
  const buyersToken = await enter(buyer, sale.scheduleId);
  const nextsToken = await enter(next, sale.scheduleId);
  return { ...sale, buyer, next, buyersToken, nextsToken };
}

describe('A confirmed payment', () => {
  it('frees the place: the next user in line is admitted', async () => {
    const { seatIds, buyer, next, buyersToken, nextsToken } = await fullRoom();
    const reservationId = await hold(buyer, seatIds[0], buyersToken);
    await becomes('WAITING', next, nextsToken);

    expectStatus(await buyer.pay(reservationId, { queueToken: buyersToken }), 200);

    await becomes('ACTIVE', next, nextsToken);
    // A user who has bought is at the end of the line again.
    expectProblem(
      await buyer.hold(seatIds.slice(1, 2), { queueToken: buyersToken }),
      403,
      'queue-not-admitted',
      { position: 1 },
    );
  });

  it('leaves the token valid for a second purchase', async () => {
    const { seatIds, scheduleId } = await service.openSale(ROOM_OF_ONE);
    const buyer = await service.buyer(4 * R_TOTAL);
    const queueToken = await enter(buyer, scheduleId);
    for (const seatId of seatIds.slice(0, 2)) {
      const reservationId = await hold(buyer, seatId, queueToken);
      expectStatus(await buyer.pay(reservationId, { queueToken }), 200);
    }
  });

  it('keeps the place while the user holds other seats in that room', async () => {
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

  it('can be sent again without a place in line: the same key gets the same response, no key gets 409', async () => {
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

  it('is not rejected if the user holds seats and has lost the place meanwhile', async () => {
    const { seatIds, scheduleId, buyer, next, buyersToken, nextsToken } = await fullRoom();
    const reservationId = await hold(buyer, seatIds[0], buyersToken);
    // Redis loses the room, and the other user is the first to come back.
    const keys = await service.stack.redis.keys(`queue:{${scheduleId}}:*`);
    await service.stack.redis.del(keys);
    await becomes('ACTIVE', next, nextsToken);
    await becomes('WAITING', buyer, buyersToken);

    expectStatus(await buyer.pay(reservationId, { queueToken: buyersToken }), 200);
  });
});

describe('A schedule whose last seat is gone', () => {
  const ROOM = { seats: 1, waitingRoom: { admitPerSecond: 100, maxActive: 100 } };

  it('admits no user: the line shows FULL, then SOLD_OUT, and admits again when a seat is free', async () => {
    const sale = await service.openSale(ROOM);
    const [buyer, late] = [await service.buyer(R_TOTAL), await service.client.join()];
    const buyersToken = await enter(buyer, sale.scheduleId);
    const reservationId = await hold(buyer, sale.seatIds[0], buyersToken);
    // The room counted its seats before the hold, and it uses a count for 3 s.
    await eventually(async () => {
      const fields = await service.stack.redis.hgetall(`queue:{${sale.scheduleId}}:pace`);
      expect(Date.now() - Number(fields['stepAt'])).toBeGreaterThan(3_000);
    });

    const latesToken = await enter(late, sale.scheduleId);
    expect(await isTold('FULL', late, latesToken)).toMatchObject({
      status: 'WAITING',
      position: 1,
      etaSeconds: null,
    });

    expectStatus(await buyer.pay(reservationId, { queueToken: buyersToken }), 200);
    expect(await isTold('SOLD_OUT', late, latesToken)).toMatchObject({
      status: 'WAITING',
      pollAfterSeconds: 30,
    });
    expect(await firstEvent(late, latesToken)).toBe('sold-out');

    expectStatus(await buyer.cancel(reservationId), 200);
    await becomes('ACTIVE', late, latesToken);
  });

  it('is reported on the event stream of waiting users', async () => {
    const sale = await service.openSale({ seats: 1, waitingRoom: { admitPerSecond: 100, maxActive: 1 } });
    const [buyer, next] = [await service.buyer(R_TOTAL), await service.client.join()];
    const buyersToken = await enter(buyer, sale.scheduleId);
    const nextsToken = await enter(next, sale.scheduleId);
    const events = await listen(next, nextsToken);
    expect((await events.next()).value).toBe('position');

    const reservationId = await hold(buyer, sale.seatIds[0], buyersToken);
    expectStatus(await buyer.pay(reservationId, { queueToken: buyersToken }), 200);

    let name = 'position';
    while (name === 'position') name = String((await events.next()).value);
    expect(name).toBe('sold-out');
    await events.return?.();
  });

  it('shows its room in the metrics', async () => {
    const { scheduleId } = await service.openSale(ROOM);
    const user = await service.client.join();
    await enter(user, scheduleId);

    await eventually(async () => {
      const metrics = await (await fetch(service.stack.metricsUrl)).text();
      expect(metrics).toContain(`holdfast_waiting_room_rate{room="${scheduleId}"} 100`);
      expect(metrics).toContain(`holdfast_waiting_room_active{room="${scheduleId}"} 1`);
      expect(metrics).toContain(
        `holdfast_waiting_room_reason{room="${scheduleId}",reason="full-speed",supply="OPEN"} 1`,
      );
    });
  });
});

describe('A logout', () => {
  it('frees the place in the room of the service', async () => {
    const user = await service.client.join();
    expectStatus(await user.call('POST', '/v1/auth/logout'), 204);

    expectProblem(await status(user, user.queueToken), 410, 'queue-token-expired');
  });
});
