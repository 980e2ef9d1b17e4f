/**
 * Node loads this file into a process of the service before the service itself (`node --require`). It puts failpoints
 * around everything that a process does to others: statements, Redis commands, calls to Temporal and to the gateway,
 * activities, and responses. So no step can be forgotten, and the service has no code for it.
 */
const { isMainThread } = require('node:worker_threads');

if (isMainThread && process.env['FAILPOINTS']) {
  require('./boundaries.cjs').install(
    require('./firing.cjs').createFiring(process.env['FAILPOINTS'], nameOfProcess(process.argv[1] ?? '')),
  );
}

/** @param {string} entry such as `/…/dist/src/api/main.js` */
function nameOfProcess(entry) {
  return /src\/(\w+)\/main\.js$/.exec(entry)?.[1] ?? 'another process';
}
