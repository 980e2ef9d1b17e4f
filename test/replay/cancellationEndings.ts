import { randomUUID } from 'node:crypto';
import type { cancellation } from '../../src/workflows';
import { CANCELLATION_WORKFLOW, cancellationWorkflowId } from '../../src/contract/cancellations';
import { buyOnStage } from '../support/buyOnStage';
import { KEEPS_30_PERCENT, PRICE } from '../support/factories';
import { holdOnStage } from '../support/holdOnStage';
import type { RefundScript } from '../support/scriptedGateway';
import type { Stage } from '../support/stage';
import type { Ending } from './ending';

export const CANCELLATION_ENDINGS: Record<string, Ending> = {
  'cancellation-done': {
    status: 'CANCELLED',
    play: (stage) => cancelAfter(stage, []),
  },
  'cancellation-done-without-a-card': {
    status: 'CANCELLED',
    play: (stage) => cancelAfter(stage, [], PRICE),
  },
  'cancellation-done-after-an-unknown-refund': {
    status: 'CANCELLED',
    play: (stage) => cancelAfter(stage, ['lose', 'fail']),
  },
  'cancellation-done-after-a-refused-refund': {
    status: 'CANCELLED',
    play: (stage) => cancelAfter(stage, ['refuse']),
  },
  'cancellation-done-by-the-organiser': {
    status: 'CANCELLED',
    async play(stage) {
      const { reservationId } = await buyOnStage(stage);
      return start(stage, await stage.requestCancellation(reservationId, 'ORGANISER'));
    },
  },
  'cancellation-continued-after-it-was-terminated': {
    status: 'CANCELLED',
    async play(stage) {
      const { reservationId } = await buyOnStage(stage);
      stage.gateway.scriptRefunds('refuse');
      const cancellationId = await stage.requestCancellation(reservationId);
      await stage.temporal.decide(cancellationId);
      await stage.temporal.cancellation(cancellationId).terminate('by mistake');
      return start(stage, cancellationId);
    },
  },
  'cancellation-without-a-request': {
    status: 'NOT_REQUESTED',
    play: async (stage) => start(stage, randomUUID()),
  },
  'cancellation-refused': {
    status: 'REFUSED',
    async play(stage) {
      const { reservationId } = await holdOnStage(stage);
      const workflowId = await cancel(stage, reservationId);
      await stage.temporal.reservations.release(reservationId);
      return workflowId;
    },
  },
};

/** @param points the part of the price that points pay; the card pays the rest */
async function cancelAfter(stage: Stage, refunds: readonly RefundScript[], points = 20_000): Promise<string> {
  const { reservationId } = await buyOnStage(stage, { points, cancellationPolicy: KEEPS_30_PERCENT });
  stage.gateway.scriptRefunds(...refunds);
  return cancel(stage, reservationId);
}

async function cancel(stage: Stage, reservationId: string): Promise<string> {
  const cancellationId = await stage.requestCancellation(reservationId);
  await stage.temporal.decide(cancellationId);
  return cancellationWorkflowId(cancellationId);
}

async function start({ temporal }: Stage, cancellationId: string): Promise<string> {
  const { taskQueue, env } = temporal;
  const workflowId = cancellationWorkflowId(cancellationId);
  await env.client.workflow.start<typeof cancellation>(CANCELLATION_WORKFLOW, {
    workflowId,
    taskQueue,
    args: [{ cancellationId }],
  });
  return workflowId;
}
