import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import getPort from 'get-port';
import { codeOf, LaunchFailure } from './failure';
import type { Listener } from './start/launcherSettings';

/**
 * Below the range from which systems take the ports of outgoing connections (32768 and up on Linux): there,
 * a port that is free now may be some connection's own a moment later.
 */
const RANGE = [15_000, 30_000] as const;
const CANDIDATES = 20;

/**
 * A port of the loopback that is free now and that this process does not hand out again.
 *
 * @param preferred taken when it is free
 * @param reserved those that somebody else will listen on
 */
export function freePort(preferred?: number, reserved: readonly number[] = []): Promise<number> {
  const random = Array.from({ length: CANDIDATES }, () => randomInt(...RANGE));
  return getPort({
    host: '127.0.0.1',
    port: preferred ? [preferred, ...random] : random,
    exclude: reserved,
    reserve: true,
  });
}

/** @throws {LaunchFailure} naming the setting that helps, when nothing can listen there */
export async function refuseBusyPort({ setting, host, port }: Listener): Promise<void> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
  } catch (error) {
    throw new LaunchFailure(`port ${port} of ${host} ${whyBusy(codeOf(error), setting)}`);
  }
  await new Promise((resolve) => server.close(resolve));
}

function whyBusy(code: string | undefined, setting: string): string {
  switch (code) {
    case 'EADDRINUSE':
      return `is in use: stop what uses it, or set ${setting} to another`;
    case 'EACCES':
      return `may not be listened on by this user: set ${setting} to one above 1023`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'is no address of this machine: set HOST to one that is';
    default:
      return `cannot be listened on (${code}): set ${setting} or HOST to another`;
  }
}
