import { randomUUID } from 'node:crypto';
import { nudgeShowCancellation } from '../../src/temporal/cancellations/startShowCancellation';
import { showCancellationWorkflowId } from '../../src/contract/cancellations';
import { cancelledShows } from '../support/cancelledShows';
import { eventually } from '../support/eventually';
import { anAttempt } from '../support/factories';
import { holdOnStage } from '../support/holdOnStage';
import { BY_POINTS_AND_CARD, createSoldShow } from '../support/soldShow';
import type { Stage } from '../support/stage';
import type { Ending } from './ending';

export const SHOW_CANCELLATION_ENDINGS: Record<string, Ending> = {
  'show-cancellation-done': {
    status: 'DONE',
    async play(stage) {
      const { scheduleId } = await aShow(stage, 5);
      await cancelledShows(stage).cancel(scheduleId, { refundsPerSecond: 2 });
      return showCancellationWorkflowId(scheduleId);
    },
  },
  'show-cancellation-done-with-a-payment-under-way': {
    status: 'DONE',
    async play(stage) {
      const { sale, reservationId } = await holdOnStage(stage);
      stage.gateway.script('lose-approval');
      stage.gateway.unanswered.lookUps = 2;
      await stage.temporal.reservations.pay(reservationId, anAttempt());
      await cancelledShows(stage).cancel(sale.scheduleId);
      return showCancellationWorkflowId(sale.scheduleId);
    },
  },
  'show-cancellation-done-after-a-pause': {
    status: 'DONE',
    async play(stage) {
      const shows = cancelledShows(stage);
      const { scheduleId } = await aShow(stage, 4);
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
    async play(stage) {
      let failures = 0;
      stage.temporal.replaceActivity('startCancellations', (real) => async (page) => {
        if ((failures += 1) <= 5) throw new Error('Temporal is away');
        return real(page);
      });
      const { scheduleId } = await aShow(stage, 2);
      await cancelledShows(stage).cancel(scheduleId);
      return showCancellationWorkflowId(scheduleId);
    },
  },
  'show-cancellation-without-a-row': {
    status: 'NOT_REQUESTED',
    async play({ temporal: { env, taskQueue } }) {
      const scheduleId = randomUUID();
      await nudgeShowCancellation(env.client, taskQueue, scheduleId);
      return showCancellationWorkflowId(scheduleId);
    },
  },
  'show-cancellation-continued-in-a-new-history': {
    status: 'DONE',
    async play(stage) {
      let pages = 0;
      const { scheduleId } = await aShow(stage, 2);
      // Enough pages of holds before the first page of refunds to make the first run's history long.
      stage.temporal.replaceActivity('releaseOpenHolds', () => async () => {
        pages += 1;
        const last = pages < 2_100 ? scheduleId : null;
        return { last, reservations: 0, paused: false, refundsPerSecond: 1 };
      });
      await cancelledShows(stage).cancel(scheduleId, { refundsPerSecond: 1 });
      return showCancellationWorkflowId(scheduleId);
    },
  },
};

const METADATA = '__temporal_workflow_metadata';

const aShow = async (stage: Stage, reservations: number) =>
  createSoldShow(stage.database.owner, stage.gateway, reservations, [BY_POINTS_AND_CARD]);
