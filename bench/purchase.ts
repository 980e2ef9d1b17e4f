import { z } from 'zod';
import type { Customer, Sale, Shop } from './shop';

export interface Purchase {
  reservationId: string;
  holdMs: number;
  payMs: number;
}

const SEATS = 2;

const heldSchema = z.object({ reservationId: z.string(), status: z.literal('HELD') });
const paidSchema = z.object({
  reservationStatus: z.literal('CONFIRMED'),
  tickets: z.array(z.unknown()).length(SEATS),
});

/**
 * One full reservation: two free seats held, and paid as a client does that leaves the split to the service
 * (seats by points, the booking fee by card).
 *
 * @throws where anything but CONFIRMED with a ticket for each seat comes back
 */
export async function purchase(shop: Shop, sale: Sale, customer: Customer): Promise<Purchase> {
  const { accessToken: token, queueToken } = customer;
  const seatIds = sale.nextSeats(SEATS);
  const began = performance.now();
  const { reservationId } = await shop.call(
    { method: 'POST', path: '/v1/reservations', token, body: { seatIds, queueToken } },
    201,
    heldSchema,
  );
  const held = performance.now();
  await shop.call(
    { method: 'POST', path: '/v1/payments', token, body: { reservationId, queueToken } },
    200,
    paidSchema,
  );
  return { reservationId, holdMs: held - began, payMs: performance.now() - held };
}
