import { anAttempt, PRICE } from './factories';
import { holdNewSale, type HoldOptions, type OnHold } from './holdNewSale';
import type { Testbed } from './testbed';

export interface Bought extends OnHold {
  paymentId: string;
}

/**
 * @param options.points the points in the wallet, which pay as far as they go; the card pays the rest. Default: the
 *   price of the seats
 */
export async function buyNewSale(testbed: Testbed, options: HoldOptions = {}): Promise<Bought> {
  const { seats = 1, points = seats * PRICE } = options;
  const onHold = await holdNewSale(testbed, options);
  const attempt = anAttempt(seats, points);
  await testbed.temporal.reservations.pay(onHold.reservationId, attempt);
  await testbed.temporal.handle(onHold.reservationId).result();
  return { ...onHold, paymentId: attempt.paymentId };
}
