import type { HeldReservation } from '../../src/domain/reservations/hold';
import { HOLD_SECONDS } from './durations';
import {
  aHold,
  createSale,
  createUser,
  PRICE,
  type RequestedHold,
  type Sale,
  type SaleOptions,
} from './factories';
import type { Testbed } from './testbed';

/** A reservation of every seat of a new sale. */
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

/** @param options.points the points in the wallet; default: the price of the seats */
export async function holdNewSale(
  { database, temporal }: Testbed,
  options: HoldOptions = {},
): Promise<OnHold> {
  const { seats = 1, points = seats * PRICE, cancellationPolicy, ...durations } = options;
  const sale = await createSale(database.owner, { seats, ...(cancellationPolicy && { cancellationPolicy }) });
  const userId = await createUser(database.owner, points);
  const request = aHold(sale, userId, sale.seatIds, durations);
  const held = await temporal.hold(request);
  return { sale, userId, reservationId: request.reservationId, held, expiresAt: Date.parse(held.expiresAt) };
}

/** The workflow of a hold that Postgres never grants. */
export async function startWithoutHold(
  { database: { owner }, temporal }: Testbed,
  holdSeconds = HOLD_SECONDS,
): Promise<{ sale: Sale; request: RequestedHold; handle: ReturnType<Testbed['temporal']['handle']> }> {
  const sale = await createSale(owner);
  const request = aHold(sale, await createUser(owner), sale.seatIds, { holdSeconds });
  const { reservationId, userId, scheduleId } = request;
  const heldAt = new Date(await temporal.env.currentTimeMs());
  const expiresAt = new Date(heldAt.getTime() + holdSeconds * 1_000);
  const summary = 'Seats of a test';
  await temporal.reservations.start({ reservationId, userId, scheduleId, heldAt, expiresAt, summary });
  return { sale, request, handle: temporal.handle(reservationId) };
}
