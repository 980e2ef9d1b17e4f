// The checks that .ci/run makes before the tests, on a clone that may have no dependencies installed yet.
import { spawnSync } from 'node:child_process';
import { setUp } from './setUp.mjs';

await setUp();
process.exitCode = spawnSync('npm', ['run', '--silent', 'check'], { stdio: 'inherit' }).status ?? 1;
