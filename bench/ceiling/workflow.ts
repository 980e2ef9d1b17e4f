import { condition, defineUpdate, proxyLocalActivities, setHandler } from '@temporalio/workflow';
import type { nothing as Nothing } from './activities';

export const holdUpdate = defineUpdate('hold');
export const payUpdate = defineUpdate('pay');

const { nothing } = proxyLocalActivities<{ nothing: typeof Nothing }>({ startToCloseTimeout: '4s' });

/**
 * The work that a reservation causes for Temporal, and nothing else. It is an update-with-start that runs one local
 * activity, a durable timer, an update that runs three, and the end. The real workflow is
 * `src/workflows/reservations/reservation.ts`.
 */
export async function bareReservation(holdMs: number): Promise<void> {
  let held = false;
  let paid = false;
  setHandler(holdUpdate, async () => {
    await nothing();
    held = true;
  });
  setHandler(payUpdate, async () => {
    await nothing();
    await nothing();
    await nothing();
    paid = true;
  });
  await condition(() => held);
  await condition(() => paid, holdMs);
}
