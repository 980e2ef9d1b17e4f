import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { z } from 'zod';
import { repositoryRoot } from '../../src/config/repository';
import { seeVersions } from '../../src/temporal/workerVersions';
import { reservationWorkflowId } from '../../src/contract/reservations';
import { connectClient, expectAnswer, type User } from '../e2e/client';
import * as contract from '../e2e/contract';
import { testEnvironment } from '../support/environment';
import { eventually } from '../support/eventually';
import { createDataFolder, startLauncher, type DataFolder } from './launcherProcess';
import { readFileSync } from 'node:fs';

jest.setTimeout(180_000);

const READY = 'Holdfast is ready';

let data: DataFolder;
let earlier: string;

beforeAll(async () => {
  data = await createDataFolder();
  earlier = await anEarlierRelease();
});

afterAll(async () => {
  data.remove();
  await rm(earlier, { recursive: true, force: true });
});

/** A copy of the compiled release whose workers have another version. */
async function anEarlierRelease(): Promise<string> {
  const root = await mkdtemp(path.join(testEnvironment('TEST_FOLDER'), 'earlier-'));
  await mkdir(path.join(root, 'dist'));
  await cp(path.join(repositoryRoot(), 'dist'), path.join(root, 'dist'), { recursive: true });
  await writeFile(path.join(root, 'dist/build-id'), 'earlier\n');
  for (const name of ['node_modules', 'demo', 'package.json', 'package-lock.json']) {
    await symlink(path.join(repositoryRoot(), name), path.join(root, name));
  }
  return root;
}

async function start(root?: string) {
  const launcher = startLauncher({ ...data.env, DEMO_DATA: 'true' }, root);
  await launcher.says(READY);
  return launcher;
}

/** The Temporal of `npm start`. */
async function temporal(): Promise<{ client: Client; connection: Connection }> {
  const stateSchema = z.object({ ports: z.object({ temporal: z.int() }) });
  const { ports } = stateSchema.parse(
    JSON.parse(readFileSync(path.join(data.env.DATA_DIR, 'state.json'), 'utf8')),
  );
  const connection = await Connection.connect({ address: `127.0.0.1:${ports.temporal}` });
  return { client: new Client({ connection }), connection };
}

async function holdOfTwoSeats(user: User): Promise<string> {
  const ids = z.object({ items: z.array(z.object({ concertId: z.string(), saleStatus: z.string() })) });
  const concerts = ids.parse((await user.get('/v1/concerts')).body).items;
  const open = concerts.find(({ saleStatus }) => saleStatus === 'OPEN');
  const schedules = z
    .object({ items: z.array(z.object({ scheduleId: z.string(), saleStatus: z.string() })) })
    .parse((await user.get(`/v1/concerts/${open?.concertId}/schedules`)).body).items;
  const schedule = schedules.find(({ saleStatus }) => saleStatus === 'OPEN');
  const map = z
    .object({ seats: z.array(z.object({ seatId: z.string(), status: z.string() })) })
    .parse((await user.get(`/v1/schedules/${schedule?.scheduleId}/seats`)).body);
  const seatIds = map.seats.filter(({ status }) => status === 'AVAILABLE').slice(0, 2);
  const reply = await user.hold(seatIds.map(({ seatId }) => seatId));
  return expectAnswer(reply, 201, contract.reservation).reservationId;
}

describe('An upgrade by a stop and a start', () => {
  it('finishes the open work of the earlier release automatically', async () => {
    const before = await start(earlier);
    const user = await (await connectClient(data.apiUrl)).join();
    expectAnswer(await user.topUp(1_000_000), 201, z.object({ status: z.literal('SUCCEEDED') }));
    const reservationId = await holdOfTwoSeats(user);
    const first = await temporal();
    await eventually(async () => {
      const { raw } = await first.client.workflow.getHandle(reservationWorkflowId(reservationId)).describe();
      expect(raw.workflowExecutionInfo?.versioningInfo?.deploymentVersion?.buildId).toBe('earlier');
    });
    await first.connection.close();
    before.signal('SIGTERM');
    expect(await before.ended).toBe(0);

    const after = await start();
    const { client, connection } = await temporal();
    await eventually(async () => {
      const { current } = await seeVersions(client, 'holdfast');
      expect(current).toMatch(/^[0-9a-f]{16}$/);
    });
    await connection.close();
    expectAnswer(await user.pay(reservationId), 200, z.object({ reservationStatus: z.literal('CONFIRMED') }));
    after.signal('SIGTERM');
    expect(await after.ended).toBe(0);
  });
});
