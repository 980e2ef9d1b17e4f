import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import * as contract from './contract';
import { eventually } from '../support/eventually';
import { expectAnswer, expectProblem, expectStatus, type User } from './client';
import { expectHold } from './sale';
import { START_MS, startService, type Service } from './service';

let service: Service;

beforeAll(async () => {
  service = await startService({ QUEUE_TOKEN_TTL_SECONDS: '4' });
}, START_MS);
afterAll(async () => service.end(), START_MS);

const SMALL_ROOM = { waitingRoom: { admitPerSecond: 5, maxActive: 1 } };

async function enter(user: User, scheduleId?: string) {
  const body = scheduleId === undefined ? {} : { scheduleId };
  return expectAnswer(await user.post('/v1/queue/tokens', body), 201, contract.queueTicket);
}

const status = (user: User, queueToken: string) =>
  user.call('GET', '/v1/queue/status', { headers: { 'X-Queue-Token': queueToken } });

/** The names of the events of a stream until it ends. */
async function eventNames(user: User, queueToken: string): Promise<string[]> {
  const response = await fetch(`${service.stack.apiUrl}/v1/queue/events`, {
    headers: { Authorization: `Bearer ${user.accessToken}`, 'X-Queue-Token': queueToken },
  });
  expect(response.headers.get('Content-Type')).toMatch(/^text\/event-stream/);
  const names: string[] = [];
  if (!response.body) throw new Error('no stream');
  for await (const line of createInterface({ input: Readable.fromWeb(response.body) })) {
    if (line.startsWith('event: ')) names.push(line.slice('event: '.length));
  }
  return names;
}

describe('POST /v1/queue/tokens', () => {
  it('gives one account one place in a room', async () => {
    const [{ scheduleId }, first, second] = await Promise.all([
      service.openSale(SMALL_ROOM),
      service.client.join(),
      service.client.join(),
    ]);
    await enter(first, scheduleId);

    const [place, again] = [await enter(second, scheduleId), await enter(second, scheduleId)];

    expect(place.queue).toMatchObject({ status: 'WAITING', position: 1, expiresAt: null });
    expect(again.queue.position).toBe(1);
  });

  it('responds with 401 without a login and 404 for an unknown schedule', async () => {
    const user = await service.client.join();
    const scheduleId = '00000000-0000-4000-8000-000000000000';

    expectProblem(await user.post('/v1/queue/tokens', { scheduleId }), 404, 'schedule-not-found');
    const anonymous = await service.client.call('POST', '/v1/queue/tokens', { body: {} });
    expectProblem(anonymous, 401, 'unauthenticated');
  });
});

describe('GET /v1/queue/status', () => {
  it('returns the position of the place', async () => {
    const user = await service.client.join();
    const { queueToken } = await enter(user);

    const { queue } = expectAnswer(await status(user, queueToken), 200, contract.queueStatus);
    expect(queue).toMatchObject({ status: 'ACTIVE', position: 0, etaSeconds: 0 });
  });

  it('responds with 401 invalid-queue-token for a missing and for a forged token', async () => {
    const user = await service.client.join();

    expectProblem(await user.get('/v1/queue/status'), 401, 'invalid-queue-token');
    expectProblem(await status(user, 'forged'), 401, 'invalid-queue-token');
  });
});

describe('The own waiting room of a schedule', () => {
  it('needs the token of that room: 403 queue-token-wrong-room for the token of the login', async () => {
    const [{ scheduleId, seatIds }, user] = await Promise.all([
      service.openSale(SMALL_ROOM),
      service.client.join(),
    ]);
    const { queueToken } = await enter(user);

    expectProblem(await user.hold(seatIds.slice(0, 1), { queueToken }), 403, 'queue-token-wrong-room');
    const own = await enter(user, scheduleId);
    expectStatus(await user.hold(seatIds.slice(0, 1), { queueToken: own.queueToken }), 201);
  });

  it('rejects a user who is still waiting: 403 queue-not-admitted with position', async () => {
    const [{ scheduleId, seatIds }, first, second] = await Promise.all([
      service.openSale(SMALL_ROOM),
      service.client.join(),
      service.client.join(),
    ]);
    await enter(first, scheduleId);
    const { queueToken } = await enter(second, scheduleId);

    expectProblem(await second.hold(seatIds.slice(0, 1), { queueToken }), 403, 'queue-not-admitted', {
      position: 1,
    });
  });

  it('admits the next user when a place ends, and sends position, then admitted', async () => {
    const [{ scheduleId, seatIds }, first, second] = await Promise.all([
      service.openSale(SMALL_ROOM),
      service.client.join(),
      service.client.join(),
    ]);
    const ended = await enter(first, scheduleId);
    const { queueToken } = await enter(second, scheduleId);

    expect(await eventNames(second, queueToken)).toEqual(['position', 'admitted']);

    expectStatus(await second.hold(seatIds.slice(0, 1), { queueToken }), 201);
    expectProblem(await status(first, ended.queueToken), 410, 'queue-token-expired');
  });

  it('lets a user whose place has expired enter again', async () => {
    const [{ scheduleId }, user] = await Promise.all([service.openSale(SMALL_ROOM), service.client.join()]);
    const { queueToken } = await enter(user, scheduleId);
    await eventually(async () => expectProblem(await status(user, queueToken), 410, 'queue-token-expired'));

    expect((await enter(user, scheduleId)).queue.status).toBe('ACTIVE');
  });
});

describe('The queue token of the login', () => {
  it('is enough for a schedule without its own room', async () => {
    const { seatIds } = await service.openSale();
    const user = await service.client.join();

    await expectHold(user, seatIds.slice(0, 1));
  });
});
