import { execFile } from 'node:child_process';
import path from 'node:path';
import * as contract from './contract';
import { eventually } from '../support/eventually';
import { expectAnswer, expectProblem, type User } from './client';
import { START_MS, startService, type Service } from './service';

/** Long enough for three users to enter on a busy machine. */
const OPENS_IN_MS = 8_000;
const SCRIPT = path.resolve(__dirname, '../../scripts/verify-draw.mjs');

let service: Service;

beforeAll(async () => {
  service = await startService();
}, START_MS);
afterAll(async () => service.end(), START_MS);

async function enterLobby(user: User, scheduleId: string) {
  const reply = await user.post('/v1/queue/tokens', { scheduleId });
  return { user, ...expectAnswer(reply, 201, contract.lobbyTicket) };
}

const status = async (user: User, queueToken: string) =>
  expectAnswer(
    await user.call('GET', '/v1/queue/status', { headers: { 'X-Queue-Token': queueToken } }),
    200,
    contract.queueStatus,
  ).queue;

async function verify(...args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [SCRIPT, ...args], (error, stdout) => {
      if (error) reject(new Error(stdout));
      else resolve(stdout);
    });
  });
}

it('a sale opens at its time, with a draw that anyone can verify', async () => {
  const { scheduleId, seatIds } = await service.openSale({
    saleOpensAt: new Date(Date.now() + OPENS_IN_MS),
    waitingRoom: { admitPerSecond: 100, maxActive: 1 },
  });
  const address = `/v1/schedules/${scheduleId}/draw`;
  const read = async () => expectAnswer(await service.client.call('GET', address), 200, contract.draw);
  const { seedHash, status: before } = await read();
  expect(before).toBe('COMMITTED');
  const users = await service.buyers(3);
  const places = await Promise.all(users.map(async (user) => enterLobby(user, scheduleId)));

  const drawn = await eventually(async () => {
    const draw = await read();
    if (draw.status !== 'DRAWN') throw new Error('not yet');
    return draw;
  }, 60_000);

  expect(drawn.entries?.toSorted()).toEqual(places.map(({ queue }) => queue.entryId).toSorted());
  const line = (drawn.entries ?? []).map((entry) => places.find(({ queue }) => queue.entryId === entry));
  const [first, second] = line;
  if (!first || !second) throw new Error('no entry was drawn');
  const firstInside = await eventually(async () => {
    const queue = await status(first.user, first.queueToken);
    if (queue.status !== 'ACTIVE') throw new Error('not yet');
    return queue;
  });
  expect(firstInside.position).toBe(0);
  expect(await status(second.user, second.queueToken)).toMatchObject({ status: 'WAITING', position: 1 });

  const holdOf = { seatId: seatIds[0], queueToken: second.queueToken };
  expectProblem(await second.user.post('/v1/reservations', holdOf), 403, 'queue-not-admitted');
  const held = await first.user.post('/v1/reservations', { ...holdOf, queueToken: first.queueToken });
  expectAnswer(held, 201, contract.hold);

  const said = await verify(`${service.stack.apiUrl}${address}`, second.queue.entryId, '--hash', seedHash);
  expect(said).toContain(`The entry ${second.queue.entryId} has position 2 of 3.`);
}, 120_000);
