import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import path from 'node:path';
import { repositoryRoot } from '../../src/config/repository';

/** A file of Linux: every write to it fails because there is no space. */
const FULL_DISK = '/dev/full';

/**
 * Runs the compiled logger in a separate process, which ends with code 42 if it lives long enough. Returns how the
 * process ended.
 */
async function logTo(file: string): Promise<unknown[]> {
  const logging = JSON.stringify(path.join(repositoryRoot(), 'dist/src/config/logging.js'));
  const script = `const logger = require(${logging}).createLogger('test', 'info');
    const timer = setInterval(() => logger.info('a line'), 10);
    setTimeout(() => { clearInterval(timer); logger.flush(() => process.exit(42)); }, 300);`;
  const descriptor = openSync(file, 'w');
  const child = spawn(process.execPath, ['-e', script], {
    stdio: ['ignore', descriptor, 'inherit'],
    timeout: 10_000,
    killSignal: 'SIGKILL',
  });
  closeSync(descriptor);
  return once(child, 'exit');
}

describe('a process whose log cannot be written', () => {
  it('continues its work and loses lines', async () => {
    expect(await logTo(FULL_DISK)).toEqual([42, null]);
  });
});
