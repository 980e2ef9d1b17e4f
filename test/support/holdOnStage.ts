import type { HeldReservation } from '../../src/workflows/messages';
import { aHold, createSale, createUser, PRICE, type Sale, type SaleOptions } from './factories';
import type { Stage } from './stage';

/** A reservation of every seat of a sale of its own. */
export interface OnHold {
  sale: Sale;
  userId: string;
  reservationId: string;
  held: HeldReservation;
  /** Milliseconds since 1970. */
  expiresAt: number;
}

export interface HoldOptions extends Pick<SaleOptions, 'seats' | 'cancellationPolicy'> {
  points?: number;
  holdSeconds?: number;
  settleSeconds?: number;
}

/** @param options.points in the wallet; left out, what the seats cost */
export async function holdOnStage({ database, temporal }: Stage, options: HoldOptions = {}): Promise<OnHold> {
  const { seats = 1, points = seats * PRICE, cancellationPolicy, ...durations } = options;
  const sale = await createSale(database.owner, { seats, ...(cancellationPolicy && { cancellationPolicy }) });
  const userId = await createUser(database.owner, points);
  const request = aHold(sale, userId, sale.seatIds, durations);
  const held = await temporal.hold(request);
  return { sale, userId, reservationId: request.reservationId, held, expiresAt: Date.parse(held.expiresAt) };
}
