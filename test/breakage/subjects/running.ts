import type { Breakage } from '../breakage';

/** Start, operation and growth: the launcher, the worker process, and the rows that housekeeping removes. */
export const RUNNING_BREAKAGES: Breakage[] = [
  {
    name: 'the set-up leaves out the packages that NODE_ENV excludes',
    edits: [
      {
        file: 'scripts/setUp.mjs',
        find: "const everything = ['--include=dev', '--include=optional'];",
        replace: 'const everything = [];',
      },
    ],
    suite: 'test/scripts/setUp.test.ts',
    tests: [
      'the set-up of a fresh clone installs the packages for the build, and builds: NODE_ENV=production',
      'the set-up of a fresh clone installs the packages for the build, and builds: npm set to leave out development packages',
    ],
  },
  {
    name: 'the worker does not watch its lean workflow threads',
    edits: [
      { file: 'src/worker/main.ts', find: '    watchThreads(threads, stopped.signal),\n', replace: '' },
    ],
    suite: 'test/worker/death.test.ts',
    tests: ['a worker whose workflow blocks its thread ends with a failure code, and names the run'],
  },
  {
    name: 'a thread that runs one short step after the other counts as blocked',
    edits: [
      {
        file: 'src/worker/workflowThreads/leanThreads.ts',
        find: 'before?.number !== current.number',
        replace: 'before === undefined',
      },
    ],
    suite: 'test/worker/workflowThreads/leanThreads.test.ts',
    tests: ['a lean workflow thread that always runs a step, but never one for long, is not blocked'],
  },
  {
    name: 'two steps that run at once hide a blocked thread',
    edits: [
      {
        file: 'src/worker/workflowThreads/leanThread.ts',
        find: 'const completion = await marked(this.runId, async () => activate.call(this, activation));',
        replace:
          'activity.begin(this.runId);\n  const completion = await activate.call(this, activation).finally(() => activity.end());',
      },
    ],
    suite: 'test/worker/workflowThreads/leanThreads.test.ts',
    tests: ['a lean workflow thread is reported with the id of the run if a workflow blocks it for 10 s'],
  },
  {
    name: 'lean workflow threads record call stacks',
    edits: [
      {
        file: 'src/worker/workflowThreads/leanThread.ts',
        find: "replace(globalHandlers, 'setPromiseHook', () => undefined);",
        replace: '',
      },
    ],
    suite: 'test/worker/workflowThreads/leanThreads.test.ts',
    tests: ['a lean workflow thread records no call stacks, unlike a full one'],
  },
  {
    name: 'a running workflow gets an update a second time',
    edits: [
      {
        file: 'src/worker/workflowThreads/leanThread.ts',
        find: 'if (failed) return failed;',
        replace: '',
      },
    ],
    suite: 'test/worker/workflowThreads/leanThreads.test.ts',
    tests: ['a lean workflow thread fails the workflow task if the SDK gives it an update twice'],
  },
  {
    name: 'lean workflow threads keep the time limit of the SDK',
    edits: [
      {
        file: 'src/worker/workflowThreads/leanThread.ts',
        find: "replace(this, 'isolateExecutionTimeoutMs', undefined);",
        replace: '',
      },
    ],
    suite: 'test/worker/death.test.ts',
    tests: ['a worker that is frozen in the middle of a step continues afterwards'],
  },
  {
    name: 'the sweep counts a hold that its own workflow has ended',
    edits: [
      {
        file: 'src/activities/operations/sweep.ts',
        find: 'if (!reservation || !isOpen(reservation.status)) return false;',
        replace: 'if (!reservation) return false;',
      },
    ],
    suite: 'test/workflows/operations/sweep.test.ts',
    tests: ['the sweep does not count a hold that its own workflow ends while the sweep is at another one'],
  },
  {
    name: 'the embedded Temporal does not start again after it got search attributes',
    edits: [
      {
        file: 'src/launcher/servers/temporal.ts',
        find: 'if (await addMissing(managed, address)) {',
        replace: 'await addMissing(managed, address);\n  if (address === file) {',
      },
    ],
    suite: 'test/launcher/temporal.test.ts',
    tests: ['the Temporal of an earlier version gets the search attributes that were added later'],
  },
  {
    name: 'a folder that cannot be created counts as created',
    edits: [
      {
        file: 'src/launcher/folders.ts',
        find: "if (codeOf(error) !== 'EEXIST') throw error;",
        replace: 'void codeOf(error);',
      },
    ],
    suite: 'test/launcher/folders.test.ts',
    tests: ['a folder that cannot be made is an error of the operating system'],
  },
  {
    name: 'a URL has an IPv6 address without brackets',
    edits: [
      {
        file: 'src/launcher/start/services.ts',
        find: 'isIPv6(address) ? `[${address}]` : address',
        replace: 'isIPv6(address) ? address : address',
      },
    ],
    suite: 'test/launcher/settings.test.ts',
    tests: ['HOST ::1 is reached at http://[::1]:3000'],
  },
  {
    name: 'two parts may get the same port',
    edits: [
      {
        file: 'src/launcher/start/launcherSettings.ts',
        find: 'refuseSharedPorts(listenersOf(loaded));',
        replace: '',
      },
    ],
    suite: 'test/launcher/settings.test.ts',
    tests: ['ports are never shared, not even with a default: {"PORT":"8233"}'],
  },
  {
    name: 'the launcher uses a port that the operator has chosen for another part',
    edits: [{ file: 'src/launcher/ports.ts', find: 'exclude: reserved,', replace: '' }],
    suite: 'test/launcher/launchState.test.ts',
    tests: ['state.json does not use ports that the operator has chosen for other uses'],
  },
  {
    name: 'a misspelt setting of Holdfast is not noticed',
    edits: [
      {
        file: 'src/config/misspelt.ts',
        find: 'if (prefix !== undefined) {',
        replace: 'if (prefix === name) {',
      },
    ],
    suite: 'test/config/misspelt.test.ts',
    tests: ['a misspelt setting HOLD_TIME is reported with the nearest name, HOLD_SECONDS'],
  },
  {
    name: 'the launcher reports a failed start for a system that was running',
    edits: [
      {
        file: 'src/launcher/start/explain.ts',
        find: "wasRunning ? 'Holdfast has stopped'",
        replace: "!wasRunning ? 'Holdfast has stopped'",
      },
    ],
    suite: 'test/launcher/explain.test.ts',
    tests: ['the last line of a launcher says that the system stopped, if it was running'],
  },
  {
    name: 'a part that dies is not started again',
    edits: [
      {
        file: 'src/launcher/processes/supervisor.ts',
        find: 'for (; tries < patience.tries; tries += 1) {',
        replace: 'for (; tries < 0; tries += 1) {',
      },
    ],
    suite: 'test/launcher/supervisor.test.ts',
    tests: [
      'a part that ends unexpectedly is started again, with one line when it ends and one when it is back, even after several tries',
    ],
  },
  {
    name: 'a part that keeps failing is started again forever',
    edits: [
      {
        file: 'src/launcher/processes/supervisor.ts',
        find: '          tries += 1;\n',
        replace: '          tries = 0;\n',
      },
    ],
    suite: 'test/launcher/supervisor.test.ts',
    tests: ['a part that ends unexpectedly is also given up if each start succeeds but does not last'],
  },
  {
    name: 'the data of Redis is set aside for any reason that stops the start of Redis',
    edits: [
      {
        file: 'src/launcher/servers/redis.ts',
        find: 'if (!hasFailed || NOT_THE_DATA.test(managed.lastWords())) throw error;',
        replace: 'if (!hasFailed && NOT_THE_DATA.test(managed.lastWords())) throw error;',
      },
    ],
    suite: 'test/launcher/redis.test.ts',
    tests: ['the data of Redis stays in its place if Redis cannot start for another reason'],
  },
  {
    name: 'the service waits forever for a frozen Redis',
    edits: [{ file: 'src/launcher/servers/redis.ts', find: '    commandTimeout: 2_000,\n', replace: '' }],
    suite: 'test/launcher/silentServer.test.ts',
    tests: ['a server that accepts connections and never responds fails the check after a time limit: Redis'],
  },
  {
    name: 'an older release migrates a newer database',
    edits: [{ file: 'src/db/migrate.ts', find: '    await refuseNewer(knex);\n', replace: '' }],
    suite: 'test/db/migrate.test.ts',
    tests: [
      'a release on a database of a later release fails with one line that says so, and changes nothing',
    ],
  },
  {
    name: 'an older release changes the logins of a newer database',
    edits: [
      {
        file: 'src/launcher/servers/databaseRoles.ts',
        find: 'if (await hasDatabase(client, roles.database)) await refuseNewerDatabase(inDatabase(roles).href);',
        replace: 'void refuseNewerDatabase;',
      },
    ],
    suite: 'test/db/migrate.test.ts',
    tests: ['a release on a database of a later release does not change the logins'],
  },
  {
    name: 'the data folder of a later release counts as damaged',
    edits: [
      {
        file: 'src/launcher/start/launchState.ts',
        find: 'if (migration !== undefined && !isKnownMigration(migration)) {',
        replace: 'if (migration === undefined && !isKnownMigration(LATEST_MIGRATION)) {',
      },
    ],
    suite: 'test/launcher/launchState.test.ts',
    tests: ['state.json of a later release is rejected with one line, in any format'],
  },
  {
    name: 'the HTTP API of the embedded Temporal accepts requests of web pages',
    edits: [
      {
        file: 'src/launcher/servers/temporal.ts',
        find: 'JSON.stringify([NOBODY])',
        replace: "JSON.stringify(['*', NOBODY])",
      },
    ],
    suite: 'test/launcher/temporalBoundary.test.ts',
    tests: [
      'a web page in the browser of an operator cannot start a workflow through the HTTP API of the embedded Temporal',
    ],
  },
  {
    name: 'the Temporal UI answers under any host name',
    edits: [
      {
        file: 'src/launcher/servers/uiGuard.ts',
        find: 'return isOwnUrl(`http://${host}`) && (',
        replace: 'void host;\n  return (',
      },
    ],
    suite: 'test/launcher/uiGuard.test.ts',
    tests: ['the guard of the Temporal UI rejects the host "evil.example:8233" with the origin undefined'],
  },
  {
    name: 'a full disk does not show in /readyz',
    edits: [
      {
        file: 'src/api/service/health.ts',
        find: 'if (free < LEAST_FREE_BYTES) throw',
        replace: 'if (free < -LEAST_FREE_BYTES) throw',
      },
    ],
    suite: 'test/api/service/service.test.ts',
    tests: ['GET /readyz is 503 while the disk of the data is full'],
  },
  {
    name: 'a worker that has failed is reported as healthy',
    edits: [{ file: 'src/worker/health.ts', find: "state !== 'FAILED'", replace: "state !== 'STOPPED'" }],
    suite: 'test/worker/health.test.ts',
    tests: ["a worker's health FAILED: /healthz answers 503 and /readyz 503"],
  },
  {
    name: 'a worker is reported as ready before its version is current',
    edits: [{ file: 'src/worker/health.ts', find: ' && !worker.isReady()', replace: ' && false' }],
    suite: 'test/worker/health.test.ts',
    tests: ["a worker's health is ready only once new workflows have a worker"],
  },
  {
    name: 'a schedule is updated without a fence',
    edits: [
      {
        file: 'src/worker/fencedScheduleClient.ts',
        find: 'service.updateSchedule({ ...request, conflictToken: this.#conflictToken })',
        replace: 'service.updateSchedule(request)',
      },
    ],
    suite: 'test/worker/temporalSchedules.test.ts',
    tests: ['the schedules keep a pause that an operator sets while a worker updates them'],
  },
  {
    name: 'a dropped update of a schedule counts as done',
    edits: [
      {
        file: 'src/worker/temporalSchedules.ts',
        find: '    await sleep(pauseMs);\n',
        replace: '    return void sleep(pauseMs);\n',
      },
    ],
    suite: 'test/worker/temporalSchedules.test.ts',
    tests: ['the schedules keep a pause that an operator sets while a worker updates them'],
  },
  {
    name: 'a Temporal that is down fills the log',
    edits: [{ file: 'src/worker/temporalLogger.ts', find: 'if (isNews) toldAt = now();', replace: '' }],
    suite: 'test/worker/temporalLogger.test.ts',
    tests: [
      "Temporal's lines in the worker's log say once a minute that Temporal does not answer, however many polls are retried",
    ],
  },
  {
    name: 'knex prints to the console',
    edits: [{ file: 'src/db/connect.ts', find: '    log: knexLog(options.logger),\n', replace: '' }],
    suite: 'test/db/connect.test.ts',
    tests: ['a pool without a logger prints nothing when it gets no connection: the caller gets the error'],
  },
  {
    name: 'a table has no rule for its rows',
    edits: [
      {
        file: 'src/db/migrations/025_housekeeping.ts',
        find: '    CREATE INDEX outbox_age',
        replace: '    CREATE TABLE forgotten (id int);\n    CREATE INDEX outbox_age',
      },
    ],
    suite: 'test/db/tables.test.ts',
    tests: [
      'every table of the database has one rule in docs/operations.md that says what happens to its rows',
    ],
  },
  {
    name: 'notifications are kept forever',
    edits: [
      { file: 'src/db/outboxStore.ts', find: 'const KEPT_DAYS = 30;', replace: 'const KEPT_DAYS = 30_000;' },
    ],
    suite: 'test/activities/operations/oldRows.test.ts',
    tests: ['a notification is removed after 30 days, delivered or not'],
  },
  {
    name: 'a message of a gateway is removed while the gateway still repeats it',
    edits: [
      {
        file: 'src/db/payments/webhookStore.ts',
        find: 'const KEPT_DAYS = 30;',
        replace: 'const KEPT_DAYS = 3;',
      },
    ],
    suite: 'test/activities/operations/oldRows.test.ts',
    tests: [
      'a message from a gateway is kept far longer than the gateway repeats it, and is removed after 30 days',
    ],
  },
  {
    name: 'a reservation is removed although it has an attempt to pay',
    edits: [
      {
        file: 'src/db/migrations/025_housekeeping.ts',
        find: 'AND NOT EXISTS (SELECT FROM payments WHERE reservation_id = reservations.id)',
        replace: '',
      },
    ],
    suite: 'test/activities/operations/oldRows.test.ts',
    tests: [
      'a reservation is removed with its seats 90 days after it ended, if no client has paid for it or tried to',
    ],
  },
];
