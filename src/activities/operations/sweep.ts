import { activityInfo, getClient } from '@temporalio/activity';
import { createCancellationRequestStore } from '../../db/cancellations/cancellationRequestStore';
import { createDrawStore } from '../../db/openings/drawStore';
import { createPaymentStore } from '../../db/payments/paymentStore';
import { createReservationStore } from '../../db/reservations/reservationStore';
import { createShowCancellationStore } from '../../db/cancellations/showCancellationStore';
import { createTopUpStore } from '../../db/ledger/topUpStore';
import { startOpening } from '../../temporal/openings/planOpening';
import { startCancellation } from '../../temporal/cancellations/startCancellation';
import { adoptReservation } from '../../temporal/reservations/startReservation';
import { startShowCancellation } from '../../temporal/cancellations/startShowCancellation';
import { isOpen } from '../../domain/reservations/reservationStates';
import { moveToCurrent } from '../../temporal/workerVersions';
import type { ActivityDependencies, StrandedKind } from '../dependencies';

/** Reservations of one step: less than a second of work, even on a busy machine. */
const PAGE = 20;

/** The limit of one sweep. Many refunds may wait for a gateway; each gets its turn in a later sweep. */
const CANCELLATIONS_AT_ONCE = 50;

/** A workflow ends its hold within seconds. Only older rows have been left behind. */
const OVERDUE_SECONDS = 15;

/** Lining up takes seconds, even for the largest lobbies. */
const OPENING_OVERDUE_SECONDS = 60;

/** A workflow begins a payment within milliseconds. The limit is long enough for an outage of minutes. */
const FORGOTTEN_MS = 10 * 60 * 1000;
const FORGOTTEN_AT_ONCE = 1_000;

export interface SweptPage {
  /** The last reservation of this page, which the next page follows; null if this was the last page. */
  last: string | null;
  adopted: number;
}

export function createSweepActivities({
  db,
  settleSeconds,
  stranded,
  rollout,
  logger,
}: ActivityDependencies) {
  return {
    /**
     * Moves a page of runs of earlier versions to the current one. These are the runs whose workers are gone or, with
     * `WORKER_ROLLOUT=recreate`, all of them.
     */
    async moveToCurrentVersion(): Promise<{ moved: number; isLast: boolean }> {
      if (rollout === null) return { moved: 0, isLast: true };
      const page = await moveToCurrent(getClient(), activityInfo().taskQueue, rollout);
      if (page.moved > 0) logger.info({ moved: page.moved }, 'open runs continue with the current version');
      return page;
    },

    /**
     * Starts a workflow for each open reservation that is past its time and has none. That workflow ends the
     * reservation by the same path as always: it closes an open payment, refunds its charge and releases the seats. If
     * the workflow of a reservation runs, it is left alone.
     *
     * @param after the last reservation of the page before; null for the first page
     */
    async adoptStranded(after: string | null): Promise<SweptPage> {
      const reservations = createReservationStore(db);
      const overdue = await reservations.overdue({
        olderThanSeconds: OVERDUE_SECONDS,
        after,
        limit: PAGE,
      });
      const adopted = await adopt('reservation', overdue, async (taskQueue, { reservationId }) => {
        // Its own workflow may have ended it since the page was read, for example after an outage of Postgres.
        const reservation = await reservations.find(reservationId);
        if (!reservation || !isOpen(reservation.status)) return false;
        const { userId, scheduleId, heldAt, expiresAt } = reservation;
        const start = { reservationId, userId, scheduleId, heldAt, expiresAt, settleSeconds };
        return adoptReservation(getClient(), taskQueue, start);
      });
      const last = overdue.length < PAGE ? undefined : overdue.at(-1);
      return { last: last?.reservationId ?? null, adopted };
    },

    /** The same for recorded cancellations that are not at their end: undecided, or with a refund that is due. */
    async adoptCancellations(): Promise<number> {
      const open = await createCancellationRequestStore(db).takeOpen({
        olderThanSeconds: OVERDUE_SECONDS,
        limit: CANCELLATIONS_AT_ONCE,
      });
      return adopt('cancellation', open, async (taskQueue, request) =>
        startCancellation(getClient(), taskQueue, request, ADOPTED),
      );
    },

    /** The same for cancelled shows that are not refunded. */
    async adoptShows(): Promise<number> {
      const scheduleIds = await createShowCancellationStore(db).unfinished(OVERDUE_SECONDS);
      return adopt('show', asRows(scheduleIds), async (taskQueue, { scheduleId }) =>
        startShowCancellation(getClient(), taskQueue, scheduleId),
      );
    },

    /** The same for sales that should be open. */
    async adoptOpenings(): Promise<number> {
      const scheduleIds = await createDrawStore(db).overdue(OPENING_OVERDUE_SECONDS);
      return adopt('opening', asRows(scheduleIds), async (taskQueue, { scheduleId }) =>
        startOpening(getClient(), taskQueue, scheduleId),
      );
    },

    /** Withdraws payments and top-ups that an API has recorded but no workflow has begun since. */
    async withdrawForgotten(): Promise<number> {
      const before = new Date(Date.now() - FORGOTTEN_MS);
      const payments = await createPaymentStore(db).withdrawForgotten(before, FORGOTTEN_AT_ONCE);
      return payments + (await createTopUpStore(db).withdrawForgotten(before, FORGOTTEN_AT_ONCE));
    },
  };

  /** @param start resolves to false if a workflow runs, or none is needed @returns how many had none */
  async function adopt<Row extends object>(
    kind: StrandedKind,
    rows: readonly Row[],
    start: (taskQueue: string, row: Row) => Promise<boolean>,
  ): Promise<number> {
    const { taskQueue } = activityInfo();
    let adopted = 0;
    for (const row of rows) {
      if (!(await start(taskQueue, row))) continue;
      adopted += 1;
      logger.warn({ kind, row }, 'an open row had no workflow; the sweep has started one');
    }
    stranded(adopted, kind);
    return adopted;
  }
}

/** Operators read this on a workflow that takes over. */
const ADOPTED = 'Takes over a cancellation whose workflow is gone';

const asRows = (scheduleIds: readonly string[]): { scheduleId: string }[] =>
  scheduleIds.map((scheduleId) => ({ scheduleId }));
