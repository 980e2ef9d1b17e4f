import type { Breakage } from '../breakage';

const GRANT = 'src/api/reservations/grantHold.ts';
const UNCHANGED = 'src/db/migrations/036_unchanged_holds.ts';
const IDEMPOTENCY = 'src/api/idempotency/idempotency.ts';
const END = 'src/activities/reservations/reservations.ts';
const PAYMENTS = 'src/db/payments/paymentStore.ts';

/** The order of a hold, its fences, and payments that another run has made. */
export const RESERVATION_BREAKAGES: Breakage[] = [
  {
    name: 'a hold is granted however late',
    edits: [{ file: GRANT, find: 'if (late) throw', replace: 'if (late && !hold) throw' }],
    suite: 'test/activities/reservations/reservations.test.ts',
    tests: [
      'granting a hold is rejected 16 s after its start, by the clock of Postgres, and leaves nothing',
      'granting a hold is rejected after its end, by the clock of Postgres, and leaves nothing',
    ],
  },
  ...(
    [
      ['a hold of a paused sale', 'IF rows_now IS DISTINCT FROM version THEN', 'the sale is paused'],
      ['a hold past the limit of its user', 'IF number_of_seats > others THEN', 'the user gets another seat'],
      ['a hold that is too late', 'IF service_now() >= deadline THEN', 'more than 15 s pass'],
      ['a hold under a key that has a response', 'IF NOT is_free THEN', 'the key gets a response'],
      ['a half of a hold', 'IF number_of_seats < cardinality(wanted) THEN', 'another user gets a seat'],
    ] as const
  ).map(([what, condition, change]) => ({
    name: `${what} is granted in one statement`,
    edits: [{ file: UNCHANGED, find: condition, replace: 'IF false THEN' }],
    suite: 'test/api/reservations/grantUnchangedHold.test.ts',
    tests: [`a hold that was checked is not granted if ${change}`],
  })),
  {
    name: 'a refusal names only the seats that Redis knows',
    edits: [
      {
        file: 'src/api/reservations/holdSeats.ts',
        find: 'if (known.length === seatIds.length) return seatIds.slice();',
        replace: 'if (known.length > 0) return known.slice();',
      },
    ],
    suite: 'test/api/reservations/holdSeats.test.ts',
    tests: ['a hold that is rejected names each seat that is gone, also those that Redis does not know'],
  },
  {
    name: 'the end of a hold does not wait for a transaction that is granting it',
    edits: [
      {
        file: 'src/db/reservations/holdStore.ts',
        find: '.raw(`SELECT pg_advisory_xact_lock(${RESERVATION_LOCK})`, { reservationId })',
        replace: '.raw(`SELECT 1`)',
      },
    ],
    suite: 'test/activities/reservations/reservations.test.ts',
    tests: ['ending a hold waits for a transaction that is granting the hold'],
  },
  {
    name: 'a hold expires by the clock of a workflow',
    edits: [
      { file: END, find: "if (input.status === 'RELEASED' ||", replace: 'if (input.status.length > 0 ||' },
    ],
    suite: 'test/activities/reservations/reservations.test.ts',
    tests: [
      'ending a hold too early, by the clock of Postgres, changes nothing and returns the time that is left',
    ],
  },
  {
    name: 'a hold is granted under a key that was refused',
    edits: [
      {
        file: IDEMPOTENCY,
        find: 'return standing ?? record(keys, toRecord(await effect(tx)));',
        replace: 'return record(keys, toRecord(await effect(tx)));',
      },
    ],
    suite: 'test/api/reservations/holdSeats.test.ts',
    tests: ['a repeat with the same key is never permanently rejected while a hold exists under the key'],
  },
  {
    name: 'a repeated key does not return what an earlier run did',
    edits: [
      { file: IDEMPOTENCY, find: 'if (!used.isNew) {', replace: 'if (used.isNew && !used.isNew) {' },
      {
        file: IDEMPOTENCY,
        find: 'record(keys, recalled ? toRecord(recalled) : toProblemRecord(problem))',
        replace: 'record(keys, toProblemRecord(problem))',
      },
    ],
    suite: 'test/api/idempotency/idempotency.test.ts',
    tests: [
      'a key whose effect is under way stays taken when a repeat is rejected, and gets the outcome once it is known',
      'a key whose effect is under way responds with the outcome of an earlier run, and not with the refusal of a later one',
    ],
  },
  {
    name: 'a run whose hold was rejected continues until its timer',
    edits: [
      {
        file: 'src/api/reservations/holdSeats.ts',
        find: 'if (hasOutcome(error)) void workflows.cancel(reservationId, run.runId);',
        replace: 'if (hasOutcome(error)) return;',
      },
    ],
    suite: 'test/api/reservations/holdSeats.test.ts',
    tests: [
      'a hold that Postgres rejects gets a response with the seats that are gone, and its workflow ends',
    ],
  },
  {
    name: 'a run that can no longer grant a hold is kept',
    edits: [
      {
        file: 'src/api/reservations/holdClaimedSeats.ts',
        find: 'if (attempt.run) await workflows.discard(hold.reservationId, attempt.run.runId);',
        replace: '',
      },
    ],
    suite: 'test/api/reservations/holdSeats.test.ts',
    tests: ['a repeat with the same key gets a new workflow if the old one can no longer be granted'],
  },
  {
    name: 'Redis stores the owner of a seat for an hour',
    edits: [
      {
        file: 'src/redis/reservations/seatClaim.ts',
        find: 'const TAKEN_MS = 2_000;',
        replace: 'const TAKEN_MS = 3_600_000;',
      },
    ],
    suite: 'test/redis/reservations/seatClaim.test.ts',
    tests: [
      'what Postgres has reported about seats is remembered for two seconds',
      'what Postgres has reported about seats leaves no key that lives longer than a lease',
    ],
  },
  {
    name: 'a charge is voided although its payment was confirmed',
    edits: [
      {
        file: 'src/activities/payments/charges.ts',
        find: "if (payment?.status !== 'FAILED') return;",
        replace: 'if (!payment) return;',
      },
    ],
    suite: 'test/activities/payments/payments.test.ts',
    tests: ['refunding a charge does not void a charge that another run of the steps has confirmed'],
  },
  {
    name: 'a failing run does not check whether another run has confirmed the payment',
    edits: [
      {
        file: 'src/workflows/payments/payment.ts',
        find: "return isPaid(status) ? 'DONE' : 'UNDONE';",
        replace: "return status === 'REFUNDED' ? 'DONE' : 'UNDONE';",
      },
    ],
    suite: 'test/workflows/payments/payment.test.ts',
    tests: [
      'another run of the same steps, on a worker that stalled may have confirmed the payment: then this run voids nothing and reports the payment as made',
    ],
  },
  {
    name: 'a failing run does not check whether another run has credited the top-up',
    edits: [
      {
        file: 'src/workflows/ledger/topUp.ts',
        find: "if (closed.status === 'SUCCEEDED') {",
        replace: "if (closed.status === 'SUCCEEDED' && topUpId === '') {",
      },
    ],
    suite: 'test/workflows/ledger/topUp.test.ts',
    tests: [
      'another run of the steps of a top-up may have credited it: then this run reports it as made, whatever its own steps returned',
    ],
  },
  {
    name: 'a charge starts after the end of the hold',
    edits: [
      {
        file: 'src/db/payments/paymentSteps.ts',
        find: 'AND expires_at > service_now() AND cancelled_at IS NULL',
        replace: 'AND cancelled_at IS NULL',
      },
    ],
    suite: 'test/activities/payments/payments.test.ts',
    tests: [
      'taking the points for a hold that is over by the clock of Postgres is rejected: no charge starts after the hold',
    ],
  },
  {
    name: 'a payment that was withdrawn is opened',
    edits: [
      {
        file: 'src/db/payments/paymentSteps.ts',
        find: "WHERE status = 'REQUESTED' AND reservation_status",
        replace: "WHERE status IN ('REQUESTED', 'WITHDRAWN') AND reservation_status",
      },
    ],
    suite: 'test/activities/payments/payments.test.ts',
    tests: ['taking the points for a payment that was not requested, or was withdrawn, is rejected'],
  },
  {
    name: 'a payment that has begun is withdrawn',
    edits: [
      {
        file: PAYMENTS,
        find: ".where({ id: paymentId, status: 'REQUESTED' })",
        replace: '.where({ id: paymentId })',
      },
    ],
    suite: 'test/db/payments/paymentStore.test.ts',
    tests: ['an attempt to pay that has begun cannot be withdrawn'],
  },
  {
    name: 'the sweep replaces running workflows',
    edits: [
      {
        file: 'src/temporal/reservations/startReservation.ts',
        find: "workflowIdConflictPolicy: 'FAIL',",
        replace: "workflowIdConflictPolicy: 'TERMINATE_EXISTING',",
      },
    ],
    suite: 'test/workflows/operations/sweep.test.ts',
    tests: [
      'the sweep leaves alone a hold that a workflow owns, a hold that has just expired, and a sold reservation',
    ],
  },
  {
    name: 'a lost workflow task counts as a fault of the service',
    edits: [
      {
        file: 'src/api/problems/dependencyFailure.ts',
        find: "[status.FAILED_PRECONDITION]: 'away',",
        replace: "[status.FAILED_PRECONDITION]: 'fault',",
      },
    ],
    suite: 'test/api/problems/dependencyFailure.test.ts',
    tests: [
      'the API recognizes a failed dependency by its gRPC status: each status except OK is 503 with Retry-After, or on purpose a fault of the API',
    ],
  },
];
