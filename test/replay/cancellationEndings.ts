import { randomUUID } from 'node:crypto';
import type { cancellation } from '../../src/workflows';
import { CANCELLATION_WORKFLOW, cancellationWorkflowId } from '../../src/workflows/messages';
import { buyOnStage } from '../support/buyOnStage';
import { KEEPS_30_PERCENT, PRICE } from '../support/factories';
import { holdOnStage } from '../support/holdOnStage';
import type { RefundScript } from '../support/scriptedGateway';
import type { Stage } from '../support/stage';
import type { Ending } from './endings';
import { refused } from './refused';

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
      const workflowId = cancellationWorkflowId(reservationId);
      const { taskQueue, env } = stage.temporal;
      await env.client.workflow.start<typeof cancellation>(CANCELLATION_WORKFLOW, {
        workflowId,
        taskQueue,
        args: [{ reservationId, cause: 'ORGANISER' }],
      });
      return workflowId;
    },
  },
  'cancellation-refused': {
    status: 'REFUSED',
    async play(stage) {
      const { reservationId } = await holdOnStage(stage);
      await refused(cancel(stage, reservationId));
      await stage.temporal.reservations.release(reservationId);
      return cancellationWorkflowId(reservationId);
    },
  },
};

/** @param points of the price; the card pays the rest */
async function cancelAfter(stage: Stage, refunds: readonly RefundScript[], points = 20_000): Promise<string> {
  const { reservationId } = await buyOnStage(stage, { points, cancellationPolicy: KEEPS_30_PERCENT });
  stage.gateway.scriptRefunds(...refunds);
  await cancel(stage, reservationId);
  return cancellationWorkflowId(reservationId);
}

async function cancel(stage: Stage, reservationId: string): Promise<void> {
  await stage.temporal.cancellations.cancel({ reservationId, cause: 'CUSTOMER', requestId: randomUUID() });
}
