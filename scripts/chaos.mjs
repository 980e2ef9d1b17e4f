// npm run chaos -- [--minutes <number>] [--seed <number>]: random faults against the whole service.
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { setUp } from './setUp.mjs';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(randomInt(1_000_000)) },
  },
});
const { minutes, seed } = values;
await setUp();
process.stdout.write(`npm run chaos -- --minutes ${minutes} --seed ${seed}\n`);
const jest = path.join('node_modules', 'jest', 'bin', 'jest.js');
const child = spawn(process.execPath, [jest, '--config', 'test/chaos/random/jest.config.js'], {
  stdio: 'inherit',
  env: { ...process.env, CHAOS_MINUTES: minutes, CHAOS_SEED: seed },
});
// A signal to this process also stops Jest. Its processes end with it.
process.on('SIGINT', () => child.kill('SIGINT'));
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.on('close', (code) => (process.exitCode = code ?? 1));
