import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { freePort } from '../../src/launcher/ports';
import { isRunning, type ProcessIdentity } from '../../src/launcher/processes/processIdentity';
import { repositoryRoot } from '../../src/config/repository';
import { testEnvironment } from '../support/environment';

export interface DataFolder {
  env: { DATA_DIR: string; PORT: string; TEMPORAL_UI_PORT: string };
  apiUrl: string;
  /** The parts that the launcher has recorded as running. */
  parts(): (ProcessIdentity & { name: string })[];
  /** Ends every part that still runs, and removes the folder. */
  remove(): void;
}

export interface LauncherProcess {
  pid: number;
  /** Everything that it has printed so far. */
  output(): string;
  /** Resolves once the output contains the text. Rejects if the launcher ends first. */
  says(text: string): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  /** Resolves with the exit code. */
  ended: Promise<number | null>;
}

const journal = z.array(z.object({ name: z.string(), pid: z.int(), started: z.string() }));

/** A data folder and ports for the launchers of one test. */
export async function createDataFolder(): Promise<DataFolder> {
  const folder = mkdtempSync(path.join(testEnvironment('TEST_FOLDER'), 'launcher-'));
  const port = await freePort();
  const file = path.join(folder, 'processes.json');
  const parts = (): (ProcessIdentity & { name: string })[] =>
    existsSync(file) ? journal.parse(JSON.parse(readFileSync(file, 'utf8'))) : [];
  return {
    env: { DATA_DIR: folder, PORT: String(port), TEMPORAL_UI_PORT: String(await freePort()) },
    apiUrl: `http://127.0.0.1:${port}`,
    parts,
    remove() {
      for (const part of parts()) if (isRunning(part)) process.kill(part.pid, 'SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** `npm start` without the set-up: the compiled launcher, by default of this clone. */
export function startLauncher(env: NodeJS.ProcessEnv, root = repositoryRoot()): LauncherProcess {
  const child = spawn(process.execPath, [path.join(root, 'dist/src/launcher/main.js')], {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], DEMO_DATA: 'false', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // If Jest is killed, this shell sees that its end of the pipe closes. It then lets the launcher stop its parts.
  const guard = spawn('sh', ['-c', 'read -r _; kill -TERM "$1"', 'guard', String(child.pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  child.once('exit', () => guard.kill('SIGKILL'));
  let output = '';
  const ended = once(child, 'close').then(([code]: unknown[]) => (typeof code === 'number' ? code : null));
  const read = (chunk: Buffer): void => {
    output += chunk.toString('utf8');
  };
  child.stdout.on('data', read);
  child.stderr.on('data', read);
  return {
    pid: child.pid ?? -1,
    output: () => output,
    async says(text) {
      while (!output.includes(text)) {
        const next = once(child.stdout, 'data');
        const status = await Promise.race([next.then(() => 'more'), ended.then(() => 'ended')]);
        if (status === 'ended' && !output.includes(text)) throw new Error(`no "${text}" in: ${output}`);
      }
    },
    signal: (signal) => void child.kill(signal),
    ended,
  };
}
