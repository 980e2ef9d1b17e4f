import { anAttempt, PRICE } from './factories';
import { holdOnStage, type HoldOptions, type OnHold } from './holdOnStage';
import type { Stage } from './stage';

export interface Bought extends OnHold {
  paymentId: string;
}

/**
 * @param options.points the points in the wallet, which pay as far as they go; the card pays the rest. Default: the
 *   price of the seats
 */
export async function buyOnStage(stage: Stage, options: HoldOptions = {}): Promise<Bought> {
  const { seats = 1, points = seats * PRICE } = options;
  const onHold = await holdOnStage(stage, options);
  const attempt = anAttempt(seats, points);
  await stage.temporal.reservations.pay(onHold.reservationId, attempt);
  await stage.temporal.handle(onHold.reservationId).result();
  return { ...onHold, paymentId: attempt.paymentId };
}
