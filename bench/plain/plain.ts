import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { readGatewayBook } from '../../audit/evidence/gatewayBook';
import { startChild, type Child } from '../processes/child';
import { PRICE } from '../site/catalogue';
import type { Person } from '../generator/protocol';
import type { Site } from '../site/site';
import { startGateway } from './gateway';
import type { PlainServiceCommand, PlainServiceTarget } from './protocol';
import { createTables, paidBookings } from './tables';

/** A booking service without Temporal, in the Postgres of a Holdfast and with a gateway of its own. */
export interface Plain {
  url(): string;
  pids(): Record<string, number>;
  people: readonly Person[];
  seatIds: readonly string[];
  /** SIGKILL, and a new process. */
  killAndStart(): Promise<void>;
  /** SIGSTOP, and SIGCONT after this time. */
  freeze(forMs: number): Promise<void>;
  /** The charges of bookings that are not paid: money that the customer has lost. */
  chargedForNothing(): Promise<number>;
  stop(): Promise<void>;
}

/** More than all rounds can sell. */
const SEATS = 60_000;

export async function startPlain({ stack, people }: Site, customers: number): Promise<Plain> {
  const buyers = await people.welcome(customers, 0);
  const seatIds = Array.from({ length: SEATS }, () => randomUUID());
  const databaseUrl = stack.ownerUrl;
  const userIds = buyers.map(({ userId }) => userId);
  await createTables(databaseUrl, { seatIds, price: PRICE, userIds, points: 1_000_000 * PRICE });
  const gateway = await startGateway(path.join(stack.folder, 'plain-gateway'));
  const { url: gatewayUrl, secret: gatewaySecret } = gateway;
  const target: PlainServiceTarget = { databaseUrl, gatewayUrl, gatewaySecret, publicJwk: people.publicJwk };
  const start = async () => {
    const child: Child<PlainServiceCommand> = await startChild(path.join(__dirname, 'process.js'), target);
    return { child, port: await child.ask({ ask: 'port' }, z.int()) };
  };
  let service = await start();
  return {
    url: () => `http://127.0.0.1:${service.port}`,
    pids: () => ({
      'plain service': service.child.pid,
      Postgres: stack.pids.Postgres,
      gateway: gateway.pid,
    }),
    people: buyers,
    seatIds,
    async killAndStart() {
      process.kill(service.child.pid, 'SIGKILL');
      await service.child.stop();
      service = await start();
    },
    async freeze(forMs) {
      process.kill(service.child.pid, 'SIGSTOP');
      await pause(forMs);
      process.kill(service.child.pid, 'SIGCONT');
    },
    async chargedForNothing() {
      const [charges, paid] = await Promise.all([readGatewayBook(gateway), paidBookings(databaseUrl)]);
      return charges.filter(({ orderId }) => !paid.has(orderId)).length;
    },
    async stop() {
      await service.child.stop();
      await gateway.stop();
    },
  };
}
