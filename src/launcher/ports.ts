import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import getPort from 'get-port';
import { codeOf, LaunchFailure } from './failure';

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
 */
export function freePort(preferred?: number): Promise<number> {
  const random = Array.from({ length: CANDIDATES }, () => randomInt(...RANGE));
  return getPort({
    host: '127.0.0.1',
    port: preferred ? [preferred, ...random] : random,
    reserve: true,
  });
}

/** @throws {LaunchFailure} naming the setting, when something listens on the port already */
export async function refuseBusyPort(setting: string, host: string, port: number): Promise<void> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
  } catch (error) {
    const why = codeOf(error) === 'EADDRINUSE' ? 'is in use' : `cannot be listened on (${codeOf(error)})`;
    throw new LaunchFailure(
      `port ${port} of ${host} ${why}: stop what uses it, or set ${setting} to another`,
    );
  }
  await new Promise((resolve) => server.close(resolve));
}
