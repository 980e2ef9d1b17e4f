import { anAttempt, PRICE } from './factories';
import { holdOnStage, type HoldOptions, type OnHold } from './holdOnStage';
import type { Stage } from './stage';

export interface Bought extends OnHold {
  paymentId: string;
}

/** @param options.points in the wallet and paid with; the card pays the rest. Left out, what the seats cost */
export async function buyOnStage(stage: Stage, options: HoldOptions = {}): Promise<Bought> {
  const { seats = 1, points = seats * PRICE } = options;
  const onHold = await holdOnStage(stage, options);
  const attempt = anAttempt(seats, points);
  await stage.temporal.reservations.pay(onHold.reservationId, attempt);
  await stage.temporal.handle(onHold.reservationId).result();
  return { ...onHold, paymentId: attempt.paymentId };
}
