// npm test: runs the set-up, then the suite. The last line is `N passed, N failed`.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { setUp } from './setUp.mjs';

await setUp();
const jest = path.join('node_modules', 'jest', 'bin', 'jest.js');
// scripts/countReporter.cjs, which jest.config.js names, sends the counts by ipc.
const child = spawn(process.execPath, [jest, ...process.argv.slice(2)], {
  stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
});
// A signal to this process also stops Jest, and Jest stops its servers.
process.on('SIGINT', () => child.kill('SIGINT'));
process.on('SIGTERM', () => child.kill('SIGTERM'));
// A run that sends no counts counts as one failure.
let counts = { passed: 0, failed: 1 };
child.on('message', (/** @type {typeof counts} */ message) => (counts = message));
child.on('close', (code) => {
  const { passed, failed } = counts;
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  process.exitCode = code === 0 && failed === 0 ? 0 : 1;
});
