import { condition, defineUpdate, proxyLocalActivities, setHandler } from '@temporalio/workflow';
import type { nothing as Nothing } from './activities';

export const holdUpdate = defineUpdate('hold');
export const payUpdate = defineUpdate('pay');

const { nothing } = proxyLocalActivities<{ nothing: typeof Nothing }>({ startToCloseTimeout: '4s' });

/**
 * The work that a reservation causes for Temporal, and nothing else. It is a start, a durable timer, an update that runs
 * three local activities, and the end. The real workflow is `src/workflows/reservations/reservation.ts`.
 */
export async function bareReservation(holdMs: number): Promise<void> {
  let paid = false;
  setHandler(payUpdate, async () => {
    for (let step = 0; step < 3; step += 1) await nothing();
    paid = true;
  });
  await condition(() => paid, holdMs);
}

/** The same in the former shape: the start comes with an update that runs one local activity. */
export async function formerReservation(holdMs: number): Promise<void> {
  let held = false;
  let paid = false;
  setHandler(holdUpdate, async () => {
    await nothing();
    held = true;
  });
  setHandler(payUpdate, async () => {
    for (let step = 0; step < 3; step += 1) await nothing();
    paid = true;
  });
  await condition(() => held);
  await condition(() => paid, holdMs);
}
