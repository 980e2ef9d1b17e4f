const { createHash } = require('node:crypto');
const { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } = require('node:fs');
const path = require('node:path');

/**
 * What happens at a failpoint is `kill`, `freeze`, `fail` (the caller gets the error of a lost connection), `hang` (no
 * response ever comes) or `twice` (the step runs twice).
 *
 * @typedef {object} Firing
 * @property {(point: string) => string | null} pass Called right before and right after each step. `kill` and `freeze`
 *   have happened when it returns.
 */

/**
 * A test arms a failpoint for one time by writing a file into `armed`, named by the digest of the failpoint. The process
 * that reaches it first takes the file, and leaves its pid in `fired`. Every failpoint that a process passes is written
 * to `passed.txt`.
 *
 * @param {string} folder
 * @param {string} processName
 * @returns {Firing}
 */
exports.createFiring = function createFiring(folder, processName) {
  const passed = path.join(folder, 'passed.txt');

  /** @param {string} point */
  function kindAt(point) {
    const name = createHash('sha256').update(point).digest('hex');
    const armed = path.join(folder, 'armed', name);
    if (!existsSync(armed)) return null;
    try {
      const taken = `${armed}.${process.pid}`;
      renameSync(armed, taken);
      const kind = readFileSync(taken, 'utf8');
      writeFileSync(taken, String(process.pid));
      renameSync(taken, path.join(folder, 'fired', name));
      return kind;
    } catch {
      // Another process was faster.
      return null;
    }
  }

  return {
    pass(step) {
      const point = `${processName}: ${step}`;
      appendFileSync(passed, `${point}\n`);
      const kind = kindAt(point);
      if (kind === 'kill') process.kill(process.pid, 'SIGKILL');
      if (kind === 'freeze') process.kill(process.pid, 'SIGSTOP');
      return kind;
    },
  };
};
