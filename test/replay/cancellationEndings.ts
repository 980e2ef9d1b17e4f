import { randomUUID } from 'node:crypto';
import type { cancellation } from '../../src/workflows';
import { CANCELLATION_WORKFLOW, cancellationWorkflowId } from '../../src/contract/cancellations';
import { buyNewSale } from '../support/buyNewSale';
import { KEEPS_30_PERCENT, PRICE } from '../support/factories';
import { holdNewSale } from '../support/holdNewSale';
import type { RefundScript } from '../support/scriptedGateway';
import type { Testbed } from '../support/testbed';
import type { Ending } from './ending';

export const CANCELLATION_ENDINGS: Record<string, Ending> = {
  'cancellation-done': {
    status: 'CANCELLED',
    play: (testbed) => cancelAfter(testbed, []),
  },
  'cancellation-done-without-a-card': {
    status: 'CANCELLED',
    play: (testbed) => cancelAfter(testbed, [], PRICE),
  },
  'cancellation-done-after-an-unknown-refund': {
    status: 'CANCELLED',
    play: (testbed) => cancelAfter(testbed, ['lose', 'fail']),
  },
  'cancellation-done-after-a-refused-refund': {
    status: 'CANCELLED',
    play: (testbed) => cancelAfter(testbed, ['refuse']),
  },
  'cancellation-done-by-the-organiser': {
    status: 'CANCELLED',
    async play(testbed) {
      const { reservationId } = await buyNewSale(testbed);
      return start(testbed, await testbed.requestCancellation(reservationId, 'ORGANISER'));
    },
  },
  'cancellation-continued-after-it-was-terminated': {
    status: 'CANCELLED',
    async play(testbed) {
      const { reservationId } = await buyNewSale(testbed);
      testbed.gateway.scriptRefunds('refuse');
      const cancellationId = await testbed.requestCancellation(reservationId);
      await testbed.temporal.decide(cancellationId);
      await testbed.temporal.cancellation(cancellationId).terminate('by mistake');
      return start(testbed, cancellationId);
    },
  },
  'cancellation-without-a-request': {
    status: 'NOT_REQUESTED',
    play: async (testbed) => start(testbed, randomUUID()),
  },
  'cancellation-refused': {
    status: 'REFUSED',
    async play(testbed) {
      const { reservationId } = await holdNewSale(testbed);
      const workflowId = await cancel(testbed, reservationId);
      await testbed.temporal.reservations.release(reservationId);
      return workflowId;
    },
  },
};

/** @param points the part of the price that points pay; the card pays the rest */
async function cancelAfter(
  testbed: Testbed,
  refunds: readonly RefundScript[],
  points = 20_000,
): Promise<string> {
  const { reservationId } = await buyNewSale(testbed, { points, cancellationPolicy: KEEPS_30_PERCENT });
  testbed.gateway.scriptRefunds(...refunds);
  return cancel(testbed, reservationId);
}

async function cancel(testbed: Testbed, reservationId: string): Promise<string> {
  const cancellationId = await testbed.requestCancellation(reservationId);
  await testbed.temporal.decide(cancellationId);
  return cancellationWorkflowId(cancellationId);
}

async function start({ temporal }: Testbed, cancellationId: string): Promise<string> {
  const { taskQueue, env } = temporal;
  const workflowId = cancellationWorkflowId(cancellationId);
  await env.client.workflow.start<typeof cancellation>(CANCELLATION_WORKFLOW, {
    workflowId,
    taskQueue,
    args: [{ cancellationId }],
  });
  return workflowId;
}
