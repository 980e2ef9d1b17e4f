import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createGuard } from '../../src/launcher/processes/guard';
import { createSpawner } from '../../src/launcher/processes/managedProcess';
import { findTimeSkippingServer } from './timeSkippingServer';
import { workflowBundle } from '../../src/worker/bundle';
import { createServerSet, reportProgress } from './servers';
import { createRunFolder } from './testRun';

const WORKFLOWS = path.resolve(__dirname, '../../src/workflows/index.ts');
const TEMPLATE = 'holdfast_template';

/**
 * Starts one Postgres, one Redis and one Temporal for the whole run, with their own ports and data, so that they can
 * run beside an `npm start`. Each suite takes its own part of each: `createTestDatabase`, `createTestRedis`, and its
 * own task queue.
 */
export default async function globalSetup(): Promise<void> {
  const folder = await createRunFolder();
  const guard = createGuard(folder);
  const set = await createServerSet(path.join(folder, 'servers'), TEMPLATE, createSpawner(guard));
  const [servers, timeSkipping, bundle] = await Promise.all([
    set.start(),
    findTimeSkippingServer(reportProgress),
    bundleWorkflows(path.join(folder, 'workflow-bundle.js')),
  ]);
  globalThis.endTestRun = async () => {
    await Promise.all([servers.temporal.stop(), servers.redis.stop(), servers.postgres.stop()]);
    guard.dismiss();
    await rm(folder, { recursive: true, force: true });
  };
  Object.assign(process.env, {
    TEST_FOLDER: folder,
    TEST_POSTGRES_URL: servers.superuserUrl,
    TEST_POSTGRES_TEMPLATE: TEMPLATE,
    TEST_POSTGRES_OWNER_URL: servers.database.ownerUrl,
    TEST_POSTGRES_SERVICE_URL: servers.database.serviceUrl,
    TEST_REDIS_URL: servers.redisUrl,
    TEST_TEMPORAL_ADDRESS: servers.temporalAddress,
    TEST_TIME_SKIPPING_SERVER: timeSkipping.file,
    TEST_WORKFLOW_BUNDLE: bundle,
  });
}

/** Makes the bundle once for all suites. If the code cannot be bundled, only the suites that need it fail. */
async function bundleWorkflows(file: string): Promise<string> {
  if (!existsSync(WORKFLOWS)) return file;
  try {
    await writeFile(file, await workflowBundle(WORKFLOWS));
  } catch (error) {
    process.stderr.write(`The workflows cannot be bundled: ${String(error)}\n`);
  }
  return file;
}
