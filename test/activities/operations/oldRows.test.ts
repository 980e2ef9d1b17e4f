import { randomUUID } from 'node:crypto';
import { createHousekeepingActivities } from '../../../src/activities/operations/housekeeping';
import { createSale, createUser, PRICE } from '../../support/factories';
import { createFixture, type Fixture } from '../../support/fixture';

const LIMIT = 100;

let fixture: Fixture;
let activities: ReturnType<typeof createHousekeepingActivities>;

beforeAll(async () => {
  fixture = await createFixture();
  activities = createHousekeepingActivities(fixture.dependencies);
});
afterAll(async () => fixture?.drop());

const daysAgo = (days: number): Date => new Date(Date.now() - days * 86_400_000);

async function aMessage(days: number): Promise<string> {
  const event_id = randomUUID();
  await fixture.database
    .owner('webhook_events')
    .insert({ gateway: 'toss', event_id, type: 'x', effect: 'NONE', received_at: daysAgo(days) });
  return event_id;
}

async function aNotification(kind: string, days: number, delivered: boolean): Promise<void> {
  await fixture.database.owner('outbox').insert({
    kind,
    payload: '{}',
    created_at: daysAgo(days),
    delivered_at: delivered ? daysAgo(days) : null,
  });
}

async function aReservation(status: string, days: number): Promise<string> {
  const { owner } = fixture.database;
  const [sale, userId, id] = [await createSale(owner), await createUser(owner), randomUUID()];
  const endedAt = status === 'HELD' ? null : daysAgo(days);
  const isLive = status === 'HELD' || status === 'CONFIRMED';
  await owner('reservations').insert({
    id,
    user_id: userId,
    schedule_id: sale.scheduleId,
    status,
    tickets: PRICE,
    booking_fee: 0,
    currency: 'KRW',
    held_at: daysAgo(days),
    expires_at: daysAgo(days),
    ended_at: endedAt,
  });
  await owner('allocations').insert({
    reservation_id: id,
    seat_id: sale.seatId,
    schedule_id: sale.scheduleId,
    user_id: userId,
    price: PRICE,
    sold_at: status === 'CONFIRMED' ? endedAt : null,
    released_at: isLive ? null : endedAt,
  });
  return id;
}

async function aFailedPaymentOf(reservationId: string): Promise<void> {
  await fixture.database.owner('payments').insert({
    id: randomUUID(),
    reservation_id: reservationId,
    user_id: randomUUID(),
    status: 'FAILED',
    points: 0,
    card: PRICE,
    currency: 'KRW',
    gateway: 'sandbox',
    undone_at: new Date(),
  });
}

describe('a message from a gateway', () => {
  it('is kept far longer than the gateway repeats it, and is removed after 30 days', async () => {
    const kept = [await aMessage(4), await aMessage(29)];
    await Promise.all([aMessage(31), aMessage(32)]);

    expect(await activities.removeOld('gateway messages', 1)).toBe(1);
    expect(await activities.removeOld('gateway messages', LIMIT)).toBe(1);

    const left = await fixture.database.owner('webhook_events').pluck<string[]>('event_id');
    expect(left.toSorted()).toEqual(kept.toSorted());
  });
});

describe('a notification', () => {
  it('is removed after 30 days, delivered or not', async () => {
    await aNotification('new', 29, false);
    await aNotification('old', 31, false);
    await aNotification('old and delivered', 32, true);

    expect(await activities.removeOld('notifications', 1)).toBe(1);
    expect(await activities.removeOld('notifications', LIMIT)).toBe(1);

    expect(await fixture.database.owner('outbox').pluck('kind')).toEqual(['new']);
  });
});

describe('a reservation', () => {
  it('is removed with its seats 90 days after it ended, if no client has paid for it or tried to', async () => {
    const kept = [
      await aReservation('EXPIRED', 89),
      await aReservation('RELEASED', 89),
      await aReservation('HELD', 100),
      await aReservation('CONFIRMED', 400),
      await aReservation('CANCELLED', 400),
    ];
    const tried = await aReservation('EXPIRED', 400);
    await aFailedPaymentOf(tried);
    await aReservation('EXPIRED', 91);
    await aReservation('RELEASED', 92);

    expect(await activities.removeOld('unpaid reservations', 1)).toBe(1);
    expect(await activities.removeOld('unpaid reservations', LIMIT)).toBe(1);

    const { owner } = fixture.database;
    const left = [...kept, tried].toSorted();
    expect((await owner('reservations').pluck<string[]>('id')).toSorted()).toEqual(left);
    expect((await owner('allocations').pluck<string[]>('reservation_id')).toSorted()).toEqual(left);
  });

  it('cannot be removed by the application in any other way', async () => {
    const { db } = fixture.database;
    await expect(db('reservations').delete()).rejects.toThrow('permission denied');
    await expect(db('allocations').delete()).rejects.toThrow('permission denied');
  });
});
