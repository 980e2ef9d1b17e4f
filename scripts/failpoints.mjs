// npm run failpoints -- [--minutes <number>] [--seed <number>] [--only <text>]: faults at the failpoints of the API and
// the worker.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { setUp } from './setUp.mjs';

const { values } = parseArgs({
  options: {
    // 0 plays the whole matrix, with one worker and then with two. It takes hours.
    minutes: { type: 'string', default: '0' },
    seed: { type: 'string', default: '1' },
    // Only cells whose name contains this text, such as 'kill at api: after statement'.
    only: { type: 'string', default: '' },
  },
});
await setUp();
const jest = path.join('node_modules', 'jest', 'bin', 'jest.js');
const child = spawn(process.execPath, [jest, '--selectProjects', 'all', '--', 'test/failpoints'], {
  stdio: 'inherit',
  env: {
    ...process.env,
    FAILPOINTS_MINUTES: values.minutes,
    FAILPOINTS_SEED: values.seed,
    FAILPOINTS_ONLY: values.only,
  },
});
// A signal to this process also stops Jest. Its processes end with it.
process.on('SIGINT', () => child.kill('SIGINT'));
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.on('close', (code) => (process.exitCode = code ?? 1));
