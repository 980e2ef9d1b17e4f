import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import * as contract from '../e2e/contract';
import { expectAnswer, type User } from '../e2e/client';
import type { Reply } from '../e2e/reply';
import { PRICES, type Sale } from '../e2e/sale';
import { startService, type Service } from '../e2e/service';
import { addBuyer, createModel, SEAT_LIMIT, type Buyer, type Model, type Seat } from './model';
import { startShortHolds, type ShortHolds } from './shortHolds';
import { createTurns, type Turns } from './turns';

export const SETTLE_SECONDS = 3;
export const SHORT_HOLD_SECONDS = 4;

/** The running service, which all sequences share. */
export interface Running {
  service: Service;
  shortHolds: ShortHolds;
  turns: Turns;
  /** The tasks that died with the worker run again until then, in milliseconds since 1970. */
  tasks: { lostUntil: number };
}

export async function startRunning(): Promise<Running> {
  const service = await startService({ SETTLE_SECONDS: String(SETTLE_SECONDS), QUEUE_CAPACITY: '100000' });
  try {
    return {
      service,
      shortHolds: await startShortHolds(service, SHORT_HOLD_SECONDS),
      turns: createTurns(),
      tasks: { lostUntil: 0 },
    };
  } catch (error) {
    await service.stop();
    throw error;
  }
}

/** A response under a key, and how to send its request again. */
export interface Sent {
  reply: Reply;
  again: () => Promise<Reply>;
}

/** What the commands of one sequence use of the service: a sale of its own, and the users behind its buyers. */
export interface World extends Running {
  sale: Sale;
  users: Map<Buyer, User>;
  /** The latest request under a key. */
  latest: Sent | null;
  beganAt: number;
  log: (line: string) => void;
}

/** Opens a sale of 3 seats of grade VIP and 5 of grade R, with a buyer who has many points and a buyer who has few. */
export async function openWorld(
  running: Running,
  log: (line: string) => void,
): Promise<{ model: Model; world: World }> {
  const beganAt = Date.now();
  const sale = await running.service.openSale({ seats: 5, vipSeats: 3, maxSeatsPerUser: SEAT_LIMIT });
  const model = createModel([
    ...sale.vipSeatIds.map((seatId, index) => seat(`A${index + 1}`, seatId, 'VIP')),
    ...sale.seatIds.map((seatId, index) => seat(`B${index + 1}`, seatId, 'R')),
  ]);
  const world: World = { ...running, sale, users: new Map(), latest: null, beganAt, log };
  await signUp(model, world, 3 * PRICES.VIP);
  await signUp(model, world, PRICES.R);
  return { model, world };
}

export async function signUp(model: Model, world: World, points: number): Promise<Buyer> {
  const user = await world.service.client.join();
  const buyer = addBuyer(model);
  world.users.set(buyer, user);
  if (points === 0) return buyer;
  const reply = await user.topUp(points, { key: randomUUID() });
  creditTopUp(buyer, reply);
  return buyer;
}

/** Checks a 201, and adds the points to the model. */
export function creditTopUp(buyer: Buyer, reply: Reply): void {
  const { topUpId, amount, balance } = expectAnswer(reply, 201, contract.topUp);
  buyer.topUps.set(topUpId, amount);
  buyer.balance += amount;
  expect(balance).toBe(buyer.balance);
}

export function userOf({ users }: World, buyer: Buyer): User {
  const user = users.get(buyer);
  if (!user) throw new Error(`${buyer.name} has not signed up`);
  return user;
}

/**
 * Sends a request under a new key. A later command may send it again.
 *
 * @param interim the statuses that are not final after the worker was killed
 */
export async function send(
  world: World,
  request: (key: string) => Promise<Reply>,
  interim?: readonly number[],
): Promise<Reply> {
  const key = randomUUID();
  const again = async () => request(key);
  const reply = await finalReply(world, again, interim);
  world.latest = { reply, again };
  return reply;
}

const PAUSE_MS = 200;

/** The server waits 10 s for a task of a worker that died. The API may respond before that, with 503 or 202. */
const LOST_TASK_MS = 30_000;

export async function killWorker({ service, tasks }: World): Promise<void> {
  await service.stack.worker.kill();
  tasks.lostUntil = Date.now() + LOST_TASK_MS;
  await service.stack.worker.start();
}

/** Sends a request again while a worker that died is the reason why its response is not final. */
export async function finalReply(
  { tasks }: World,
  request: () => Promise<Reply>,
  interim: readonly number[] = [503],
): Promise<Reply> {
  let reply = await request();
  while (interim.includes(reply.status) && Date.now() < tasks.lostUntil) {
    await sleep(PAUSE_MS);
    reply = await request();
  }
  return reply;
}

/** Releases a hold. After the worker was killed, the first response may be 503. */
export async function releaseHold(world: World, owner: Buyer, reservationId: string): Promise<Reply> {
  return finalReply(world, async () => userOf(world, owner).release(reservationId));
}

function seat(name: string, seatId: string, grade: Seat['grade']): Seat {
  return { name, seatId, grade, price: PRICES[grade], status: 'AVAILABLE' };
}
