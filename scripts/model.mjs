// npm run model -- [--runs <number>] [--seed <number>] [--path <path> --replay-path <path>]: random sequences of
// requests against the whole service and against a model of it.
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { setUp } from './setUp.mjs';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000' },
    seed: { type: 'string', default: String(randomInt(1_000_000)) },
    path: { type: 'string' },
    'replay-path': { type: 'string' },
  },
});
const { runs, seed, path: failurePath, 'replay-path': replayPath } = values;
await setUp();
process.stdout.write(`npm run model -- --runs ${runs} --seed ${seed}\n`);
const jest = path.join('node_modules', 'jest', 'bin', 'jest.js');
const child = spawn(process.execPath, [jest, '--selectProjects', 'all', '--', 'test/model'], {
  stdio: 'inherit',
  env: {
    ...process.env,
    MODEL_RUNS: runs,
    MODEL_SEED: seed,
    ...(failurePath === undefined ? {} : { MODEL_PATH: failurePath }),
    ...(replayPath === undefined ? {} : { MODEL_REPLAY_PATH: replayPath }),
  },
});
// A signal to this process also stops Jest. Its processes end with it.
process.on('SIGINT', () => child.kill('SIGINT'));
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.on('close', (code) => (process.exitCode = code ?? 1));
