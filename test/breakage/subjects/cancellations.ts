import type { Breakage } from '../breakage';

const CLOSED_RUNS = 'test/workflows/closedRuns.test.ts';

export const CANCELLATION_BREAKAGES: Breakage[] = [
  {
    name: "a show's cancellation is asked for under a constant update id",
    edits: [
      {
        file: 'src/api/admin/showCancellation/workflows.ts',
        find: 'startWorkflowOperation,\n          // No update id',
        replace: 'startWorkflowOperation,\n          updateId: BEGIN_UPDATE,\n          // No update id',
      },
    ],
    suite: CLOSED_RUNS,
    tests: ["a show's cancellation that was terminated goes on in a new run when it is asked for again"],
  },
  {
    name: 'a cancellation is asked for under the id of its request',
    edits: [
      {
        file: 'src/api/cancellations/cancellationWorkflows.ts',
        find: 'args: [requestId],',
        replace: 'args: [requestId],\n            updateId: requestId,',
      },
    ],
    suite: CLOSED_RUNS,
    tests: [
      'a cancellation that was terminated with its refund under way goes on when the same request comes again',
    ],
  },
];
