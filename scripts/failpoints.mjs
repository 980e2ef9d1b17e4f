// npm run failpoints -- [--minutes <number>] [--seed <number>] [--only <text>]: faults at the failpoints of the API and
// the worker.
import { parseArgs } from 'node:util';
import { runJest } from './runJest.mjs';
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
runJest(['--selectProjects', 'all', '--', 'test/failpoints'], {
  FAILPOINTS_MINUTES: values.minutes,
  FAILPOINTS_SEED: values.seed,
  FAILPOINTS_ONLY: values.only,
});
