// npm run chaos -- [--minutes <number>] [--seed <number>]: random faults against the whole service.
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { runJest } from './runJest.mjs';
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
runJest(['--config', 'test/chaos/random/jest.config.js'], { CHAOS_MINUTES: minutes, CHAOS_SEED: seed });
