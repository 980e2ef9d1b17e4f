import { mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { readIdentity, writeOwnIdentity } from '../../src/launcher/start/identityFile';
import { isRunning } from '../../src/launcher/processes/processIdentity';

const ROOT = path.resolve(__dirname, '../../.data-test');
const OWNER = 'owner.json';

declare global {
  /** Jest's global setup sets this, and its teardown calls it. Both run in one process. */
  // oxlint-disable-next-line no-var -- a global is declared with var
  var endTestRun: (() => Promise<void>) | undefined;
}

/** Makes the folder of this run, and removes the folders of runs that died without removing theirs. */
export async function createRunFolder(): Promise<string> {
  const folder = path.join(ROOT, String(process.pid));
  await removeDeadRuns();
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o711 });
  writeOwnIdentity(path.join(folder, OWNER));
  return folder;
}

async function removeDeadRuns(): Promise<void> {
  await mkdir(ROOT, { recursive: true });
  const names = await readdir(ROOT);
  await Promise.all(
    names.map(async (name) => {
      const folder = path.join(ROOT, name);
      const owner = readIdentity(path.join(folder, OWNER));
      if (!owner || !isRunning(owner)) await rm(folder, { recursive: true, force: true });
    }),
  );
}
