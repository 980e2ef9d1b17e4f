import { z } from 'zod';
import { ask, enter, type Place } from './place';
import type { Person } from './protocol';
import type { SaleFloor } from './saleFloor';

/** A buyer who finds all free seats taken looks again after this time. */
const LOOK_AGAIN_MS = 500;

/**
 * Enters, polls as often as the service says, and buys after the admission. Ends with seats, or with the end of the
 * sale.
 */
export async function runBuyer(
  floor: SaleFloor,
  buyer: Person,
  wanted: number,
  plannedAt: number,
): Promise<void> {
  let place = await enter(floor, buyer);
  floor.seen.latencies.enter.push(performance.now() - plannedAt);
  while (place !== null && place.queue.status === 'WAITING') {
    await floor.wait(place.queue.pollAfterSeconds * 1_000);
    place = await ask(floor, buyer, place);
  }
  if (place?.queue.status !== 'ACTIVE') return;
  floor.seen.admitted += 1;
  await buy(floor, buyer, place, wanted);
}

const heldSchema = z.object({ reservationId: z.string(), expiresAt: z.string() });
const takenSchema = z.object({ unavailableSeatIds: z.array(z.string()) });
const paidSchema = z.object({ tickets: z.array(z.object({ seatId: z.string() })) });

async function buy(floor: SaleFloor, buyer: Person, place: Place, wanted: number): Promise<void> {
  while (!floor.isOver()) {
    const seatIds = floor.chooseSeats(wanted);
    if (seatIds.length === 0) {
      await floor.wait(LOOK_AGAIN_MS);
      continue;
    }
    const began = performance.now();
    const held = await post(floor, buyer, '/v1/reservations', { seatIds, queueToken: place.queueToken });
    if (held?.status === 201) {
      floor.seen.latencies.hold.push(performance.now() - began);
      await pay(floor, buyer, place, seatIds, heldSchema.parse(JSON.parse(held.text)));
      return;
    }
    const taken = takenSchema.safeParse(held === null ? null : JSON.parse(held.text));
    if (!taken.success) return;
    floor.forget(taken.data.unavailableSeatIds);
  }
}

async function pay(
  floor: SaleFloor,
  buyer: Person,
  { queueToken }: Place,
  seatIds: string[],
  { reservationId: reservation, expiresAt }: z.infer<typeof heldSchema>,
): Promise<void> {
  const { log, scheduleId: schedule } = floor;
  const user = buyer.userId;
  log.write({ kind: 'held', at: Date.now(), user, reservation, schedule, seats: seatIds, expiresAt });
  const began = performance.now();
  log.write({ kind: 'paying', at: Date.now(), user, reservation });
  const paid = await post(floor, buyer, '/v1/payments', { reservationId: reservation, queueToken });
  // The sale ended while the client waited to send the request again.
  if (paid === null) return;
  if (paid.status !== 200) {
    floor.surprise(`a payment returned ${paid.status}: ${paid.text}`);
    return;
  }
  floor.seen.latencies.pay.push(performance.now() - began);
  floor.confirm(
    buyer,
    reservation,
    paidSchema.parse(JSON.parse(paid.text)).tickets.map(({ seatId }) => seatId),
  );
}

const post = (floor: SaleFloor, { accessToken: token }: Person, path: string, body: object) =>
  floor.send({ method: 'POST', path, token, body });
