import type { Breakage } from '../breakage';

const NAIVE = 'test/audit/naiveService.test.ts';
const CLOCKS = 'test/chaos/clocks.test.ts';

/** The controls of the auditor, and clocks that differ from the clock of Postgres. */
export const CONTROL_BREAKAGES: Breakage[] = [
  {
    name: 'the auditor does not count the seats of a user',
    edits: [
      {
        file: 'audit/invariants/10-seatLimit.ts',
        find: 'HAVING count(*) > max_seats_per_user',
        replace: 'HAVING false',
      },
    ],
    suite: NAIVE,
    tests: ['the auditor, for a naive booking service, convicts it after a rush'],
  },
  {
    name: 'a worker that continues a payment charges with a new key',
    edits: [
      {
        file: 'src/gateways/chargeRequest.ts',
        find: 'idempotencyKey: paymentId,',
        replace: 'idempotencyKey: `${paymentId}-${Math.random()}`,',
      },
    ],
    suite: NAIVE,
    tests: ['the auditor, for Holdfast, finds no fault after the same rush'],
  },
  {
    name: 'a hold begins by the clock of the API',
    edits: [{ file: 'src/api/reservations/holdClaimedSeats.ts', find: 'facts.now,', replace: 'new Date(),' }],
    suite: CLOCKS,
    tests: [
      'the clock of Postgres decides about holds (minutes ahead: API 5, worker -5, gateway 5)',
      'the clock of Postgres decides about holds (minutes ahead: API -5, worker 5, gateway -5)',
    ],
  },
  {
    name: 'the API decides about a sale by its own clock',
    edits: [
      {
        file: 'src/db/serviceClock.ts',
        find: 'now: () => new Date(origin + performance.now()),',
        replace: 'now: () => new Date(),',
      },
    ],
    suite: CLOCKS,
    tests: [
      'the clock of Postgres decides about holds (minutes ahead: API 5, worker -5, gateway 5)',
      'the clock of Postgres decides about holds (minutes ahead: API -5, worker 5, gateway -5)',
    ],
  },
  {
    name: 'a hold ends by the clock of the worker',
    edits: [
      {
        file: 'src/db/reservations/reservationStore.ts',
        find: 'now: row.now }',
        replace: 'now: new Date() }',
      },
    ],
    suite: CLOCKS,
    tests: [
      'the clock of Postgres decides about holds (minutes ahead: API 5, worker -5, gateway 5)',
      'the clock of Postgres decides about holds (minutes ahead: API -5, worker 5, gateway -5)',
    ],
  },
];
