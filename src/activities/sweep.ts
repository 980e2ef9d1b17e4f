import { activityInfo, getClient } from '@temporalio/activity';
import { createPaymentStore } from '../db/paymentStore';
import { createReservationStore } from '../db/reservationStore';
import { createTopUpStore } from '../db/topUpStore';
import { adoptReservation } from '../temporal/startReservation';
import type { ActivityDependencies } from './dependencies';

/** Reservations of one step: less than a second of work, also on a busy machine. */
const PAGE = 20;

/** A workflow ends its hold within seconds; only what is older has been left behind. */
const OVERDUE_SECONDS = 15;

/** A workflow begins a payment within milliseconds, also after an outage of minutes. */
const FORGOTTEN_MS = 10 * 60 * 1000;
const FORGOTTEN_AT_ONCE = 1_000;

export interface SweptPage {
  /** What the next page follows on; null where this was the last. */
  last: string | null;
  adopted: number;
}

export function createSweepActivities({ db, settleSeconds, stranded, logger }: ActivityDependencies) {
  return {
    /**
     * Starts the workflow of each open reservation that is past its time and has none. That workflow ends the
     * reservation by the same path as always: it closes an open payment, refunds its charge and frees the seats. A
     * reservation whose workflow runs is left alone.
     *
     * @param after the last reservation of the page before; null for the first page
     */
    async adoptStranded(after: string | null): Promise<SweptPage> {
      const overdue = await createReservationStore(db).overdue({
        olderThanSeconds: OVERDUE_SECONDS,
        after,
        limit: PAGE,
      });
      let adopted = 0;
      for (const { reservationId, userId, scheduleId, status, heldAt, expiresAt } of overdue) {
        const start = { reservationId, userId, scheduleId, heldAt, expiresAt, settleSeconds };
        const { taskQueue } = activityInfo();
        if (!(await adoptReservation(getClient(), taskQueue, start))) continue;
        adopted += 1;
        logger.warn({ reservationId, status }, 'an open reservation had no workflow; it has a new one');
      }
      stranded(adopted);
      const last = overdue.length < PAGE ? undefined : overdue.at(-1);
      return { last: last?.reservationId ?? null, adopted };
    },

    /** Withdraws payments and top-ups that an API has recorded, and that no workflow has begun since. */
    async withdrawForgotten(): Promise<number> {
      const before = new Date(Date.now() - FORGOTTEN_MS);
      const payments = await createPaymentStore(db).withdrawForgotten(before, FORGOTTEN_AT_ONCE);
      return payments + (await createTopUpStore(db).withdrawForgotten(before, FORGOTTEN_AT_ONCE));
    },
  };
}
