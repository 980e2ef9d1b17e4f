import { appendFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { randomUUID } from 'node:crypto';
import { findFaults, type AuditTarget } from '../../audit/audit';
import type { ListedWorkflow } from '../../audit/evidence/workflows';
import { workflows } from '../../audit/invariants/12-workflows';
import type { Fault } from '../../audit/fault';
import type { ClientLine, Line } from '../../audit/evidence/clientLog';
import { createActivities, type Activities } from '../../src/activities';
import type { PaymentStep } from '../support/steps';
import { createQueue } from '../../src/redis/queue/queue';
import { SECRET, startSandbox, type RunningSandbox } from '../sandbox/server';
import { createCancelling } from '../support/cancelling';
import { testEnvironment } from '../support/environment';
import { BOOKING_FEE, createSale, createUser, PRICE } from '../support/factories';
import { createGateways } from '../../src/gateways/gateways';
import { createScriptedGateway } from '../support/scriptedGateway';
import { createPurchases, type Purchases } from '../support/purchases';
import { createFixture, type Fixture } from '../support/fixture';

const ACTIVE_SECONDS = 900;

let fixture: Fixture;
let sandbox: RunningSandbox;
let activities: Activities;
let purchases: Purchases;
let log: string;

beforeEach(async () => {
  [fixture, sandbox] = await Promise.all([createFixture(), startSandbox()]);
  const gateway = sandbox.gateway;
  const gateways = createGateways([gateway], gateway.name);
  activities = createActivities({ ...fixture.dependencies, gateways });
  purchases = createPurchases({ ...fixture, gateway }, activities);
  log = path.join(testEnvironment('TEST_FOLDER'), `clients-${randomUUID()}.ndjson`);
  await write();
});

afterEach(async () => {
  await Promise.all([fixture?.drop(), sandbox?.stop(), rm(log, { force: true })]);
});

const audit = (more: Partial<AuditTarget> = {}): Promise<Fault[]> =>
  findFaults({
    databaseUrl: fixture.database.url,
    redisUrl: fixture.redis.url,
    gateway: { url: sandbox.url, secret: SECRET },
    logs: [log],
    activeSeconds: ACTIVE_SECONDS,
    ...more,
  });

/** One fault alone, whose text has these words. */
async function expectFault(invariant: number, words: string): Promise<void> {
  const [fault, ...others] = await audit();
  expect(others).toEqual([]);
  expect(fault?.invariant).toBe(invariant);
  expect(fault?.what).toContain(words);
}

const write = (...lines: ClientLine[]): Promise<void> =>
  appendFile(log, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));

const owner = () => fixture.database.owner;

async function seatOf({ reservationId }: PaymentStep): Promise<string> {
  const row = await owner()('allocations')
    .where({ reservation_id: reservationId })
    .first<{ seat_id: string }>('seat_id');
  return row.seat_id;
}

async function confirmation(step: PaymentStep): Promise<Line<'confirmed'>> {
  const { reservationId: reservation, userId: user, scheduleId: schedule } = step;
  return { kind: 'confirmed', at: Date.now(), user, reservation, schedule, seats: [await seatOf(step)] };
}

/** Cancels as the organiser, and refunds the card. */
async function cancel({ reservationId }: PaymentStep): Promise<void> {
  const cancelling = createCancelling(fixture, activities);
  const { cancellationId } = await cancelling.cancel(reservationId);
  await cancelling.refund(cancellationId);
}

describe('a sound service', () => {
  it('has no fault after purchases, failures, a cancellation and a top-up', async () => {
    const paid = await purchases.buySeat(PRICE);
    await purchases.buyPoints(10_000);
    await purchases.failPayment(PRICE);
    const cancelled = await purchases.buySeat(0);
    await write(await confirmation(paid), await confirmation(cancelled));
    await cancel(cancelled);

    expect(await audit()).toEqual([]);
  });

  it('has no fault if the line admits in order and at the rate', async () => {
    const [first, second] = [await createUser(owner()), await createUser(owner())];
    const { room } = await aRoom({ admitPerSecond: 1, maxActive: 2 });
    const at = Date.now();
    await write(
      place({ user: first, room, at: at + 1, entered: true, position: 1 }),
      place({ user: second, room, at: at + 20, entered: true, position: 2 }),
      place({ user: first, room, at: at + 30, admittedAt: at + 25 }),
      place({ user: second, room, at: at + 40, position: 1 }),
      place({ user: second, room, at: at + 1_100, admittedAt: at + 1_025 }),
    );

    expect(await audit()).toEqual([]);
  });
});

describe('invariant 1: a seat has one owner', () => {
  it('finds a seat with two live allocations', async () => {
    const paid = await purchases.buySeat(0);
    const seat = await seatOf(paid);
    const thief = await openReservation(paid.scheduleId);
    await owner().raw('DROP INDEX one_live_allocation_per_seat');
    await allocate(thief, paid.scheduleId, seat);

    expect(await audit()).toContainEqual({ invariant: 1, what: `seat ${seat} has 2 live allocations` });
  });

  it('finds a seat whose hold has expired', async () => {
    const { scheduleId, seatId } = await createSale(owner());
    const reservation = await openReservation(scheduleId);
    await allocate(reservation, scheduleId, seatId);
    await owner()('reservations')
      .where({ id: reservation.id })
      .update({ status: 'EXPIRED', ended_at: owner().ref('expires_at') });

    expect(await audit()).toEqual([
      { invariant: 1, what: `seat ${seatId} is held by reservation ${reservation.id}, which is EXPIRED` },
    ]);
  });

  it('finds a seat that is blocked and sold, and a schedule with a missing seat', async () => {
    const paid = await purchases.buySeat(0);
    const seat = await seatOf(paid);
    await owner()('seats').where({ id: seat }).update({ blocked: true });
    await owner()('schedules').where({ id: paid.scheduleId }).update({ seats_total: 2 });

    expect(await audit()).toEqual(
      expect.arrayContaining([
        { invariant: 1, what: `schedule ${paid.scheduleId} has 1 seats and a capacity of 2` },
        { invariant: 1, what: `seat ${seat} is blocked, and reservation ${paid.reservationId} has it` },
      ]),
    );
  });

  it('finds a claim in Redis whose reservation is not the owner in Postgres', async () => {
    const paid = await purchases.buySeat(0);
    const seat = await seatOf(paid);
    await fixture.redis.redis.set(`{${paid.scheduleId}}:seat:${seat}`, 'a-stranger', 'PX', 60_000);

    expect(await audit()).toEqual([
      {
        invariant: 1,
        what: `seat ${seat} is claimed for reservation a-stranger, and Postgres has ${paid.reservationId}`,
      },
    ]);
  });
});

describe('invariant 2: a confirmation is permanent and for one client', () => {
  it('finds two clients that saw CONFIRMED for one seat', async () => {
    const [paid, other] = [await purchases.buySeat(0), await purchases.buySeat(0)];
    const told = await confirmation(paid);
    await write(told, { ...told, reservation: other.reservationId });

    expect((await audit()).map(({ invariant, what }) => [invariant, what.slice(0, 4)])).toEqual([
      [2, 'seat'],
      // The other reservation has another seat than its client saw.
      [2, 'rese'],
    ]);
  });

  it('finds a lost confirmation', async () => {
    const held = await openReservation((await createSale(owner())).scheduleId);
    await write({ ...toldOf(held), kind: 'confirmed' });
    await owner()('reservations')
      .where({ id: held.id })
      .update({ status: 'EXPIRED', ended_at: owner().ref('expires_at') });

    expect(await audit()).toEqual([
      { invariant: 2, what: `reservation ${held.id} is EXPIRED, but a client saw it as CONFIRMED` },
    ]);
  });

  it('allows a seat that was cancelled since to be confirmed to another', async () => {
    const paid = await purchases.buySeat(0);
    const line = await confirmation(paid);
    await cancel(paid);
    await write(line, await confirmation(await purchases.buySeat(0)));

    expect(await audit()).toEqual([]);
  });

  it('finds a hold that Postgres does not know', async () => {
    const unknown = { id: randomUUID(), userId: randomUUID() };
    await write({ ...toldOf(unknown), kind: 'held', expiresAt: new Date().toISOString() });

    expect(await audit()).toEqual([
      { invariant: 2, what: `reservation ${unknown.id} is unknown, but a client saw it as HELD` },
    ]);
  });
});

describe('invariants 3 to 5: money', () => {
  beforeEach(async () => {
    await owner().raw('ALTER TABLE entries DISABLE TRIGGER USER');
  });

  it('finds a journal that does not sum to zero', async () => {
    const { topUpId } = await purchases.buyPoints(10_000);
    await owner()('entries')
      .whereIn(
        'journal_id',
        owner()('journals')
          .where({ key: `top-up:${topUpId}` })
          .select('id'),
      )
      .where({ account: 'gateway:clearing:sandbox' })
      .update({ account: 'house:revenue', amount: -9_999 });

    expect(await audit()).toEqual([
      { invariant: 3, what: `journal top-up:${topUpId} sums to 1` },
      { invariant: 5, what: `order ${topUpId}: the ledger says 0, the gateway's book 10000` },
    ]);
  });

  it('finds a wallet whose balance differs from its entries', async () => {
    const { userId } = await purchases.buyPoints(10_000);
    await owner()('wallets').where({ user_id: userId }).update({ balance: 10_001 });

    expect(await audit()).toEqual([
      { invariant: 3, what: `the wallet of ${userId} has 10001, and its entries say 10000` },
    ]);
  });

  it('finds a reservation that was paid and is not confirmed', async () => {
    const paid = await purchases.buySeat(0);
    await owner()('allocations')
      .where({ reservation_id: paid.reservationId })
      .update({ released_at: new Date() });
    await owner()('reservations').where({ id: paid.reservationId }).update({ status: 'EXPIRED' });

    expect(await audit()).toContainEqual({
      invariant: 4,
      what: `reservation ${paid.reservationId} is EXPIRED, costs 0 and was paid ${PRICE + BOOKING_FEE}`,
    });
  });

  it('finds a card that was charged twice', async () => {
    const paid = await purchases.buySeat(PRICE);
    await sandbox.gateway.charge({
      gateway: 'sandbox',
      idempotencyKey: randomUUID(),
      orderId: paid.reservationId,
      payerId: paid.userId,
      amount: BOOKING_FEE,
      currency: 'KRW',
      description: 'once more',
      requestedAt: Date.now(),
    });

    expect(await audit()).toEqual([
      {
        invariant: 4,
        what: `reservation ${paid.reservationId} is CONFIRMED, costs ${PRICE + BOOKING_FEE} and was paid ${PRICE + 2 * BOOKING_FEE}`,
      },
      { invariant: 4, what: `reservation ${paid.reservationId} was charged 2 times` },
      {
        invariant: 5,
        what: `order ${paid.reservationId}: the ledger says ${BOOKING_FEE}, the gateway's book ${2 * BOOKING_FEE}`,
      },
    ]);
  });

  it('takes the amounts of another gateway from the ledger, because it cannot read that book', async () => {
    const toss = createScriptedGateway('toss');
    const gateways = createGateways([toss], 'toss');
    const elsewhere = createActivities({ ...fixture.dependencies, gateways });
    const paid = await createPurchases({ ...fixture, gateway: toss }, elsewhere).buySeat(0);
    expect(await audit()).toEqual([]);

    const sale = owner()('journals')
      .where({ key: `sale:${paid.paymentId}` })
      .select('id');
    await owner()('entries').whereIn('journal_id', sale).delete();
    expect(await audit()).toContainEqual({
      invariant: 4,
      what: `reservation ${paid.reservationId} is CONFIRMED, costs ${PRICE + BOOKING_FEE} and was paid 0`,
    });
  });

  it('finds a charge that is in the ledger and not at the gateway', async () => {
    const userId = await createUser(owner(), 5_000);
    const [journal] = await owner()('journals').where({ kind: 'TOP_UP' }).select<{ id: string }[]>('id');

    expect(userId).toBeDefined();
    expect(await audit()).toContainEqual({
      invariant: 5,
      what: `order ${journal?.id}: the ledger says 5000, the gateway's book 0`,
    });
  });
});

describe('invariant 9: the line', () => {
  const at = Date.now();

  it('finds a position that has grown', async () => {
    const { room } = await aRoom({ admitPerSecond: 1, maxActive: 1 });
    const user = randomUUID();
    await write(place({ user, room, at, position: 3 }), place({ user, room, at: at + 10, position: 4 }));

    expect(await audit()).toEqual([
      { invariant: 9, what: `user ${user} got position 3 and later position 4` },
    ]);
  });

  it('finds an account with two places', async () => {
    const { room } = await aRoom({ admitPerSecond: 1, maxActive: 1 });
    const user = randomUUID();
    await write(
      place({ user, room, at, id: 'one', position: 3 }),
      place({ user, room, at: at + 10, id: 'two', position: 5 }),
      place({ user, room, at: at + 20, id: 'one', position: 3 }),
    );

    expect(await audit()).toEqual([
      { invariant: 9, what: `user ${user} has two live places in room ${room}` },
    ]);
  });

  it('finds a user who was admitted before an earlier user', async () => {
    const { room } = await aRoom({ admitPerSecond: 100, maxActive: 2 });
    await write(
      place({ user: 'early', room, at, entered: true, position: 1 }),
      place({ user: 'late', room, at: at + 10, entered: true, position: 2 }),
      place({ user: 'late', room, at: at + 20, admittedAt: at + 15 }),
      place({ user: 'early', room, at: at + 40, admittedAt: at + 35 }),
    );

    expect(await audit()).toEqual([
      { invariant: 9, what: `user late was admitted to room ${room} before early, who had come earlier` },
    ]);
  });

  it('finds more admissions than the rate allows', async () => {
    const { room } = await aRoom({ admitPerSecond: 2, maxActive: 10 });
    await write(
      ...[0, 1, 2].map((user) =>
        place({ user: `user-${user}`, room, at: at + 500, admittedAt: at + user * 10 }),
      ),
    );

    expect(await audit()).toEqual([
      {
        invariant: 9,
        what: `room ${room} let in more than 2 a second at ${new Date(at + 20).toISOString()}`,
      },
    ]);
  });

  it('finds more users in a room than its capacity', async () => {
    const { room } = await aRoom({ admitPerSecond: 100, maxActive: 1 });
    await write(
      place({ user: 'one', room, at: at + 500, admittedAt: at }),
      place({ user: 'two', room, at: at + 500, admittedAt: at + 100 }),
    );

    expect(await audit()).toEqual([
      {
        invariant: 9,
        what: `room ${room} has room for 1 and had more at ${new Date(at + 100).toISOString()}`,
      },
    ]);
  });

  it('finds in Redis a user who both waits and is in, and a room that is too full', async () => {
    const { room } = await aRoom({ admitPerSecond: 100, maxActive: 1 });
    const queue = createQueue(fixture.redis.redis);
    const settings = { name: room, maxActive: 2, admitPerSecond: 100, activeSeconds: ACTIVE_SECONDS };
    for (const userId of ['one', 'two']) await queue.enter(settings, { userId, placeId: userId });
    await fixture.redis.redis.zadd(`queue:{${room}}:waiting`, 1, 'two');

    expect(await audit()).toEqual([
      { invariant: 9, what: `room ${room} has room for 1 and 2 are in` },
      { invariant: 9, what: `user two both waits for room ${room} and is in` },
    ]);
  });
});

describe('invariant 10: seats of a user', () => {
  it('finds a user with more seats than the limit', async () => {
    const { scheduleId, seatIds } = await createSale(owner(), { seats: 2, maxSeatsPerUser: 1 });
    const reservation = await openReservation(scheduleId);
    for (const seatId of seatIds) await allocate(reservation, scheduleId, seatId);

    expect(await audit()).toEqual([
      {
        invariant: 10,
        what: `user ${reservation.userId} has 2 seats of schedule ${scheduleId}, which allows 1`,
      },
    ]);
  });
});

describe('invariant 6: a hold is real until its time', () => {
  it('finds a hold that expired before its end', async () => {
    const { id } = await openReservation((await createSale(owner())).scheduleId);
    await owner()('reservations').where({ id }).update({ status: 'EXPIRED', ended_at: new Date() });

    await expectFault(6, `reservation ${id} is EXPIRED`);
  });

  it('finds a client that was promised another end than Postgres has', async () => {
    const paid = await purchases.buySeat(0);
    const { reservationId: reservation, userId: user } = paid;
    const expiresAt = '2026-01-01T00:00:00.000Z';
    await write({ kind: 'held', at: Date.now(), user, reservation, seats: [await seatOf(paid)], expiresAt });

    await expectFault(6, `${reservation} was promised until ${expiresAt}`);
  });

  it('finds a payment that began after the hold', async () => {
    const { paymentId } = await purchases.buySeat(0);
    await owner()('payments')
      .where({ id: paymentId })
      .update({ created_at: new Date(Date.now() + 3_600_000) });

    await expectFault(6, `payment ${paymentId}`);
  });
});

describe('invariant 7: a key has one final response', () => {
  it('finds two successes that differ', async () => {
    await write(keyed(), keyed({ body: '{"paymentId":"two"}' }));

    expect(await audit()).toEqual([
      { invariant: 7, what: 'POST /v1/payments of user a-user, key a-key: 2 different responses' },
    ]);
  });

  it('allows a response that is not final, another user and another route', async () => {
    await write(
      keyed({ status: 202, body: '{"status":"SETTLING"}' }),
      keyed({ status: 503, body: '{}' }),
      keyed(),
      keyed(),
      keyed({ user: 'another', body: '{}' }),
      keyed({ route: 'POST /v1/reservations', body: '{}' }),
    );

    expect(await audit()).toEqual([]);
  });
});

describe('invariant 8: a final state stays', () => {
  it('finds a reservation that a client saw RELEASED and later HELD', async () => {
    const { reservationId: reservation, userId: user } = await purchases.failPayment(PRICE);
    const seen = { kind: 'seen', user, reservation } as const;
    const at = Date.now();
    await write(
      { ...seen, askedAt: at, at: at + 1, status: 'RELEASED' },
      { ...seen, askedAt: at + 2, at: at + 3, status: 'HELD' },
    );

    expect(await audit()).toEqual([
      { invariant: 8, what: `reservation ${reservation} was RELEASED and is HELD` },
    ]);
  });

  it('finds an open reservation that has ended', async () => {
    const { reservationId: id } = await purchases.failPayment(PRICE);
    await owner()('reservations').where({ id }).update({ ended_at: new Date() });

    await expectFault(8, `reservation ${id} is HELD and ended at`);
  });
});

describe('invariant 11: tickets', () => {
  it('finds a seat that was sold without a ticket', async () => {
    const paid = await purchases.buySeat(0);
    await owner()('tickets').where({ reservation_id: paid.reservationId }).delete();

    expect(await audit()).toEqual([
      { invariant: 11, what: `seat ${await seatOf(paid)} has a ticket without a sale, or a sale without` },
    ]);
  });
});

describe('invariants 12 and 13: workflows and logs', () => {
  it('finds an open reservation without a workflow', async () => {
    const { reservationId } = await purchases.failPayment(PRICE);
    const temporal = {
      address: testEnvironment('TEST_TEMPORAL_ADDRESS'),
      namespace: 'default',
      taskQueue: randomUUID(),
    };

    expect(await audit({ temporal })).toEqual([
      { invariant: 12, what: `reservation-${reservationId} is open and no workflow runs` },
    ]);
  });

  it('passes over a failed run of a schedule only if a later run of the same one has completed', async () => {
    const newestFirst = [
      run('sweep-holdfast-workflow-2026-11-30T01:35:30Z', 'sweep', 'COMPLETED'),
      run('sweep-holdfast-workflow-2026-11-30T01:34:30Z', 'sweep', 'FAILED'),
      run('reconciliation-sandbox-holdfast', 'gatewayReconciliation', 'COMPLETED'),
      run('reconciliation-toss-holdfast', 'gatewayReconciliation', 'TIMED_OUT'),
      run('top-up-1', 'topUp', 'FAILED'),
    ];

    const faults = await workflows({
      reservations: new Map(),
      workflows: { list: async () => Promise.resolve(newestFirst) },
    });

    expect(faults).toEqual([
      'workflow reconciliation-toss-holdfast is TIMED_OUT',
      'workflow top-up-1 is FAILED',
    ]);
  });

  it('finds non-determinism and a secret in a log', async () => {
    const file = path.join(testEnvironment('TEST_FOLDER'), `worker-${randomUUID()}.log`);
    // The first line may come from a worker that stood still. The second one says more.
    const stale = 'Nondeterminism("Missing associated machine for LocalActivity(3)")';
    await appendFile(file, `${stale}\n[TMPRL1100] Nondeterminism error\nlogged in with hunter2\n`);

    expect(await audit({ serviceLogs: [file], secrets: ['hunter2'] })).toEqual([
      { invariant: 12, what: `${file} reports non-determinism: [TMPRL1100] Nondeterminism error` },
      { invariant: 13, what: `${file} has a secret` },
    ]);
  });
});

/** A run as Temporal lists it. */
const run = (workflowId: string, type: string, status: string): ListedWorkflow => ({
  workflowId,
  runId: randomUUID(),
  type,
  status,
  shown: null,
});

/** A success under a key. */
const keyed = (change: Partial<Line<'keyed'>> = {}): Line<'keyed'> => ({
  kind: 'keyed',
  at: Date.now(),
  user: 'a-user',
  route: 'POST /v1/payments',
  key: 'a-key',
  status: 200,
  body: '{"paymentId":"one"}',
  ...change,
});

interface Held {
  id: string;
  userId: string;
}

/** A reservation that is HELD, as yet without a seat. */
async function openReservation(scheduleId: string): Promise<Held> {
  const reservation = { id: randomUUID(), userId: await createUser(owner()) };
  await owner()('reservations').insert({
    id: reservation.id,
    user_id: reservation.userId,
    schedule_id: scheduleId,
    status: 'HELD',
    tickets: PRICE,
    booking_fee: 0,
    currency: 'KRW',
    held_at: new Date(),
    expires_at: new Date(Date.now() + 300_000),
  });
  return reservation;
}

async function allocate({ id, userId }: Held, scheduleId: string, seatId: string): Promise<void> {
  await owner()('allocations').insert({
    reservation_id: id,
    seat_id: seatId,
    schedule_id: scheduleId,
    user_id: userId,
    price: PRICE,
  });
}

const toldOf = ({ id: reservation, userId: user }: Held) => ({
  at: Date.now(),
  user,
  reservation,
  schedule: randomUUID(),
  seats: [randomUUID()],
});

/** A schedule with a waiting room of its own. */
async function aRoom(limits: { admitPerSecond: number; maxActive: number }): Promise<{ room: string }> {
  const { scheduleId: room } = await createSale(owner());
  await owner()('schedules')
    .where({ id: room })
    .update({ waiting_room: JSON.stringify(limits) });
  return { room };
}

/** A line of the clients' log; who was admitted is ACTIVE, the others wait. */
function place(told: {
  user: string;
  room: string;
  at: number;
  id?: string;
  entered?: boolean;
  position?: number;
  admittedAt?: number;
}): ClientLine {
  const { user, room, at, id = user, entered = false, position = 0, admittedAt } = told;
  const ends = admittedAt === undefined ? null : new Date(admittedAt + ACTIVE_SECONDS * 1_000).toISOString();
  return {
    kind: 'place',
    askedAt: at - 5,
    at,
    user,
    entered,
    place: { room, id, status: ends === null ? 'WAITING' : 'ACTIVE', position, expiresAt: ends },
  };
}

describe('an audit without one of the servers', () => {
  it.each([
    ['Postgres', { databaseUrl: 'postgres://holdfast@127.0.0.1:9/holdfast' }],
    ['Redis', { redisUrl: 'redis://127.0.0.1:9' }],
    ['The sandbox gateway', { gateway: { url: 'http://127.0.0.1:9', secret: SECRET } }],
    ['Temporal', { temporal: { address: '127.0.0.1:9', namespace: 'default', taskQueue: 'none' } }],
  ])(
    'says that it cannot reach it: %s',
    async (server, target) => {
      await expect(audit(target)).rejects.toThrow(`${server} cannot be reached: `);
    },
    20_000,
  );
});
