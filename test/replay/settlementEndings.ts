import { randomUUID } from 'node:crypto';
import {
  CHARGE_SETTLEMENT_WORKFLOW,
  chargeSettlementWorkflowId,
  type ChargeSettlementInput,
} from '../../src/contract/payments';
import type { chargeSettlement } from '../../src/workflows';
import { anAttempt } from '../support/factories';
import { holdOnStage } from '../support/holdOnStage';
import type { Stage } from '../support/stage';
import type { Ending } from './ending';
import { refused } from './ending';

/** Every way in which the settlement of one charge ends. */
export const SETTLEMENT_ENDINGS: Record<string, Ending> = {
  'charge-settlement-unknown': {
    status: 'UNKNOWN',
    play: async (stage) => settle(stage, { kind: 'TOP_UP', attemptId: randomUUID() }),
  },
  'charge-settlement-sold': {
    status: 'SOLD',
    async play(stage) {
      const { reservationId } = await holdOnStage(stage);
      const attempt = anAttempt();
      await stage.temporal.reservations.pay(reservationId, attempt);
      return settle(stage, { kind: 'PAYMENT', attemptId: attempt.paymentId });
    },
  },
  'charge-settlement-left-to-its-reservation': {
    status: 'LEFT',
    async play(stage) {
      const payment = await aPaymentThatSettles(stage);
      const workflowId = await settle(stage, payment);
      await stage.temporal.handle(payment.reservationId).result();
      return workflowId;
    },
  },
  'charge-settlement-given-back-after-a-failure': {
    status: 'GIVEN_BACK',
    async play(stage) {
      const { reservationId } = await holdOnStage(stage);
      const attempt = anAttempt();
      stage.gateway.script('decline');
      await refused(stage.temporal.reservations.pay(reservationId, attempt));
      return settle(stage, { kind: 'PAYMENT', attemptId: attempt.paymentId });
    },
  },
  'charge-settlement-given-back-for-a-terminated-reservation': {
    status: 'GIVEN_BACK',
    async play(stage) {
      const payment = await aPaymentThatSettles(stage);
      await stage.temporal.handle(payment.reservationId).terminate('by mistake');
      return settle(stage, payment);
    },
  },
};

/** A payment whose gateway cannot be reached for a while. */
async function aPaymentThatSettles(stage: Stage) {
  const { reservationId } = await holdOnStage(stage);
  const attempt = anAttempt();
  stage.gateway.script('lose-approval');
  stage.gateway.unanswered.lookUps = 2;
  await stage.temporal.reservations.pay(reservationId, attempt);
  return { kind: 'PAYMENT' as const, attemptId: attempt.paymentId, reservationId };
}

async function settle(stage: Stage, { kind, attemptId }: ChargeSettlementInput): Promise<string> {
  const workflowId = chargeSettlementWorkflowId(attemptId);
  const { taskQueue, env } = stage.temporal;
  const args: [ChargeSettlementInput] = [{ kind, attemptId }];
  await env.client.workflow.start<typeof chargeSettlement>(CHARGE_SETTLEMENT_WORKFLOW, {
    workflowId,
    taskQueue,
    args,
  });
  return workflowId;
}
