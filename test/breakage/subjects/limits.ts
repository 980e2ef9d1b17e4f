import type { Breakage } from '../breakage';

const ADMISSION = 'src/api/queue/admission.ts';
const RULES = 'src/domain/reservations/unpaidHolds.ts';
const UNPAID = 'src/db/reservations/unpaidHoldStore.ts';
const LIMIT_SUITE = 'test/api/reservations/holdLimits.test.ts';
const ROOM_SUITE = 'test/e2e/roomSwitched.test.ts';

/** Clients that hold seats can pay for them, and no client blocks seats for others by repeated holds. */
export const LIMIT_BREAKAGES: Breakage[] = [
  {
    name: 'a payment needs a token of the current room only',
    edits: [
      {
        file: ADMISSION,
        find: 'if (room !== heldIn && room !== rooms.of(schedule).name)',
        replace: 'if (room !== rooms.of(schedule).name)',
      },
    ],
    suite: ROOM_SUITE,
    tests: [
      'A waiting room that is switched on during a sale lets a client that holds seats pay with the token of its hold',
      'A waiting room that is switched off during a sale lets a client that holds seats pay with the token of the room',
    ],
  },
  {
    name: 'a payment needs a token of a room that no longer exists',
    edits: [
      {
        file: ADMISSION,
        find: 'if (room !== heldIn && room !== rooms.of(schedule).name)',
        replace: 'if (room !== heldIn)',
      },
    ],
    suite: ROOM_SUITE,
    tests: [
      'A waiting room that is switched off during a sale lets a client whose place there has ended pay with a new token',
    ],
  },
  {
    name: 'a payment accepts the token of any room',
    edits: [
      {
        file: ADMISSION,
        find: 'if (room !== heldIn && room !== rooms.of(schedule).name)',
        replace: 'if (room === "")',
      },
    ],
    suite: ROOM_SUITE,
    tests: ['A waiting room that is switched on during a sale does not accept the token of a third room'],
  },
  {
    name: 'holds without a purchase are not limited',
    edits: [
      {
        file: 'src/api/reservations/holdClaimedSeats.ts',
        find: 'await limits.assertAllowed({ ...hold, network }, facts.now);',
        replace: '',
      },
    ],
    suite: 'test/e2e/hoarding.test.ts',
    tests: [
      'An account that holds a seat and releases it repeatedly may do so for a while, then must leave it to others: 429 hold-limit-exceeded',
      'An account that holds a seat and releases it repeatedly gets other seats as the best available ones, and none when no other seat is left',
      'An account that holds a seat and lets it expire repeatedly must leave it to others, and a rejected key gets a new try after Retry-After',
    ],
  },
  {
    name: 'the wait for a seat does not grow',
    edits: [
      {
        file: RULES,
        find: '(past.holds - allowed) * holdMs',
        replace: 'Math.min(1, past.holds - allowed) * holdMs',
      },
    ],
    suite: LIMIT_SUITE,
    tests: ['an account that holds a seat repeatedly without buying it waits longer after each further hold'],
  },
  {
    name: 'a bought seat is rejected for all users at the address',
    edits: [
      { file: RULES, find: 'if (past.holds <= allowed) return 0;', replace: '' },
      { file: RULES, find: '(past.holds - allowed) *', replace: 'Math.max(0, past.holds - allowed) *' },
    ],
    suite: LIMIT_SUITE,
    tests: [
      'the accounts at one address do not wait for a seat that was bought and cancelled within the time of its hold',
    ],
  },
  {
    name: 'a hold counts nothing when it is released',
    edits: [{ file: RULES, find: 'const LEAST_SHARE = 0.1;', replace: 'const LEAST_SHARE = 0;' }],
    suite: LIMIT_SUITE,
    tests: [
      'an account that holds a seat repeatedly without buying it may release a hold early thirty times: such a hold counts a tenth',
    ],
  },
  {
    name: 'a hold that was released counts the same however long it was',
    edits: [
      {
        file: RULES,
        find: 'Math.min(1, Math.max(LEAST_SHARE,',
        replace: 'Math.min(LEAST_SHARE, Math.max(0,',
      },
    ],
    suite: LIMIT_SUITE,
    tests: [
      'an account that holds a seat repeatedly without buying it gains nothing if it releases the seat just before the end',
    ],
  },
  {
    name: 'a purchase does not end the wait',
    edits: [{ file: UNPAID, find: 'SELECT max(sold_at)', replace: 'SELECT min(released_at)' }],
    suite: LIMIT_SUITE,
    tests: ['a purchase ends the wait'],
  },
  {
    name: 'a purchase that was cancelled ends the wait',
    edits: [{ file: UNPAID, find: 'AND released_at IS NULL', replace: '' }],
    suite: LIMIT_SUITE,
    tests: ['a purchase does not end the wait if it was cancelled'],
  },
  {
    name: 'all seats of a schedule together have no limit',
    edits: [{ file: RULES, find: 'if (ofSchedule > 0)', replace: 'if (ofSchedule > Infinity)' }],
    suite: LIMIT_SUITE,
    tests: [
      'an account that always holds different seats of a schedule and buys none waits for all seats of the schedule after twenty whole holds',
    ],
  },
  {
    name: 'the address of a hold is not checked',
    edits: [
      {
        file: 'src/api/reservations/holdLimits.ts',
        find: 'if (ofAddress) throw',
        replace: 'if (ofAddress && !ofAddress) throw',
      },
    ],
    suite: LIMIT_SUITE,
    tests: ['the accounts at one address have a higher limit together than one account, and then wait'],
  },
  {
    name: 'a client polls late after a slow line has become fast',
    edits: [
      {
        file: 'src/redis/queue/queue.lua',
        find: 'local isBound = seconds >= 0 and rate > 0',
        replace: 'local isBound = false',
      },
    ],
    suite: 'test/redis/queue/queuePolling.test.ts',
    tests: [
      'the time until the next poll is no longer than until the turn at full speed, however slow the line was before',
    ],
  },
  {
    name: 'a hold from an address is added again at each count',
    edits: [
      {
        file: 'src/redis/reservations/countAddressHolds.lua',
        find: "redis.call('HSET', key, reservation, units)",
        replace: "redis.call('HSET', key, reservation .. redis.call('HLEN', key), units)",
      },
    ],
    suite: LIMIT_SUITE,
    tests: [
      'the accounts at one address are counted once for each hold, and an early release counts a tenth',
    ],
  },
  {
    name: 'the refusal by a limit of holds is final under its key',
    edits: [
      {
        file: 'src/api/idempotency/idempotency.ts',
        find: "  'hold-limit-exceeded',\n",
        replace: '',
      },
    ],
    suite: 'test/e2e/hoarding.test.ts',
    tests: [
      'An account that holds a seat and lets it expire repeatedly must leave it to others, and a rejected key gets a new try after Retry-After',
    ],
  },
];
