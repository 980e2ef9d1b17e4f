import { randomUUID } from 'node:crypto';
import { signalShowCancellation } from '../../src/temporal/cancellations/startShowCancellation';
import { showCancellationWorkflowId } from '../../src/contract/cancellations';
import { cancelledShows } from '../support/cancelledShows';
import { eventually } from '../support/eventually';
import { anAttempt } from '../support/factories';
import { holdNewSale } from '../support/holdNewSale';
import { BY_POINTS_AND_CARD, createSoldShow } from '../support/soldShow';
import type { Testbed } from '../support/testbed';
import type { Ending } from './ending';

export const SHOW_CANCELLATION_ENDINGS: Record<string, Ending> = {
  'show-cancellation-done': {
    status: 'DONE',
    async play(testbed) {
      const { scheduleId } = await aShow(testbed, 5);
      await cancelledShows(testbed).cancel(scheduleId, { refundsPerSecond: 2 });
      return showCancellationWorkflowId(scheduleId);
    },
  },
  'show-cancellation-done-with-a-payment-under-way': {
    status: 'DONE',
    async play(testbed) {
      const { sale, reservationId } = await holdNewSale(testbed);
      testbed.gateway.script('lose-approval');
      testbed.gateway.unanswered.lookUps = 2;
      await testbed.temporal.reservations.pay(reservationId, anAttempt());
      await cancelledShows(testbed).cancel(sale.scheduleId);
      return showCancellationWorkflowId(sale.scheduleId);
    },
  },
  'show-cancellation-done-after-a-pause': {
    status: 'DONE',
    async play(testbed) {
      const shows = cancelledShows(testbed);
      const { scheduleId } = await aShow(testbed, 4);
      const handle = await shows.cancel(scheduleId, { paused: true, refundsPerSecond: 1 });
      await eventually(async () => {
        const { currentDetails } = await handle.query<{ currentDetails: string }>(METADATA);
        if (!currentDetails.startsWith('Paused')) throw new Error('not paused yet');
      });
      await shows.adjust(scheduleId, { paused: false, refundsPerSecond: 5 });
      return showCancellationWorkflowId(scheduleId);
    },
  },
  'show-cancellation-done-with-steps-failing-for-a-while': {
    status: 'DONE',
    async play(testbed) {
      let failures = 0;
      testbed.temporal.replaceActivity('startCancellations', (real) => async (page) => {
        if ((failures += 1) <= 5) throw new Error('Temporal is away');
        return real(page);
      });
      const { scheduleId } = await aShow(testbed, 2);
      await cancelledShows(testbed).cancel(scheduleId);
      return showCancellationWorkflowId(scheduleId);
    },
  },
  'show-cancellation-without-a-row': {
    status: 'NOT_REQUESTED',
    async play({ temporal: { env, taskQueue } }) {
      const scheduleId = randomUUID();
      await signalShowCancellation(env.client, taskQueue, scheduleId);
      return showCancellationWorkflowId(scheduleId);
    },
  },
  'show-cancellation-continued-in-a-new-history': {
    status: 'DONE',
    async play(testbed) {
      let pages = 0;
      const { scheduleId } = await aShow(testbed, 2);
      // Enough pages of holds before the first page of refunds to make the first run's history long.
      testbed.temporal.replaceActivity('releaseOpenHolds', () => async () => {
        pages += 1;
        const last = pages < 2_100 ? scheduleId : null;
        return { last, reservations: 0, paused: false, refundsPerSecond: 1 };
      });
      await cancelledShows(testbed).cancel(scheduleId, { refundsPerSecond: 1 });
      return showCancellationWorkflowId(scheduleId);
    },
  },
};

const METADATA = '__temporal_workflow_metadata';

const aShow = async (testbed: Testbed, reservations: number) =>
  createSoldShow(testbed.database.owner, testbed.gateway, reservations, [BY_POINTS_AND_CARD]);
