import { randomUUID } from 'node:crypto';
import { decodeJwt } from 'jose';
import * as contract from './contract';
import { eventually } from '../support/eventually';
import { expectAnswer, expectProblem, expectStatus, type User } from './client';
import { expectHold, PRICES, type Sale } from './sale';
import { START_MS, startService, type Service } from './service';

let service: Service;

beforeAll(async () => {
  service = await startService();
}, START_MS);
afterAll(async () => service.end(), START_MS);

const ROOM = { admitPerSecond: 1, maxActive: 1 };

const enter = async (user: User, scheduleId: string) =>
  expectAnswer(await user.post('/v1/queue/tokens', { scheduleId }), 201, contract.queueTicket);

/** Resolves when every part of the API knows the change: then a token of the earlier room can hold no seat. */
async function switchRoom({ scheduleId, seatIds }: Sale, room: typeof ROOM | null, before: string) {
  const changed = await service.operator.call('PATCH', `/v1/admin/schedules/${scheduleId}`, {
    body: { waitingRoom: room },
  });
  expectStatus(changed, 200);
  const user = await service.client.join();
  const queueToken = before === 'service' ? user.queueToken : (await enter(user, before)).queueToken;
  await eventually(async () => {
    const reply = await user.hold(seatIds.slice(-1), { queueToken });
    if (reply.status === 201) await user.release(contract.hold.parse(reply.body).reservationId);
    expectProblem(reply, 403, 'queue-token-wrong-room');
  }, 15_000);
}

describe('A waiting room that is switched on during a sale', () => {
  it('lets a client that holds seats pay with the token of its hold', async () => {
    const [sale, user] = await Promise.all([service.openSale(), service.buyer(2 * PRICES.R)]);
    const first = await expectHold(user, sale.seatIds.slice(0, 1));
    const second = await expectHold(user, sale.seatIds.slice(1, 2));

    await switchRoom(sale, ROOM, 'service');

    expectAnswer(await user.pay(first.reservationId), 200, contract.paid);
    expectAnswer(await user.pay(second.reservationId), 200, contract.paid);
    expectProblem(await user.hold(sale.seatIds.slice(2, 3)), 403, 'queue-token-wrong-room');
  });

  it('lets a client that holds seats also pay with a token of the new room', async () => {
    const [sale, user] = await Promise.all([service.openSale(), service.buyer(PRICES.R)]);
    const { reservationId } = await expectHold(user, sale.seatIds.slice(0, 1));

    await switchRoom(sale, ROOM, 'service');

    const { queueToken } = await enter(user, sale.scheduleId);
    expectAnswer(await user.pay(reservationId, { queueToken }), 200, contract.paid);
  });

  it('does not accept the token of a third room', async () => {
    const [sale, other, user] = await Promise.all([
      service.openSale(),
      service.openSale({ waitingRoom: ROOM }),
      service.buyer(PRICES.R),
    ]);
    const { reservationId } = await expectHold(user, sale.seatIds.slice(0, 1));
    const { queueToken } = await enter(user, other.scheduleId);

    expectProblem(await user.pay(reservationId, { queueToken }), 403, 'queue-token-wrong-room');
  });
});

/** A hold in a sale with its own room. */
async function holdInRoom() {
  const [sale, user] = await Promise.all([
    service.openSale({ waitingRoom: { admitPerSecond: 100, maxActive: 10 } }),
    service.buyer(PRICES.R),
  ]);
  const { queueToken } = await enter(user, sale.scheduleId);
  const reply = await user.hold(sale.seatIds.slice(0, 1), { queueToken, key: randomUUID() });
  return { sale, user, queueToken, held: expectAnswer(reply, 201, contract.hold) };
}

describe('A waiting room that is switched off during a sale', () => {
  it('lets a client that holds seats pay with the token of the room', async () => {
    const { sale, user, queueToken, held } = await holdInRoom();

    await switchRoom(sale, null, sale.scheduleId);

    expectAnswer(await user.pay(held.reservationId, { queueToken }), 200, contract.paid);
  });

  it('lets a client whose place there has ended pay with a new token', async () => {
    const { sale, user, queueToken, held } = await holdInRoom();
    await switchRoom(sale, null, sale.scheduleId);
    await service.stack.redis.zrem(`queue:{${sale.scheduleId}}:active`, user.userId);
    expectProblem(await user.pay(held.reservationId, { queueToken }), 410, 'queue-token-expired');

    const again = await eventually(async () => {
      const entered = await enter(user, sale.scheduleId);
      // The API reads the room of a schedule at most every 2 s.
      expect(decodeJwt(entered.queueToken)['room']).toBe('service');
      return entered;
    });

    expectAnswer(await user.pay(held.reservationId, { queueToken: again.queueToken }), 200, contract.paid);
  });
});
