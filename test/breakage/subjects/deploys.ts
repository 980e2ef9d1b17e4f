import type { Breakage } from '../breakage';

const WORKFLOWS = 'src/workflows/index.ts';
const TAKE_OVER = 'src/worker/takeOver.ts';
const VERSIONS = 'test/worker/versions.test.ts';
const ROLLING =
  'a rolling deployment in the middle of a sale lets reservations end on their version, and everything else continue with the new one';
const REPLACING = 'a worker that replaces an earlier one';

/** New versions of workers that run beside earlier ones, or replace them. */
export const DEPLOYS: Breakage[] = [
  {
    name: 'a reservation changes to a new version in the middle',
    edits: [
      {
        file: WORKFLOWS,
        find: "inCaseOfVersions('PINNED'), reservation",
        replace: "inCaseOfVersions('AUTO_UPGRADE'), reservation",
      },
    ],
    suite: VERSIONS,
    tests: [ROLLING],
  },
  {
    name: 'a run that lasts for days stays with an old version',
    edits: [
      {
        file: WORKFLOWS,
        find: "inCaseOfVersions('AUTO_UPGRADE'), saleOpening",
        replace: "inCaseOfVersions('PINNED'), saleOpening",
      },
    ],
    suite: VERSIONS,
    tests: [ROLLING],
  },
  {
    name: 'a worker without a version names a behaviour',
    edits: [
      { file: WORKFLOWS, find: 'currentDeploymentVersion?.deploymentName ?', replace: 'workflowType ?' },
    ],
    suite: 'test/workflows/operations/sweep.test.ts',
    tests: ['the sweep ends a hold that no workflow owns, and puts its seat back on sale'],
  },
  {
    name: 'the sweep leaves runs bound to workers that are gone',
    edits: [
      {
        file: 'src/activities/operations/sweep.ts',
        find: 'if (rollout === null) return',
        replace: "if (rollout !== 'recreate') return",
      },
    ],
    suite: VERSIONS,
    tests: [
      'a rolling deployment in the middle of a sale loses nothing if the old worker is stopped too early: the sweep moves the runs that were bound to it',
    ],
  },
  {
    name: 'a worker that replaces another one takes over no open runs',
    edits: [
      {
        file: TAKE_OVER,
        find: "if (rollout === 'recreate') await moveEverything(client, options);",
        replace: '',
      },
    ],
    suite: VERSIONS,
    tests: [
      `${REPLACING} takes over the open runs automatically`,
      `${REPLACING} finishes what a worker that died in between left undone, also if two workers start at once`,
    ],
  },
  {
    name: 'an old worker that is restarted takes over again',
    edits: [
      {
        file: TAKE_OVER,
        find: '!everCurrent.has(version.buildId) && other === found',
        replace: 'other === found',
      },
    ],
    suite: VERSIONS,
    tests: [`${REPLACING} is not replaced by an old one that is restarted, unless its own workers are gone`],
  },
  {
    name: 'a worker that stalled takes over from a later one',
    edits: [
      {
        file: TAKE_OVER,
        find: '!everCurrent.has(version.buildId) && other === found',
        replace: '!everCurrent.has(version.buildId)',
      },
    ],
    suite: VERSIONS,
    tests: [`${REPLACING} is not replaced by an older one that stalled before its take-over`],
  },
  {
    name: 'a worker that waits for the workers of another version is never ready',
    edits: [
      {
        file: TAKE_OVER,
        find: 'if (current !== null && !(await takesOverFrom(current))) {\n      options.ready();',
        replace: 'if (current !== null && !(await takesOverFrom(current))) {',
      },
    ],
    suite: VERSIONS,
    tests: [`${REPLACING} is not replaced by an older one that stalled before its take-over`],
  },
  {
    name: 'a worker makes its version current although it has not seen the deployment',
    edits: [{ file: TAKE_OVER, find: 'if (conflictToken === null) return null;', replace: '' }],
    suite: VERSIONS,
    tests: [
      `${REPLACING} is not replaced by an old one, if Temporal says for a while that there is no deployment`,
    ],
  },
  {
    name: 'a worker does not wait until Temporal has seen the polls of the others again',
    edits: [{ file: TAKE_OVER, find: 'Date.now() - unpolled.since >= NO_POLL_MS', replace: 'true' }],
    suite: VERSIONS,
    tests: [`${REPLACING} is not replaced by an old one that is restarted, unless its own workers are gone`],
  },
  {
    name: 'a worker counts the time in which Temporal did not answer as time without polls',
    edits: [
      {
        file: TAKE_OVER,
        find: '// Temporal may have restarted.\n      unpolled = null;',
        replace: '',
      },
    ],
    suite: VERSIONS,
    tests: [
      `${REPLACING} is not replaced by an old one that asked for its polls just after two restarts of Temporal`,
    ],
  },
  {
    name: 'a worker takes over from workers that poll',
    edits: [
      {
        file: TAKE_OVER,
        find: '(await polledBuilds(client, options.taskQueue)).has(buildId)',
        replace: "(await polledBuilds(client, options.taskQueue)).has('')",
      },
    ],
    suite: VERSIONS,
    tests: [`${REPLACING} is not replaced by an old one as long as its own workers poll`],
  },
  {
    name: 'the id of a build ignores imported files',
    edits: [
      {
        file: 'src/worker/buildId.ts',
        find: '...Array.from(text.matchAll(OWN_IMPORT)',
        replace: "...Array.from(''.matchAll(OWN_IMPORT)",
      },
    ],
    suite: 'test/worker/buildId.test.ts',
    tests: ['the id of a build changes with a workflow', 'the id of a build changes with an activity'],
  },
  {
    name: 'the id of a build ignores Lua scripts',
    edits: [
      {
        file: 'src/worker/buildId.ts',
        find: '...Array.from(text.matchAll(LUA_SCRIPT)',
        replace: "...Array.from(''.matchAll(LUA_SCRIPT)",
      },
    ],
    suite: 'test/worker/buildId.test.ts',
    tests: [
      'the id of a build changes with a Lua script',
      'the id of a build changes with a shared part of a Lua script',
    ],
  },
];
