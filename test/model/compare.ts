import * as contract from '../e2e/contract';
import { expectAnswer } from '../e2e/client';
import { readSeatMap } from '../e2e/sale';
import { eventually } from '../support/eventually';
import { readGatewayBook, type Charge } from '../support/gatewayBook';
import type { Buyer, Model, Reservation } from './model';
import { priceOf, totalOf } from './money';
import { userOf, type World } from './world';

/** A refund that the gateway refuses is tried again after 10 s. A void during an outage takes longer. */
const REFUNDED_MS = 45_000;

/** Checks that the seat map, the wallets, the reservations and the book of the gateway are those of the model. */
export async function compare(model: Model, world: World): Promise<void> {
  const { seats } = await readSeatMap(world.service.client, world.sale.scheduleId);
  const statusOf = new Map(seats.map(({ seatId, status }) => [seatId, status]));
  expect(model.seats.map(({ name, seatId }) => [name, statusOf.get(seatId)])).toEqual(
    model.seats.map(({ name, status }) => [name, status]),
  );
  for (const buyer of model.buyers) {
    expect([buyer.name, await userOf(world, buyer).balance()]).toEqual([buyer.name, buyer.balance]);
    await eventually(async () => compareReservations(model, world, buyer), REFUNDED_MS);
  }
  await eventually(async () => compareBook(model, await bookOf(world)), REFUNDED_MS);
}

async function compareReservations(model: Model, world: World, buyer: Buyer): Promise<void> {
  const reply = await userOf(world, buyer).get('/v1/reservations?limit=200');
  const { items } = expectAnswer(reply, 200, contract.reservationPage);
  const expected = model.reservations.filter(({ owner }) => owner === buyer);
  expect(items.map(({ reservationId }) => reservationId).toSorted()).toEqual(
    expected.map(({ reservationId }) => reservationId).toSorted(),
  );
  for (const reservation of expected) {
    const item = items.find(({ reservationId }) => reservationId === reservation.reservationId);
    expect(item).toMatchObject(shownAs(reservation));
    if (reservation.cancelled.seatIds.length === 0) expect(item).not.toHaveProperty('cancellation');
  }
}

function shownAs({ status, seats, paid, cancelled }: Reservation) {
  const isCancelled = cancelled.seatIds.length > 0;
  const { fee, bookingFeeRefund, points, card } = cancelled;
  return {
    status,
    amount: { tickets: priceOf(seats), total: totalOf(seats) },
    ...(paid && {
      payment: {
        status: isCancelled ? 'PARTIALLY_REFUNDED' : 'SUCCEEDED',
        amount: { points: paid.points, card: paid.card },
      },
    }),
    ...(isCancelled && {
      cancellation: { fee, bookingFeeRefund, refund: { points, card }, refundStatus: 'DONE' },
    }),
  };
}

type Money = { amount: number; refunded: number };

/** A reservation that was paid has one charge. Every other charge was refunded in full. */
function compareBook({ reservations, buyers }: Model, book: readonly Charge[]): void {
  for (const { name, reservationId, paid, cancelled } of reservations) {
    const kept = moneyOf(book, reservationId).filter(({ amount, refunded }) => refunded < amount);
    const expected = paid && paid.card > 0 ? [{ amount: paid.card, refunded: cancelled.card }] : [];
    expect([name, kept]).toEqual([name, expected]);
  }
  for (const [topUpId, amount] of buyers.flatMap(({ topUps }) => [...topUps])) {
    expect(moneyOf(book, topUpId)).toEqual([{ amount, refunded: 0 }]);
  }
}

function moneyOf(book: readonly Charge[], orderId: string): Money[] {
  return book.flatMap((line): Money[] => {
    if (line.status === 'BARRED' || line.orderId !== orderId) return [];
    // Money that is reserved and neither captured nor released is as wrong as money that is taken.
    if (line.status === 'AUTHORISED') return [{ amount: line.amount, refunded: 0 }];
    if (line.status !== 'CAPTURED' && line.status !== 'REFUNDED') return [];
    return [{ amount: line.amount, refunded: line.refunds.reduce((sum, { amount }) => sum + amount, 0) }];
  });
}

/** The lines since the sequence began. */
async function bookOf({ service, beganAt }: World): Promise<Charge[]> {
  return readGatewayBook(service.stack, beganAt);
}
