import type { Breakage } from '../breakage';

const CLOSED_RUNS = 'test/workflows/reservations/closedRuns.test.ts';
const REQUESTS = 'src/db/cancellations/cancellationRequestStore.ts';
const TERMS = 'src/domain/cancellations/cancellationTerms.ts';
const ACTIVITY = 'test/activities/cancellations/cancellations.test.ts';

/** The effect of a second request, and of a workflow without a row that the API wrote. */
export const CANCELLATION_BREAKAGES: Breakage[] = [
  {
    name: 'the update of a cancellation has the id of its request',
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
      'a cancellation that was terminated with its refund under way continues when the same request comes again',
    ],
  },
  {
    name: 'a withdrawn request is still decided',
    edits: [
      {
        file: 'src/activities/cancellations/cancellations.ts',
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
    tests: ['a request to cancel is either withdrawn or decided, never both'],
  },
  {
    name: 'a reservation may have many requests of the organiser',
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
    suite: 'test/activities/cancellations/showCancellations.test.ts',
    tests: [
      'the requests of the organiser are recorded once for each sold reservation, even by two callers at the same time',
    ],
  },
  {
    name: 'a page of a cancelled show does not wait for the operator who pauses it',
    edits: [
      {
        file: 'src/db/cancellations/showCancellationStore.ts',
        find: 'WHERE schedule_id = ? FOR SHARE`',
        replace: 'WHERE schedule_id = ?`',
      },
    ],
    suite: 'test/activities/cancellations/showCancellations.test.ts',
    tests: [
      'the requests of the organiser of a page wait for the pause of an operator, and none is recorded after the pause',
    ],
  },
  {
    name: 'a workflow refunds a show that is not cancelled',
    edits: [
      {
        file: 'src/workflows/cancellations/showCancellation.ts',
        find: 'if (!(await requiredSteps.complete(() => isShowCancelled(scheduleId)))) {',
        replace:
          'if (!(await requiredSteps.complete(() => isShowCancelled(scheduleId))) && scheduleId.length === 0) {',
      },
      {
        file: 'src/activities/cancellations/showCancellations.ts',
        find: 'if (!settings) throw new PermanentError(`the show ${scheduleId} is not cancelled`);\n  return settings;',
        replace: 'return settings ?? { paused: false, refundsPerSecond: 10 };',
      },
    ],
    suite: 'test/workflows/cancellations/showCancellation.test.ts',
    tests: [
      'a workflow that is started for a show that is not cancelled refunds no customer, and leaves the sale open',
    ],
  },
  {
    name: 'the cut-off is the same whatever day the show is on',
    edits: [
      {
        file: TERMS,
        find: 'return exception?.time ?? time;',
        replace: 'return exception?.showOn.length === 0 ? exception.time : time;',
      },
    ],
    suite: 'test/domain/cancellations/cancellationTerms.test.ts',
    tests: [
      'the cut-off of the Korean policy uses the first exception that fits, and knows holidays of one year',
    ],
  },
  {
    name: 'a holiday of several days is one day',
    edits: [
      { file: 'src/domain/cancellations/holidays.ts', find: 'daysAround = 0', replace: 'daysAround: _ = 0' },
      {
        file: 'src/domain/cancellations/holidays.ts',
        find: 'let offset = -daysAround; offset <= daysAround;',
        replace: 'let offset = 0; offset <= 0;',
      },
    ],
    suite: 'test/domain/cancellations/cancellationTerms.test.ts',
    tests: [
      'the cut-off of the Korean policy for a show on the day before Seollal (2026-02-16) is 2026-02-15T11:00',
      'the cut-off of the Korean policy for a show on the day after Seollal (2026-02-18) is 2026-02-17T11:00',
    ],
  },
  {
    name: 'free on the day of booking is free on no day',
    edits: [
      {
        file: TERMS,
        find: 'clock.daysAfterBooking <= count;',
        replace: 'count > 0 && clock.daysAfterBooking <= count;',
      },
    ],
    suite: 'test/domain/cancellations/cancellationTerms.test.ts',
    tests: [
      'a policy that is free on the day of booking the last minute of that day (booked 2026-12-15T09:00, 2026-12-15T23:59): 0',
    ],
  },
  {
    name: 'the sweep forgets cancellations and cancelled shows',
    edits: [
      {
        file: 'src/workflows/operations/sweep.ts',
        find: '    adoptCancellations,\n    adoptShows,\n',
        replace: '    async () => 0,\n    async () => 0,\n',
      },
    ],
    suite: 'test/workflows/operations/sweep.test.ts',
    tests: [
      'the sweep gives a new workflow to a cancellation without a decision, and leaves alone one that is withdrawn',
      'the sweep gives a new workflow to a cancelled show that is not refunded',
    ],
  },
  {
    name: 'each of several cancellations may refund all the points',
    edits: [
      {
        file: 'src/db/cancellations/cancellationStore.ts',
        find: 'Math.min(row.points - row.points_back, total)',
        replace: 'Math.min(row.points, total)',
      },
    ],
    suite: ACTIVITY,
    tests: [
      'cancelling some seats one by one refunds what was paid and not more, points first: points for one seat',
    ],
  },
  {
    name: 'a seat is cancelled twice',
    edits: [
      {
        file: 'src/db/cancellations/cancellationStore.ts',
        find: "status: isGone ? 'CANCELLED' : row.status,",
        replace: 'status: isGone && row.seats_sold === 0 ? row.status : row.status,',
      },
    ],
    suite: ACTIVITY,
    tests: [
      'cancelling some seats a second time is rejected, alone or together with others, and changes nothing',
    ],
  },
  {
    name: 'cancelling some seats voids the tickets of all',
    edits: [
      {
        file: 'src/db/cancellations/cancellationStore.ts',
        find: ".whereIn('seat_id', seatIds)\n        .update({ status: 'VOID' })",
        replace: ".update({ status: 'VOID' })",
      },
    ],
    suite: ACTIVITY,
    tests: [
      'cancelling some seats keeps a fee for each, frees them, and leaves the others sold with their tickets',
    ],
  },
  {
    name: 'one used ticket blocks the cancellation of every seat',
    edits: [
      {
        file: 'src/db/cancellations/cancellationStore.ts',
        find: "AND status = 'USED'\n                          AND (:seatIds::uuid[] IS NULL OR seat_id = ANY(:seatIds))",
        replace: "AND status = 'USED'",
      },
    ],
    suite: ACTIVITY,
    tests: [
      'cancelling some seats is rejected if a ticket of these seats is used, and accepted if only another ticket is',
    ],
  },
];
