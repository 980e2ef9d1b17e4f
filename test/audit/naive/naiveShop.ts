import { writeFile, appendFile } from 'node:fs/promises';
import path from 'node:path';
import { transformFile } from '@swc/core';
import { audit } from '../../../audit/audit';
import type { ClientLine } from '../../../audit/evidence/clientLog';
import type { Fault } from '../../../audit/fault';
import { createActivities } from '../../../src/activities';
import { repositoryRoot } from '../../../src/config/repository';
import { createGateways } from '../../../src/gateways/gateways';
import { untilReady, type ManagedProcess } from '../../../src/launcher/processes/managedProcess';
import { freePort } from '../../../src/launcher/ports';
import { connectGateway } from '../../sandbox/server';
import { createSale } from '../../support/factories';
import { createFixture } from '../../support/fixture';
import { createPurchases } from '../../support/purchases';
import { createStackFolder, createStackServices } from '../../support/stack';
import { createNaiveBuyer } from './naiveBuyer';
import { BALANCE, LIMIT, SEATS, type Shop } from './shop';

export interface NaiveShop extends Shop {
  scheduleId: string;
  audit(): Promise<Fault[]>;
  stop(): Promise<void>;
}

/** These would save the service from its faults, so a developer in a hurry has not made them. */
const SAFEGUARDS = [
  'one_live_allocation_per_seat',
  'one_live_ticket_per_seat',
  'one_success_per_reservation',
];
const READY_MS = 30_000;

/** Starts the naive service and a sandbox gateway as processes, with their own database and Redis database. */
export async function startNaiveShop(): Promise<NaiveShop> {
  const [home, fixture] = await Promise.all([createStackFolder(), createFixture()]);
  const { database, redis } = fixture;
  const servers = { databaseUrl: database.url, redisUrl: redis.url, temporalAddress: 'none' };
  const { gateway, gatewayUrl, gatewaySecret } = await createStackServices(
    home.folder,
    home.spawn,
    servers,
    {},
  );
  const gatewayClient = connectGateway(gatewayUrl, gatewaySecret);
  await gateway.start();
  for (const index of SAFEGUARDS) await database.owner.raw('DROP INDEX ??', [index]);
  const { scheduleId, seatIds } = await createSale(database.owner, { seats: SEATS, maxSeatsPerUser: LIMIT });
  const gateways = createGateways([gatewayClient], gatewayClient.name);
  const activities = createActivities({ ...fixture.dependencies, gateways });
  const purchases = createPurchases({ ...fixture, gateway: gatewayClient }, activities);

  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const program = await compile(home.folder);
  const lines: ClientLine[] = [];
  let service: ManagedProcess | undefined;

  const shop: NaiveShop = {
    owner: database.owner,
    scheduleId,
    seatIds,
    async buyer() {
      const { userId } = await purchases.buyPoints(BALANCE);
      return createNaiveBuyer(url, userId, lines);
    },
    async start() {
      service = home.spawn({
        name: 'naive service',
        command: process.execPath,
        args: [program],
        env: {
          NODE_PATH: path.join(repositoryRoot(), 'node_modules'),
          PORT: String(port),
          DATABASE_URL: database.ownerUrl,
          GATEWAY_URL: gatewayUrl,
          GATEWAY_SECRET: gatewaySecret,
        },
        logFile: path.join(home.folder, 'naive.log'),
        stopSignal: 'SIGTERM',
        graceMs: 1_000,
      });
      await untilReady(service, async () => fetch(url), READY_MS);
    },
    async kill() {
      service?.signal('SIGKILL');
      await service?.exited;
    },
    async audit() {
      const log = path.join(home.folder, 'clients.ndjson');
      await appendFile(log, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
      const target = { databaseUrl: database.url, redisUrl: redis.url, logs: [log], activeSeconds: 900 };
      return audit({ ...target, gateway: { url: gatewayUrl, secret: gatewaySecret } });
    },
    async stop() {
      await shop.kill();
      await gatewayClient.close();
      await gateway.stop();
      await fixture.drop();
      await home.remove();
    },
  };
  await shop.start();
  return shop;
}

/** `npm test` compiles only the service, so this compiles the naive one. */
async function compile(folder: string): Promise<string> {
  const { code } = await transformFile(path.join(__dirname, 'service.ts'), {
    jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
    module: { type: 'commonjs' },
  });
  const file = path.join(folder, 'naive.js');
  await writeFile(file, code);
  return file;
}
