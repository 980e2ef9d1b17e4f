import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { createHoldLimits, type WantedHold } from '../../../src/api/reservations/holdLimits';
import { createUnpaidHoldStore } from '../../../src/db/reservations/unpaidHoldStore';
import { Problem } from '../../../src/domain/problems';
import { createAddressHoldLog } from '../../../src/redis/reservations/addressHolds';
import { createBestEffort } from '../../../src/redis/bestEffort';
import { createSale, createUser, type Sale } from '../../support/factories';
import { createFixture, type Fixture } from '../../support/fixture';
import { aGrant } from '../../support/steps';

const MINUTE = 60_000;
const HOLD = 5 * MINUTE;
const HERE = '192.0.2.1';
const ELSEWHERE = '198.51.100.1';

let fixture: Fixture;

beforeAll(async () => {
  fixture = await createFixture();
});
afterAll(async () => fixture?.drop());

function createLimits(redis = fixture.redis.redis) {
  const { db, logger } = fixture.dependencies;
  return createHoldLimits({
    allowance: { ofSeat: 3, ofSchedule: 20, ofAddress: 5 },
    holdMs: HOLD,
    unpaidHolds: createUnpaidHoldStore(db),
    addressHolds: createAddressHoldLog({ redis, attempt: createBestEffort(redis, logger) }),
  });
}

type Fan = Pick<WantedHold, 'userId' | 'network'>;

const aFan = async (network = HERE): Promise<Fan> => ({
  userId: await createUser(fixture.database.owner),
  network,
});

const openSale = async (seats = 1) => createSale(fixture.database.owner, { seats, maxSeatsPerUser: 50 });

interface Ending {
  status?: 'EXPIRED' | 'RELEASED' | 'CONFIRMED' | 'CANCELLED';
  /** How long the seats were held. */
  ran?: number;
  /** How long ago the hold ended. */
  ago?: number;
}

/** An ended hold of all seats of a sale, or of some. Bought seats have no payment. */
async function hold(fan: Fan, sale: Sale, ending: Ending & { seatIds?: string[] } = {}): Promise<void> {
  const { status = 'EXPIRED', ran = HOLD, ago = 0, seatIds = sale.seatIds } = ending;
  const { owner } = fixture.database;
  const granted = aGrant(sale, fan.userId, seatIds);
  const { reservationId } = granted;
  await fixture.grant(granted);
  const endedAt = new Date(Date.now() - ago);
  const heldAt = new Date(endedAt.getTime() - ran);
  const expiresAt = new Date(heldAt.getTime() + HOLD);
  await owner('reservations')
    .where({ id: reservationId })
    .update({ status, held_at: heldAt, expires_at: expiresAt, ended_at: endedAt });
  const sold = status === 'CONFIRMED' || status === 'CANCELLED';
  await owner('allocations')
    .where({ reservation_id: reservationId })
    .update({ sold_at: sold ? endedAt : null, released_at: status === 'CONFIRMED' ? null : endedAt });
}

async function times(count: number, act: () => Promise<unknown>): Promise<void> {
  for (let done = 0; done < count; done += 1) await act();
}

/** Milliseconds to wait, or null if the user may hold the seats. Postgres uses the clock of this machine here. */
async function wait(fan: Fan, seats: Pick<Sale, 'scheduleId' | 'seatIds'>): Promise<number | null> {
  const refusal = await refusalOf(fan, seats);
  return refusal && Number(refusal.members['retryAfter']) * 1_000;
}

async function refusalOf(fan: Fan, { scheduleId, seatIds }: Pick<Sale, 'scheduleId' | 'seatIds'>) {
  try {
    await createLimits().assertAllowed({ ...fan, scheduleId, seatIds }, new Date());
    return null;
  } catch (error) {
    if (error instanceof Problem && error.slug === 'hold-limit-exceeded') return error;
    throw error;
  }
}

/** Expects about this wait: the hold ended a moment ago. */
const expectWait = (waited: number | null, expected: number): void => {
  expect(waited).toBeGreaterThan(expected - MINUTE);
  expect(waited).toBeLessThanOrEqual(expected + 1_000);
};

/** A running hold from a network. Its account does not matter. */
async function holdFrom(network: string, { scheduleId, seatIds }: Sale, reservationId = randomUUID()) {
  const seats = seatIds.map((seatId) => ({ seatId, zone: '', row: '', number: '', grade: '', price: 0 }));
  const amount = { tickets: 0, bookingFee: 0, total: 0, currency: 'KRW' };
  const at = new Date().toISOString();
  await createLimits().granted(network, {
    reservationId,
    scheduleId,
    seats,
    amount,
    heldAt: at,
    expiresAt: at,
  });
  return { reservationId, seats };
}

/** Ends the last hold of each seat. */
async function letEnd({ seatIds }: Sale, ago = 0): Promise<void> {
  const { redis } = fixture.redis;
  for (const seatId of seatIds) await redis.pexpire(`held-from:{${HERE}}:${seatId}`, 60 * MINUTE - ago);
}

describe('an account that holds a seat repeatedly without buying it', () => {
  it('may do so for three whole holds', async () => {
    const [sale, fan] = [await openSale(), await aFan()];
    await times(3, async () => hold(fan, sale));

    expect(await wait(fan, sale)).toBeNull();
  });

  it('waits longer after each further hold', async () => {
    const [sale, fan] = [await openSale(), await aFan()];
    await times(4, async () => hold(fan, sale));
    expectWait(await wait(fan, sale), HOLD);

    await hold(fan, sale);
    expectWait(await wait(fan, sale), 2 * HOLD);

    await hold(fan, sale);
    expectWait(await wait(fan, sale), 3 * HOLD);
  });

  it('may hold the seat again after the wait', async () => {
    const [sale, fan] = [await openSale(), await aFan()];
    await times(4, async () => hold(fan, sale, { ago: HOLD + 1_000 }));
    expect(await wait(fan, sale)).toBeNull();

    await hold(fan, sale, { ago: MINUTE });
    expectWait(await wait(fan, sale), 2 * HOLD - MINUTE);
  });

  it('never waits longer than an hour, and the service forgets its holds after a day', async () => {
    const [sale, fan] = [await openSale(), await aFan()];
    await times(18, async () => hold(fan, sale, { ago: 24 * 60 * MINUTE }));
    expect(await wait(fan, sale)).toBeNull();

    await times(18, async () => hold(fan, sale));
    expectWait(await wait(fan, sale), 60 * MINUTE);
  });

  it('may release a hold early thirty times: such a hold counts a tenth', async () => {
    const [sale, fan] = [await openSale(), await aFan()];
    await times(30, async () => hold(fan, sale, { status: 'RELEASED', ran: 1_000 }));
    expect(await wait(fan, sale)).toBeNull();

    await hold(fan, sale, { status: 'RELEASED', ran: 1_000 });
    expectWait(await wait(fan, sale), HOLD / 10);
  });

  it('gains nothing if it releases the seat just before the end', async () => {
    const [sale, fan] = [await openSale(), await aFan()];
    await times(4, async () => hold(fan, sale, { status: 'RELEASED', ran: 0.99 * HOLD }));

    expectWait(await wait(fan, sale), HOLD);
  });

  it('does not wait longer because the service ended its holds late', async () => {
    const [sale, fan] = [await openSale(), await aFan()];
    await times(3, async () => hold(fan, sale, { ran: 4 * HOLD }));

    expect(await wait(fan, sale)).toBeNull();
  });

  it('waits also after a loss of Redis', async () => {
    const [sale, fan] = [await openSale(), await aFan()];
    await times(4, async () => hold(fan, sale));
    await fixture.redis.redis.flushdb();

    expectWait(await wait(fan, sale), HOLD);
  });

  it('may hold other seats, and other accounts may hold this one', async () => {
    const [sale, other, fan] = [await openSale(2), await openSale(), await aFan()];
    const [seatId = '', free = ''] = sale.seatIds;
    await times(4, async () => hold(fan, sale, { seatIds: [seatId] }));

    expect(await refusalOf(fan, sale)).toMatchObject({ members: { seatIds: [seatId] } });
    expect(await wait(fan, { ...sale, seatIds: [free] })).toBeNull();
    expect(await wait(fan, other)).toBeNull();
    expect(await wait(await aFan(), sale)).toBeNull();
  });
});

describe('a purchase', () => {
  it('ends the wait', async () => {
    const [sale, fan] = [await openSale(2), await aFan()];
    const [seatId = '', bought = ''] = sale.seatIds;
    const seats = { ...sale, seatIds: [seatId] };
    await times(4, async () => hold(fan, seats, { ago: 2 * MINUTE }));
    expect(await wait(fan, seats)).not.toBeNull();

    // This hold began before the others, and its payment came after them.
    await hold(fan, sale, { seatIds: [bought], status: 'CONFIRMED', ran: 2 * HOLD });

    expect(await wait(fan, seats)).toBeNull();
  });

  it('does not end the wait if it was cancelled', async () => {
    const [sale, fan] = [await openSale(2), await aFan()];
    const [seatId = '', bought = ''] = sale.seatIds;
    const seats = { ...sale, seatIds: [seatId] };
    await times(4, async () => hold(fan, seats, { ago: 2 * MINUTE }));

    await hold(fan, sale, { seatIds: [bought], status: 'CANCELLED', ran: MINUTE });

    expect(await wait(fan, seats)).not.toBeNull();
  });
});

describe('an account that always holds different seats of a schedule and buys none', () => {
  it('waits for all seats of the schedule after twenty whole holds', async () => {
    const [sale, other, fan] = [await openSale(8), await openSale(), await aFan()];
    const half = sale.seatIds.slice(0, 4);
    const rest = sale.seatIds.slice(4, 7);
    const fresh = sale.seatIds.slice(7);
    await times(2, async () => hold(fan, sale, { seatIds: half }));
    await times(4, async () => hold(fan, sale, { seatIds: rest }));
    expect(await refusalOf(fan, { ...sale, seatIds: fresh })).toBeNull();

    await hold(fan, sale, { seatIds: half });

    const refusal = await refusalOf(fan, { ...sale, seatIds: fresh });
    expectWait(Number(refusal?.members['retryAfter']) * 1_000, 4 * HOLD);
    expect(refusal?.members).not.toHaveProperty('seatIds');
    expect(await wait(fan, other)).toBeNull();
  });
});

describe('the accounts at one address', () => {
  it('have a higher limit together than one account, and then wait', async () => {
    const sale = await openSale();
    await times(5, async () => holdFrom(HERE, sale));
    await letEnd(sale);
    expect(await wait(await aFan(), sale)).toBeNull();

    await holdFrom(HERE, sale);
    await letEnd(sale);
    expectWait(await wait(await aFan(), sale), HOLD);
    expect(await wait(await aFan(ELSEWHERE), sale)).toBeNull();
  });

  it('are counted for each seat, and may hold it again after the wait', async () => {
    const [sale, other] = [await openSale(), await openSale()];
    await times(6, async () => holdFrom(HERE, sale));
    await letEnd(sale, HOLD);

    expect(await wait(await aFan(), sale)).toBeNull();
    expect(await wait(await aFan(), other)).toBeNull();
  });

  it('are counted once for each hold, and an early release counts a tenth', async () => {
    const sale = await openSale();
    const now = new Date();
    await times(5, async () => holdFrom(HERE, sale));
    const { reservationId, seats } = await holdFrom(HERE, sale);
    await holdFrom(HERE, sale, reservationId);
    const released = { reservationId, seats, heldAt: now, endedAt: now };
    const expiresAt = new Date(now.getTime() + HOLD);
    await times(2, async () => createLimits().released(HERE, { ...released, expiresAt }));

    expectWait(await wait(await aFan(), sale), HOLD / 10);
  });

  it('do not wait for a seat that was bought and cancelled within the time of its hold', async () => {
    const sale = await openSale();
    await holdFrom(HERE, sale);

    expect(await wait(await aFan(), sale)).toBeNull();
  });

  it('do not wait for each other while Redis is down; each account waits as before', async () => {
    const [sale, fan] = [await openSale(), await aFan()];
    await times(6, async () => holdFrom(HERE, sale));
    await letEnd(sale);
    await times(4, async () => hold(fan, sale));
    const redis = new Redis(fixture.redis.url, { lazyConnect: true });
    const limits = createLimits(redis);

    await expect(limits.assertAllowed({ ...(await aFan()), ...sale }, new Date())).resolves.toBeUndefined();
    await expect(limits.assertAllowed({ ...fan, ...sale }, new Date())).rejects.toMatchObject({
      slug: 'hold-limit-exceeded',
    });
    redis.disconnect();
  });

  it('leave nothing in Redis for longer than a hold and an hour', async () => {
    const sale = await openSale();
    await holdFrom(HERE, sale);

    expect(await fixture.redis.redis.pttl(`held-from:{${HERE}}:${sale.seatId}`)).toBeLessThanOrEqual(
      HOLD + 60 * MINUTE,
    );
  });
});
