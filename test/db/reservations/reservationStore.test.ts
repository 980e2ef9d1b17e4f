import { randomUUID } from 'node:crypto';
import { createHoldStore, type HoldStore, type NewHold } from '../../../src/db/reservations/holdStore';
import { createReservationStore, type ReservationStore } from '../../../src/db/reservations/reservationStore';
import {
  canMove,
  RESERVATION_STATUSES,
  type ReservationStatus,
} from '../../../src/domain/reservations/reservationStates';
import { openBooks, type Books } from '../../support/books';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { BOOKING_FEE, createSale, createUser, PRICE, type Sale } from '../../support/factories';

let database: TestDatabase;
let store: ReservationStore;
let holds: HoldStore;
let books: Books;

beforeAll(async () => {
  database = await createTestDatabase();
  store = createReservationStore(database.db);
  holds = createHoldStore(database.db);
  books = openBooks(database.owner);
});

afterAll(async () => database?.drop());

/** A hold of the whole sale; `heldAt` orders lists. */
async function aNewHold(sale: Sale, changes: Partial<NewHold> = {}): Promise<NewHold> {
  const heldAt = new Date();
  const seats = sale.seatIds.map((seatId, place) => {
    return { seatId, zone: 'A', row: '1', number: String(place + 1), grade: 'R', price: PRICE };
  });
  const [tickets, bookingFee] = [seats.length * PRICE, seats.length * BOOKING_FEE];
  return {
    reservationId: randomUUID(),
    userId: await createUser(database.owner),
    scheduleId: sale.scheduleId,
    room: 'service',
    seats,
    amount: { tickets, bookingFee, total: tickets + bookingFee, currency: 'KRW' },
    heldAt,
    expiresAt: new Date(heldAt.getTime() + 300_000),
    ...changes,
  };
}

async function inState(status: ReservationStatus): Promise<string> {
  const hold = await aNewHold(await createSale(database.owner));
  await holds.insertHold(hold);
  await database.owner('reservations').where({ id: hold.reservationId }).update({ status });
  return hold.reservationId;
}

describe('the unique index', () => {
  it('allows one live allocation for a seat, whichever code writes it', async () => {
    const { owner } = database;
    const sale = await createSale(owner);
    await holds.insertHold(await aNewHold(sale));
    const rival = await aNewHold(await createSale(owner));
    await holds.insertHold(rival);

    const second = owner('allocations').insert({
      reservation_id: rival.reservationId,
      seat_id: sale.seatId,
      schedule_id: sale.scheduleId,
      user_id: rival.userId,
      price: PRICE,
    });

    await expect(second).rejects.toMatchObject({ constraint: 'one_live_allocation_per_seat' });
  });

  it('allows the next hold after the seat was released', async () => {
    const sale = await createSale(database.owner);
    const [first, second] = [await aNewHold(sale), await aNewHold(sale)];
    await holds.insertHold(first);
    await store.move(first.reservationId, 'EXPIRED', new Date());
    await store.releaseSeats(first.reservationId, new Date());

    expect(await holds.insertHold(second)).toBe(true);
  });
});

describe('recording a hold', () => {
  it('names the seats that were lost to others, and only those', async () => {
    const sale = await createSale(database.owner, { seats: 3 });
    const [taken, ...free] = sale.seatIds;
    await holds.insertHold(await aNewHold({ ...sale, seatIds: [sale.seatId] }));

    const late = await aNewHold(sale);
    const recording = database.db.transaction((transaction) => createHoldStore(transaction).insertHold(late));

    await expect(recording).rejects.toMatchObject({
      slug: 'seat-unavailable',
      members: { unavailableSeatIds: [taken] },
    });
    expect(await Promise.all(free.map((seatId) => books.seat(seatId)))).toEqual(['AVAILABLE', 'AVAILABLE']);
  });

  it('again changes nothing', async () => {
    const hold = await aNewHold(await createSale(database.owner));
    await holds.insertHold(hold);

    expect(await holds.insertHold(hold)).toBe(false);
  });
});

describe('moving a reservation', () => {
  const pairs = RESERVATION_STATUSES.flatMap((from) => RESERVATION_STATUSES.map((to) => [from, to] as const));

  it.each(pairs.filter(([from, to]) => canMove(from, to)))('from %s to %s', async (from, to) => {
    const reservationId = await inState(from);

    expect(await store.move(reservationId, to)).toMatchObject({ reservationId, status: to });
    expect(await books.reservationStatus(reservationId)).toBe(to);
  });

  it.each(pairs.filter(([from, to]) => !canMove(from, to)))('never from %s to %s', async (from, to) => {
    const reservationId = await inState(from);

    expect(await store.move(reservationId, to)).toBeNull();
    expect(await books.reservationStatus(reservationId)).toBe(from);
  });

  it('to different ends at once: one wins', async () => {
    const reservationId = await inState('HELD');

    const moved = await Promise.all(
      (['PAYING', 'EXPIRED', 'RELEASED'] as const).map((to) => store.move(reservationId, to)),
    );

    // PAYING may still expire; nothing follows EXPIRED or RELEASED.
    expect(moved.filter(Boolean).length).toBeLessThanOrEqual(2);
    expect(await books.reservationStatus(reservationId)).not.toBe('HELD');
  });
});

describe('releasing seats', () => {
  it.each(['HELD', 'PAYING', 'SETTLING', 'CONFIRMED'] as const)(
    'frees no seat of a reservation that is %s',
    async (status) => {
      const reservationId = await inState(status);

      expect(await store.releaseSeats(reservationId, new Date())).toEqual([]);
    },
  );

  it('never frees a seat that was sold', async () => {
    const reservationId = await inState('PAYING');
    await database
      .owner('allocations')
      .where({ reservation_id: reservationId })
      .update({ sold_at: new Date() });
    await database.owner('reservations').where({ id: reservationId }).update({ status: 'EXPIRED' });

    expect(await store.releaseSeats(reservationId, new Date())).toEqual([]);
  });
});

describe("a user's reservations", () => {
  it('are listed newest first, in pages, by status, and without those of other users', async () => {
    const userId = await createUser(database.owner);
    const ids: string[] = [];
    for (const minute of [1, 2, 3]) {
      const heldAt = new Date(Date.UTC(2030, 0, 1, 0, minute));
      const hold = await aNewHold(await createSale(database.owner), { userId, heldAt });
      await holds.insertHold(hold);
      ids.unshift(hold.reservationId);
    }
    await holds.insertHold(await aNewHold(await createSale(database.owner)));
    const list = async (page: Parameters<ReservationStore['listOfUser']>[1]) =>
      (await store.listOfUser(userId, page)).map((reservation) => reservation.reservationId);

    expect(await list({ limit: 2 })).toEqual(ids.slice(0, 2));
    expect(await list({ limit: 2, before: ids[1] })).toEqual(ids.slice(2));
    expect(await list({ limit: 2, status: 'EXPIRED' })).toEqual([]);
    expect(await list({ limit: 2, before: randomUUID() })).toEqual([]);
  });
});
