import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import getPort from 'get-port';
import { codeOf, LaunchFailure } from './failure';
import type { Listener } from './start/launcherSettings';

/**
 * Below the range from which systems take the ports of outgoing connections (32768 and up on Linux). In that range, a
 * port that is free now may belong to a connection a moment later.
 */
const RANGE = [15_000, 30_000] as const;
const CANDIDATES = 20;

/**
 * Returns a port of the loopback that is free now. This process does not return the same port again.
 *
 * @param preferred used if it is free
 * @param reserved ports on which another program will listen
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

/** @throws {LaunchFailure} if nothing can listen on the port; the message names the setting that helps */
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
      return `is in use: stop the program that uses it, or set ${setting} to another port`;
    case 'EACCES':
      return `is not allowed for this user: set ${setting} to a port above 1023`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'is not on this machine: set HOST to an address of this machine';
    default:
      return `cannot be used (${code}): set ${setting} or HOST to another value`;
  }
}
