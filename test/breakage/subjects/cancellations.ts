import type { Breakage } from '../breakage';

const CLOSED_RUNS = 'test/workflows/closedRuns.test.ts';
const REQUESTS = 'src/db/cancellationRequestStore.ts';
const ACTIVITY = 'test/activities/cancellations.test.ts';

/** What a second request does, and what a workflow may do without a row that the API wrote. */
export const CANCELLATION_BREAKAGES: Breakage[] = [
  {
    name: 'a cancellation is asked for under the id of its request',
    edits: [
      {
        file: 'src/api/cancellations/cancellationWorkflows.ts',
        find: 'startWorkflowOperation: startOperation(request),',
        replace:
          'startWorkflowOperation: startOperation(request),\n            updateId: request.cancellationId,',
      },
    ],
    suite: CLOSED_RUNS,
    tests: [
      'a cancellation that was terminated before it was decided is decided when the same request comes again',
    ],
  },
  {
    name: 'a request that was withdrawn is decided all the same',
    edits: [
      {
        file: 'src/activities/cancellations.ts',
        find: "if (!request || request.status === 'WITHDRAWN') {",
        replace: 'if (!request) {',
      },
      {
        file: REQUESTS,
        find: "where({ id: cancellationId, status: 'REQUESTED' })",
        replace: 'where({ id: cancellationId })',
      },
    ],
    suite: ACTIVITY,
    tests: ['a request to cancel is withdrawn, or decided, never both'],
  },
  {
    name: 'a reservation has many requests of the organiser',
    edits: [
      {
        file: 'src/db/migrations/032_cancellation_requests.ts',
        find: 'CREATE UNIQUE INDEX one_request_of_the_organiser',
        replace: 'CREATE INDEX one_request_of_the_organiser',
      },
      {
        file: REQUESTS,
        find: "ON CONFLICT (reservation_id) WHERE cause = 'ORGANISER' DO NOTHING",
        replace: '',
      },
    ],
    suite: 'test/activities/showCancellations.test.ts',
    tests: [
      'the requests of the organiser are recorded once for each sold reservation, whoever asks at the same time',
    ],
  },
  {
    name: 'a page of a cancelled show does not wait for the operator who pauses it',
    edits: [
      {
        file: 'src/db/showCancellationStore.ts',
        find: 'WHERE schedule_id = ? FOR SHARE`',
        replace: 'WHERE schedule_id = ?`',
      },
    ],
    suite: 'test/activities/showCancellations.test.ts',
    tests: [
      'the requests of the organiser of a page wait for an operator who pauses, and none is recorded after that',
    ],
  },
  {
    name: 'a workflow refunds a show that nobody has cancelled',
    edits: [
      {
        file: 'src/workflows/showCancellation.ts',
        find: 'if (!(await duties.fulfil(() => isShowCancelled(scheduleId)))) {',
        replace:
          'if (!(await duties.fulfil(() => isShowCancelled(scheduleId))) && scheduleId.length === 0) {',
      },
      {
        file: 'src/activities/showCancellations.ts',
        find: 'if (!settings) throw new PermanentError(`the show ${scheduleId} is not cancelled`);\n  return settings;',
        replace: 'return settings ?? { paused: false, refundsPerSecond: 10 };',
      },
    ],
    suite: 'test/workflows/showCancellation.test.ts',
    tests: [
      'a workflow that is started for a show that nobody has cancelled refunds nobody, and leaves the sale open',
    ],
  },
  {
    name: 'the sweep forgets cancellations and cancelled shows',
    edits: [
      {
        file: 'src/workflows/sweep.ts',
        find: 'const parts = [adoptReservations, adoptCancellations, adoptShows, adoptOpenings, withdrawForgotten];',
        replace:
          'const none = async (): Promise<number> => Promise.resolve(0);\n  const parts = [adoptReservations, none, none, adoptOpenings, withdrawForgotten];',
      },
    ],
    suite: 'test/workflows/sweep.test.ts',
    tests: [
      'the sweep gives a new workflow to a cancellation that nobody has decided, and leaves alone one that is withdrawn',
      'the sweep gives a new workflow to a cancelled show that is not refunded',
    ],
  },
];
