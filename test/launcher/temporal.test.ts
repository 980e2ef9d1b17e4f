import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import { createGuard } from '../../src/launcher/processes/guard';
import { createSpawner, untilReady, type Spawner } from '../../src/launcher/processes/managedProcess';
import { freePort } from '../../src/launcher/ports';
import { startTemporal } from '../../src/launcher/servers/temporal';
import { findTemporal } from '../../src/launcher/binaries/temporalBinary';
import { SEARCH_ATTRIBUTES } from '../../src/contract/searchAttributes';
import { reportProgress } from '../support/servers';

let folder: string;
let guard: ReturnType<typeof createGuard>;
let spawn: Spawner;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'holdfast-temporal-'));
  guard = createGuard(folder);
  spawn = createSpawner(guard);
});
afterAll(async () => {
  guard.dismiss();
  await rm(folder, { recursive: true });
});

/** Makes the database of a version that knew only one search attribute. */
async function makeOldDatabase(port: number): Promise<void> {
  const { file } = await findTemporal(reportProgress);
  const old = spawn({
    name: 'Temporal',
    command: file,
    args: [
      'server',
      'start-dev',
      '--headless',
      '--ip=127.0.0.1',
      `--port=${port}`,
      `--db-filename=${path.join(folder, 'temporal.db')}`,
      `--search-attribute=${SEARCH_ATTRIBUTES[0]?.name}=Keyword`,
    ],
    env: { HOME: folder },
    logFile: path.join(folder, 'old.log'),
    stopSignal: 'SIGTERM',
    graceMs: 15_000,
  });
  await untilReady(old, async () => expect(await attributesOf(port)).toHaveLength(1), 60_000);
  await old.stop();
}

async function attributesOf(port: number): Promise<string[]> {
  const connection = await Connection.connect({ address: `127.0.0.1:${port}`, connectTimeout: 1_000 });
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({
      namespace: 'default',
    });
    return Object.keys(customAttributes);
  } finally {
    await connection.close();
  }
}

/** Starts a workflow with every search attribute. The server rejects attributes that it does not know. */
async function startWithAttributes(port: number): Promise<void> {
  const connection = await Connection.connect({ address: `127.0.0.1:${port}`, connectTimeout: 1_000 });
  try {
    await new Client({ connection }).workflow.start('anything', {
      workflowId: 'with-attributes',
      taskQueue: 'nobody',
      typedSearchAttributes: new TypedSearchAttributes(SEARCH_ATTRIBUTES.map((key) => ({ key, value: 'x' }))),
    });
  } finally {
    await connection.close();
  }
}

describe('the Temporal of an earlier version', () => {
  it('gets the search attributes that were added later', async () => {
    const port = await freePort();
    await makeOldDatabase(port);

    const running = await startTemporal({
      folder,
      ports: { grpc: port, http: await freePort(), metrics: await freePort() },
      logFile: path.join(folder, 'new.log'),
      spawn,
      report: reportProgress,
    });

    expect(await attributesOf(port)).toEqual(
      expect.arrayContaining(SEARCH_ATTRIBUTES.map(({ name }) => name)),
    );
    await startWithAttributes(port);
    await running.process.stop();
  }, 120_000);
});
