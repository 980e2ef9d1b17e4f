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
 * Stripe's own mock server. It holds every request against Stripe's OpenAPI description, answers with fixtures,
 * and keeps nothing.
 *
 * @throws {LaunchFailure} with what to do where it cannot be had
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
    // It would listen for HTTPS on every address.
    args: ['-http-addr', `127.0.0.1:${port}`, '-https-addr', '127.0.0.1:0'],
    env: {},
    logFile: path.join(home.folder, 'stripe-mock.log'),
    stopSignal: 'SIGTERM',
    graceMs: 5_000,
  });
  const url = `http://127.0.0.1:${port}`;
  // Without credentials it refuses everything, which is an answer as well.
  await eventually(async () => void (await fetch(url)));
  return {
    url,
    async stop() {
      await server.stop();
      await home.remove();
    },
  };
}

/** On the PATH, in the cache, or built with Go: a request that Stripe would refuse must fail a test everywhere. */
async function findStripeMock(report: Report): Promise<string> {
  const own = findOnPath('stripe-mock');
  if (own) return own;
  try {
    const folder = cached(CACHE_NAME) ?? (await buildWithGo(PROGRAM, report));
    return path.join(folder, 'stripe-mock');
  } catch (error) {
    throw new LaunchFailure(
      `no stripe-mock ${VERSION}: put it on the PATH, or install Go (${error instanceof Error ? error.message : ''})`,
    );
  }
}

const PROGRAM = {
  module: `github.com/stripe/stripe-mock@v${VERSION}`,
  cacheName: CACHE_NAME,
  what: `stripe-mock ${VERSION}: building it with go install, once, under a minute`,
};
