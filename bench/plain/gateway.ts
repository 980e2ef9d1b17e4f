import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import getPort from 'get-port';
import { request } from 'undici';
import { repositoryRoot } from '../../src/config/repository';

export interface Gateway {
  pid: number;
  url: string;
  secret: string;
  stop(): Promise<void>;
}

/**
 * Starts a second sandbox gateway. The audit compares the book of the first one with the ledger of Holdfast.
 *
 * @param folder for its book; the caller removes it
 */
export async function startGateway(folder: string): Promise<Gateway> {
  mkdirSync(folder, { recursive: true });
  const port = await getPort({ host: '127.0.0.1', reserve: true });
  const secret = randomBytes(32).toString('base64url');
  const child = spawn(process.execPath, [path.join(repositoryRoot(), 'dist/sandbox/main.js')], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      HOST: '127.0.0.1',
      LOG_LEVEL: 'warn',
      SANDBOX_PORT: String(port),
      SANDBOX_DATA_DIR: folder,
      SANDBOX_SECRET: secret,
      SANDBOX_WEBHOOK_SECRET: randomBytes(32).toString('base64url'),
    },
  });
  const exited = once(child, 'exit');
  const url = `http://127.0.0.1:${port}`;
  while (!(await responds(url))) {
    if (child.exitCode !== null) throw new Error('the second sandbox gateway did not start');
    await pause(100);
  }
  return {
    pid: child.pid ?? -1,
    url,
    secret,
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

async function responds(url: string): Promise<boolean> {
  try {
    const { statusCode, body } = await request(`${url}/healthz`);
    await body.dump();
    return statusCode === 200;
  } catch {
    return false;
  }
}
