import { randomUUID } from 'node:crypto';
import { createPasswords } from '../../../src/api/accounts/passwords';
import { createIdempotency } from '../../../src/api/idempotency/idempotency';
import type { AdmissionService } from '../../../src/api/queue/admission';
import { createHoldBest } from '../../../src/api/reservations/holdBest';
import { effectsOf } from '../../../src/api/http/effects';
import { createHoldSeats, type HoldSeatsRequest } from '../../../src/api/reservations/holdSeats';
import type { ReservationWorkflows } from '../../../src/api/reservations/reservationWorkflows';
import { createSeatChoice } from '../../../src/api/reservations/seatChoice';
import { createSeatDirectory } from '../../../src/api/reservations/seatDirectory';
import { storesOf } from '../../../src/db/stores';
import { Problem } from '../../../src/domain/problems';
import { HOLD_SECONDS } from '../../support/durations';
import { eventually } from '../../support/eventually';
import { createSale, createUser, type Sale } from '../../support/factories';
import { anAttemptToHold, createHolding } from '../../support/holding';
import { createTestbed, type Testbed } from '../../support/testbed';
import { aGrant } from '../../support/steps';

let testbed: Testbed;

beforeAll(async () => {
  testbed = await createTestbed('real');
}, 90_000);
afterEach(async () => testbed.endTest());
afterAll(async () => testbed?.drop());

/** What a test does during a hold. */
interface Interruptions {
  /** Before the API starts the workflow. */
  beforeStart?: () => Promise<unknown>;
  /** Before the transaction that grants the hold. */
  beforeGrant?: () => Promise<unknown>;
  /** After the commit of that transaction. */
  afterGrant?: () => Promise<unknown>;
}

/** The part of an API process that places holds. The queue admits every user. */
function anApi({ beforeStart, beforeGrant, afterGrant }: Interruptions = {}) {
  const { db, seatClaim } = testbed.dependencies;
  const { reservations } = testbed.temporal;
  const workflows: Pick<ReservationWorkflows, 'start' | 'discard' | 'cancel'> = {
    ...reservations,
    async start(hold) {
      await beforeStart?.();
      return reservations.start(hold);
    },
  };
  const holdClaimedSeats = createHolding(testbed, workflows, HOLD_SECONDS);
  const interrupted: typeof holdClaimedSeats = async (attempt, ...seats) => {
    const { settle } = attempt;
    attempt.settle = async (...grant) => {
      await beforeGrant?.();
      const held = await settle(...grant);
      await afterGrant?.();
      return held;
    };
    return holdClaimedSeats(attempt, ...seats);
  };
  const admission: Pick<AdmissionService, 'requireAdmission'> = {
    requireAdmission: async () => Promise.resolve({ room: 'service', expiresAt: new Date(8e15) }),
  };
  const idempotency = createIdempotency({ db, passwords: createPasswords() });
  const holdSeats = createHoldSeats({
    directory: createSeatDirectory(db),
    admission,
    seatClaim,
    holds: storesOf(db).holds,
    workflows,
    clock: { now: () => new Date() },
    holdClaimedSeats: interrupted,
    holdBest: createHoldBest({ seatChoice: createSeatChoice(db), seatClaim, holdClaimedSeats: interrupted }),
  });
  return async ({ key, ...request }: KeyedRequest) => {
    const { userId } = request;
    const { once } = effectsOf(idempotency, { userId, route: 'POST /v1/reservations', key, body: {} });
    return holdSeats({ ...request, once, hasKey: key !== undefined });
  };
}

type KeyedRequest = Omit<HoldSeatsRequest, 'once' | 'hasKey'> & { key: string | undefined };

/** A request to hold every seat of a sale. */
async function aRequest(sale: Sale): Promise<KeyedRequest> {
  return {
    userId: await createUser(testbed.database.owner),
    key: randomUUID(),
    wanted: { seatIds: sale.seatIds },
    queueToken: 'any',
    network: '127.0.0.1',
  };
}

const openSale = async (seats = 1) => createSale(testbed.database.owner, { seats });

async function takeSeats(sale: Sale): Promise<void> {
  await testbed.grant(aGrant(sale, await createUser(testbed.database.owner), sale.seatIds));
}

/** The statuses of the workflow runs of a sale, newest first. */
async function runsOf({ scheduleId }: Sale): Promise<string[]> {
  const statuses: string[] = [];
  const { client } = testbed.temporal.env;
  for await (const run of client.workflow.list({ query: `ScheduleId = '${scheduleId}'` })) {
    statuses.push(run.status.name);
  }
  return statuses;
}

const loseConnection = async () => Promise.reject(new Error('the connection was lost'));
const away = async () => Promise.reject(new Problem('temporarily-unavailable', 'Postgres is away.'));

describe('a hold', () => {
  it('has its workflow before its row exists', async () => {
    const sale = await openSale();
    let runs = 0;
    const holdSeats = anApi({
      beforeGrant: async () => {
        expect(await testbed.books.seat(sale.seatId)).toBe('AVAILABLE');
        await eventually(async () => expect((runs = (await runsOf(sale)).length)).toBe(1));
      },
    });

    await holdSeats(await aRequest(sale));

    expect(runs).toBe(1);
  });

  it('needs no worker', async () => {
    const sale = await openSale();
    await testbed.temporal.stopWorker();
    try {
      const { status, body } = await anApi()(await aRequest(sale));
      expect([status, body.seats.length]).toEqual([201, 1]);
    } finally {
      await testbed.temporal.startWorker();
    }
  });

  it('that Postgres rejects gets a response with the seats that are gone, and its workflow ends', async () => {
    const sale = await openSale();
    const holdSeats = anApi({ beforeStart: async () => takeSeats(sale) });

    await expect(holdSeats(await aRequest(sale))).rejects.toMatchObject({
      slug: 'seat-unavailable',
      members: { unavailableSeatIds: sale.seatIds },
    });

    await eventually(async () => expect(await runsOf(sale)).toEqual(['COMPLETED']));
  });

  it('that is rejected names each seat that is gone, also those that Redis does not know', async () => {
    const sale = await openSale(3);
    const [inRedis = '', inPostgres = ''] = sale.seatIds;
    await testbed.grant(aGrant(sale, await createUser(testbed.database.owner), [inPostgres]));
    await testbed.redis.redis.flushdb();
    await testbed.grant(aGrant(sale, await createUser(testbed.database.owner), [inRedis]));

    await expect(anApi()(await aRequest(sale))).rejects.toMatchObject({
      slug: 'seat-unavailable',
      members: { unavailableSeatIds: [inRedis, inPostgres].toSorted() },
    });
  });

  it('without a key leaves nothing held after a 503', async () => {
    const sale = await openSale();
    const holdSeats = anApi({ afterGrant: away });

    await expect(holdSeats({ ...(await aRequest(sale)), key: undefined })).rejects.toMatchObject({
      slug: 'temporarily-unavailable',
    });

    await eventually(async () => expect(await testbed.books.seat(sale.seatId)).toBe('AVAILABLE'));
  });
});

describe('a repeat with the same key', () => {
  it('gets a new try after a 503, in the same workflow while that can still be granted', async () => {
    const sale = await openSale();
    const request = await aRequest(sale);
    await expect(anApi({ beforeGrant: away })(request)).rejects.toMatchObject({
      slug: 'temporarily-unavailable',
    });

    const { body } = await anApi()(request);

    expect(body.seats.map((seat) => seat.seatId)).toEqual(sale.seatIds);
    expect(await testbed.books.seat(sale.seatId)).toMatchObject({ reservationId: body.reservationId });
    await eventually(async () => expect(await runsOf(sale)).toEqual(['RUNNING']));
  });

  it('gets a new workflow if the old one can no longer be granted', async () => {
    const sale = await openSale();
    const request = await aRequest(sale);
    // The API died after the start, or paused for longer than a hold may take.
    await startLongAgo(sale, request, 16_000);

    const { body } = await anApi()(request);

    expect(await testbed.books.seat(sale.seatId)).toMatchObject({ reservationId: body.reservationId });
    expect(Date.parse(body.expiresAt) - Date.now()).toBeGreaterThan(HOLD_SECONDS * 1_000 - 3_000);
    await eventually(async () => expect(await runsOf(sale)).toEqual(['RUNNING', 'TERMINATED']));
  });

  it('gets the hold whose response was lost', async () => {
    const sale = await openSale();
    const request = await aRequest(sale);
    let granted = '';
    const lose = async () => {
      const seat = await testbed.books.seat(sale.seatId);
      granted = seat === 'AVAILABLE' ? '' : seat.reservationId;
      throw new Error('the connection was lost');
    };
    await expect(anApi({ afterGrant: lose })(request)).rejects.toThrow('the connection was lost');

    expect((await anApi()(request)).body.reservationId).toBe(granted);
  });

  it('gets one response and one hold, however many requests arrive at once', async () => {
    const sale = await openSale(2);
    const request = await aRequest(sale);
    const apis = Array.from({ length: 8 }, () => anApi());

    const answers = await Promise.all(apis.map(async (holdSeats) => holdSeats(request)));

    expect(new Set(answers.map((answer) => JSON.stringify(answer.body))).size).toBe(1);
    await eventually(async () => expect(await runsOf(sale)).toEqual(['RUNNING']));
  });

  it('leaves no claim on seats that were chosen but not granted', async () => {
    const sale = await openSale(4);
    const [chosen, granted] = [sale.seatIds.slice(0, 2), sale.seatIds.slice(2)];
    const userId = await createUser(testbed.database.owner);
    const attempt = anAttemptToHold(testbed, userId);
    const { reservationId } = attempt;
    const { seatClaim } = testbed.dependencies;
    await seatClaim.claim(sale.scheduleId, chosen, reservationId);
    // Just before this request, another request with the key is granted other seats.
    attempt.settle = async () =>
      testbed.grant({ ...aGrant(sale, userId, granted), reservationId, seatIds: granted });

    const held = await createHolding(testbed, testbed.temporal.reservations)(
      attempt,
      sale.scheduleId,
      chosen,
    );

    expect(held.seats.map((seat) => seat.seatId)).toEqual(granted);
    const owners = await testbed.redis.redis.mget(
      chosen.map((seatId) => `{${sale.scheduleId}}:seat:${seatId}`),
    );
    expect(owners).toEqual([null, null]);
  });

  it('is never permanently rejected while a hold exists under the key', async () => {
    const sale = await openSale();
    const request = await aRequest(sale);
    const other = { ...(await aRequest(sale)), key: randomUUID() };
    // The first request is about to grant. Meanwhile a second one with its key finds the seat claimed by another
    // request.
    const second: Promise<unknown>[] = [];
    const first = anApi({
      beforeGrant: async () => {
        await testbed.redis.redis.flushdb();
        await testbed.dependencies.seatClaim.claim(sale.scheduleId, sale.seatIds, randomUUID());
        second.push(anApi()(request).catch((error: unknown) => error));
        await second[0];
      },
    });

    const [answer] = await Promise.allSettled([first(request)]);
    const [otherAnswer] = await Promise.all(second);

    expect(otherAnswer).toMatchObject({ slug: 'seat-unavailable' });
    // The rejection was first: both requests get it, and nothing is held.
    expect(answer).toMatchObject({ status: 'rejected', reason: { slug: 'seat-unavailable' } });
    expect(await testbed.books.seat(sale.seatId)).toBe('AVAILABLE');
    await expect(anApi()(request)).rejects.toMatchObject({ slug: 'seat-unavailable' });
    await testbed.redis.redis.flushdb();
    await expect(anApi()(other)).resolves.toMatchObject({ status: 201 });
  });

  it('gets the hold also if the sale is closed by then', async () => {
    const sale = await openSale(2);
    const request = { ...(await aRequest(sale)), wanted: { scheduleId: sale.scheduleId, quantity: 2 } };
    await expect(anApi({ afterGrant: loseConnection })(request)).rejects.toThrow('the connection was lost');
    await testbed.database
      .owner('schedules')
      .where({ id: sale.scheduleId })
      .update({ sale_switch: 'CLOSED' });

    expect((await anApi()(request)).body.seats).toHaveLength(2);
  });
});

describe('an API that stalls between the start and its transaction', () => {
  it('grants nothing once 15 s have passed, and tries again', async () => {
    const sale = await openSale();
    let grants = 0;
    const holdSeats = anApi({
      beforeGrant: async () => {
        grants += 1;
        // As if the API had paused: the run that it started is now older.
        if (grants === 1) await testbed.database.owner.raw(AHEAD);
      },
    });
    try {
      const { body } = await holdSeats(await aRequest(sale));

      expect(grants).toBe(2);
      expect(await testbed.books.seat(sale.seatId)).toMatchObject({ reservationId: body.reservationId });
    } finally {
      await testbed.database.owner.raw(REAL_CLOCK);
    }
    await eventually(async () => expect(await runsOf(sale)).toContain('TERMINATED'));
  });
});

const REAL_CLOCK = `CREATE OR REPLACE FUNCTION service_now() RETURNS timestamptz LANGUAGE sql VOLATILE
  AS 'SELECT clock_timestamp()'`;
const AHEAD = `CREATE OR REPLACE FUNCTION service_now() RETURNS timestamptz LANGUAGE sql VOLATILE
  AS 'SELECT clock_timestamp() + interval ''16 s'''`;

/** Starts the workflow as an earlier request with the same key did before its API died. */
async function startLongAgo(sale: Sale, request: Awaited<ReturnType<typeof aRequest>>, age: number) {
  let reservationId = '';
  const dying = anApi({
    beforeStart: async () => Promise.reject(new Error('the API dies')),
  });
  await expect(dying(request)).rejects.toThrow('the API dies');
  reservationId = await claimantOf(sale);
  const heldAt = new Date(Date.now() - age);
  await testbed.temporal.reservations.start({
    reservationId,
    userId: request.userId,
    scheduleId: sale.scheduleId,
    heldAt,
    expiresAt: new Date(heldAt.getTime() + 300_000),
    summary: 'Seats of a test',
  });
}

async function claimantOf({ scheduleId, seatId }: Sale): Promise<string> {
  return (await testbed.redis.redis.get(`{${scheduleId}}:seat:${seatId}`)) ?? '';
}
