import type { Breakage } from '../breakage';

const INTERCEPTOR = 'src/worker/problemInterceptor.ts';
const PERMANENCE = 'src/worker/permanence.ts';
const PERMANENCE_SUITE = 'test/worker/permanence.test.ts';
const STUCK = 'test/workflows/operations/stuck.test.ts';
const IS_DONE_AFTER =
  'is tried once, shows what is wrong, and succeeds after the cause is fixed and an operator sends a retry';

export const PERMANENCE_BREAKAGES: Breakage[] = [
  {
    name: 'a step that can never succeed is retried forever',
    edits: [{ file: INTERCEPTOR, find: 'if (reason === null) throw error;', replace: 'throw error;' }],
    suite: STUCK,
    tests: [
      `the end of a hold that Postgres rejects permanently ${IS_DONE_AFTER}`,
      `a cancellation that Postgres rejects permanently ${IS_DONE_AFTER}`,
    ],
  },
  {
    name: 'a step that must happen is given up',
    edits: [
      {
        file: 'src/workflows/lib/requiredSteps.ts',
        find: 'if (!failure) throw error;',
        replace: 'throw error;',
      },
    ],
    suite: STUCK,
    tests: [
      `the refund of a charge that bought nothing that Postgres rejects permanently ${IS_DONE_AFTER}`,
      `the booking of a refund that Postgres rejects permanently ${IS_DONE_AFTER}`,
    ],
  },
  {
    name: 'a stuck step is still tried as a normal activity',
    edits: [
      {
        file: 'src/workflows/lib/steps.ts',
        find: 'refusalOf(error) || permanentFailureOf(error) || isCancellation(error)',
        replace: 'refusalOf(error) || isCancellation(error)',
      },
    ],
    suite: STUCK,
    tests: [`the opening of a sale that Postgres rejects permanently ${IS_DONE_AFTER}`],
  },
  {
    name: 'a deadlock counts as permanent',
    edits: [{ file: PERMANENCE, find: '/^(22|23|42)', replace: '/^(22|23|40|42)' }],
    suite: PERMANENCE_SUITE,
    tests: ['a failure that may pass a deadlock'],
  },
  {
    name: 'a malformed record is retried',
    edits: [
      {
        file: PERMANENCE,
        find: 'if (current instanceof ZodError)',
        replace: 'if (current instanceof ZodError && current.issues.length > 99)',
      },
    ],
    suite: PERMANENCE_SUITE,
    tests: ['a failure that can never pass a record of another form, and records that contradict each other'],
  },
  {
    name: 'the failure of a step quotes the value that was to be stored',
    edits: [
      {
        file: PERMANENCE,
        find: 'Postgres rejects it: ${namesOf(current, state)}',
        replace: '${current.message}',
      },
    ],
    suite: PERMANENCE_SUITE,
    tests: ['a failure that can never pass is reported without the value that was to be stored'],
  },
];
