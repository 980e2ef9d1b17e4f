// npm test: set-up, then the suite. The last line is `N passed, N failed`.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setUp } from './setUp.mjs';

await setUp();
const folder = mkdtempSync(path.join(os.tmpdir(), 'holdfast-test-'));
const outputFile = path.join(folder, 'results.json');
const jest = path.join('node_modules', 'jest', 'bin', 'jest.js');
const args = [jest, '--json', `--outputFile=${outputFile}`, ...process.argv.slice(2)];
const child = spawn(process.execPath, args, { stdio: 'inherit' });
// Whoever stops us wants Jest to stop; its servers go with it.
process.on('SIGINT', () => child.kill('SIGINT'));
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.on('exit', (code) => {
  const { passed, failed } = counts();
  rmSync(folder, { recursive: true, force: true });
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  process.exitCode = code === 0 && failed === 0 ? 0 : 1;
});

/** A suite that could not run counts as one failure, and so does a run that left no results. */
function counts() {
  try {
    /** @type {{ numPassedTests: number, numFailedTests: number, numRuntimeErrorTestSuites: number }} */
    // oxlint-disable-next-line typescript/no-unsafe-assignment -- Jest's file, in Jest's format
    const results = JSON.parse(readFileSync(outputFile, 'utf8'));
    return {
      passed: results.numPassedTests,
      failed: results.numFailedTests + results.numRuntimeErrorTestSuites,
    };
  } catch {
    return { passed: 0, failed: 1 };
  }
}
