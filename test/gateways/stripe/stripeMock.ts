import path from 'node:path';
import { cached } from '../../../src/launcher/binaries/cache';
import { findOnPath } from '../../../src/launcher/binaries/commands';
import { LaunchFailure, type Report } from '../../../src/launcher/failure';
import { buildWithGo } from '../../../src/launcher/binaries/goProgram';
import type { ManagedProcess } from '../../../src/launcher/processes/managedProcess';
import { freePort } from '../../../src/launcher/ports';
import { eventually } from '../../support/eventually';
import { reportProgress } from '../../support/servers';
import { createStackFolder } from '../../support/stack';

const VERSION = '0.203.0';
const CACHE_NAME = `stripe-mock-${VERSION}`;

export interface RunningStripeMock {
  url: string;
  stop(): Promise<void>;
}

/**
 * Starts Stripe's own mock server. It checks every request against Stripe's OpenAPI description, responds with
 * fixtures, and keeps nothing.
 *
 * @throws {LaunchFailure} if it is not available; the message says what to do
 */
export async function startStripeMock(): Promise<RunningStripeMock> {
  const [file, home, port] = await Promise.all([
    findStripeMock(reportProgress),
    createStackFolder(),
    freePort(),
  ]);
  const server: ManagedProcess = home.spawn({
    name: 'stripe-mock',
    command: file,
    // Otherwise it would listen for HTTPS on every address.
    args: ['-http-addr', `127.0.0.1:${port}`, '-https-addr', '127.0.0.1:0'],
    env: {},
    logFile: path.join(home.folder, 'stripe-mock.log'),
    stopSignal: 'SIGTERM',
    graceMs: 5_000,
  });
  const url = `http://127.0.0.1:${port}`;
  // Without credentials it rejects everything, but it responds.
  await eventually(async () => void (await fetch(url)));
  return {
    url,
    async stop() {
      await server.stop();
      await home.remove();
    },
  };
}

/**
 * Finds it on the PATH, in the cache, or builds it with Go. A request that Stripe would reject must fail a test on
 * every machine.
 */
async function findStripeMock(report: Report): Promise<string> {
  const own = findOnPath('stripe-mock');
  if (own) return own;
  try {
    const folder = cached(CACHE_NAME) ?? (await buildWithGo(PROGRAM, report));
    return path.join(folder, 'stripe-mock');
  } catch (error) {
    throw new LaunchFailure(
      `there is no stripe-mock ${VERSION}: put it on the PATH, or install Go (${error instanceof Error ? error.message : ''})`,
    );
  }
}

const PROGRAM = {
  module: `github.com/stripe/stripe-mock@v${VERSION}`,
  cacheName: CACHE_NAME,
  what: `stripe-mock ${VERSION}: building it with go install, once; takes less than a minute`,
};
