// What .ci/run does before the tests, on a clone that may have nothing installed yet.
import { spawnSync } from 'node:child_process';
import { setUp } from './setUp.mjs';

await setUp();
process.exitCode = spawnSync('npm', ['run', '--silent', 'check'], { stdio: 'inherit' }).status ?? 1;
