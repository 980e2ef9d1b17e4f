import type { Breakage } from '../breakage';

/** A single request, or a single failure, that would end a whole process or lose its data. */
export const SURVIVAL_BREAKAGES: Breakage[] = [
  {
    name: 'the guard of the Temporal UI forwards headers about the connection',
    edits: [{ file: 'src/launcher/servers/uiGuard.ts', find: "  'trailer',\n", replace: '' }],
    suite: 'test/launcher/uiGuard.test.ts',
    tests: [
      'the guard of the Temporal UI forwards no header about the connection, and keeps running: "Trailer: Expires"',
    ],
  },
  {
    name: 'the browser waits forever for an interrupted response of the Temporal UI',
    edits: [
      {
        file: 'src/launcher/servers/uiGuard.ts',
        find: 'pipeline(answer, response, () => undefined);',
        replace: 'void pipeline;\n    answer.pipe(response);',
      },
    ],
    suite: 'test/launcher/uiGuard.test.ts',
    tests: ['the guard of the Temporal UI cuts a response that the UI has not finished'],
  },
  {
    name: 'the data of a Redis that was asked to stop counts as damaged',
    edits: [{ file: 'src/launcher/servers/redis.ts', find: " && how !== 'exit code 0'", replace: '' }],
    suite: 'test/launcher/redis.test.ts',
    tests: ['the data of Redis stays in its place if Redis gets a stop signal while it reads the data'],
  },
  {
    name: 'a process for a plan that cannot start counts as a fault of the service',
    edits: [
      {
        file: 'src/api/catalogue/venues/venueReader.ts',
        find: "    await once(child, 'spawn');\n",
        replace: '',
      },
    ],
    suite: 'test/api/catalogue/venueReader.test.ts',
    tests: ['an API that cannot start a process reports that it cannot read the plan right now'],
  },
  {
    name: 'a log that cannot be read ends the launcher',
    edits: [
      {
        file: 'src/launcher/processes/logRotation.ts',
        find: '> maxBytes) rotate(folder, name);\n  } catch {',
        replace: '> maxBytes) rotate(folder, name);\n  } catch (error) {\n    throw error;',
      },
    ],
    suite: 'test/launcher/logRotation.test.ts',
    tests: [
      'the log of a part that cannot be read does not prevent the limit of other logs, and stops nothing',
    ],
  },
  {
    name: 'a part that is replaced during a restart runs twice',
    edits: [
      {
        file: 'src/launcher/processes/supervisor.ts',
        find: 'if (!isOver()) return started;',
        replace: 'return started;',
      },
    ],
    suite: 'test/launcher/supervisor.test.ts',
    tests: [
      'a part that is replaced on purpose runs once, even if it was being started again at that moment',
    ],
  },
  {
    name: 'a frozen Postgres counts as a fault of the service',
    edits: [{ file: 'src/api/problems/dependencyFailure.ts', find: "  'timeout expired',\n", replace: '' }],
    suite: 'test/api/problems/dependencyFailure.test.ts',
    tests: ['the API recognizes a failed dependency when Postgres accepts a connection and never responds'],
  },
  {
    name: 'the auditor passes over a failed run because of another schedule',
    edits: [
      {
        file: 'audit/invariants/12-workflows.ts',
        find: 'BY_THE_CLOCK.has(type) ? workflowId.replace(',
        replace: 'BY_THE_CLOCK.has(type) ? type.replace(',
      },
    ],
    suite: 'test/audit/audit.test.ts',
    tests: [
      'invariants 12 and 13: workflows and logs passes over a failed run of a schedule only if a later run of the same one has completed',
    ],
  },
];
