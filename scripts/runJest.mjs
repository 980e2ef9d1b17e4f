// Runs a suite of Jest that has a command of its own, after the set-up of the tests.
import { spawn } from 'node:child_process';
import path from 'node:path';

/**
 * Ends this process with the exit code of Jest.
 *
 * @param {readonly string[]} args for Jest
 * @param {Record<string, string>} env settings of the suite
 */
export function runJest(args, env) {
  const jest = path.join('node_modules', 'jest', 'bin', 'jest.js');
  const child = spawn(process.execPath, [jest, ...args], {
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  // A signal to this process also stops Jest. Its processes end with it.
  process.on('SIGINT', () => child.kill('SIGINT'));
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('close', (code) => (process.exitCode = code ?? 1));
}
