// npm run model -- [--runs <number>] [--seed <number>] [--path <path> --replay-path <path>]: random sequences of
// requests against the whole service and against a model of it.
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { runJest } from './runJest.mjs';
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
runJest(['--selectProjects', 'all', '--', 'test/model'], {
  MODEL_RUNS: runs,
  MODEL_SEED: seed,
  ...(failurePath === undefined ? {} : { MODEL_PATH: failurePath }),
  ...(replayPath === undefined ? {} : { MODEL_REPLAY_PATH: replayPath }),
});
