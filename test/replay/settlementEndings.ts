import { randomUUID } from 'node:crypto';
import {
  CHARGE_SETTLEMENT_WORKFLOW,
  chargeSettlementWorkflowId,
  type ChargeSettlementInput,
} from '../../src/contract/payments';
import type { chargeSettlement } from '../../src/workflows';
import { anAttempt } from '../support/factories';
import { holdNewSale } from '../support/holdNewSale';
import type { Testbed } from '../support/testbed';
import type { Ending } from './ending';
import { refused } from './ending';

/** Every way in which the settlement of one charge ends. */
export const SETTLEMENT_ENDINGS: Record<string, Ending> = {
  'charge-settlement-unknown': {
    status: 'UNKNOWN',
    play: async (testbed) => settle(testbed, { kind: 'TOP_UP', attemptId: randomUUID() }),
  },
  'charge-settlement-sold': {
    status: 'SOLD',
    async play(testbed) {
      const { reservationId } = await holdNewSale(testbed);
      const attempt = anAttempt();
      await testbed.temporal.reservations.pay(reservationId, attempt);
      return settle(testbed, { kind: 'PAYMENT', attemptId: attempt.paymentId });
    },
  },
  'charge-settlement-left-to-its-reservation': {
    status: 'LEFT',
    async play(testbed) {
      const payment = await aPaymentThatSettles(testbed);
      const workflowId = await settle(testbed, payment);
      await testbed.temporal.handle(payment.reservationId).result();
      return workflowId;
    },
  },
  'charge-settlement-given-back-after-a-failure': {
    status: 'GIVEN_BACK',
    async play(testbed) {
      const { reservationId } = await holdNewSale(testbed);
      const attempt = anAttempt();
      testbed.gateway.script('decline');
      await refused(testbed.temporal.reservations.pay(reservationId, attempt));
      return settle(testbed, { kind: 'PAYMENT', attemptId: attempt.paymentId });
    },
  },
  'charge-settlement-given-back-for-a-terminated-reservation': {
    status: 'GIVEN_BACK',
    async play(testbed) {
      const payment = await aPaymentThatSettles(testbed);
      await testbed.temporal.handle(payment.reservationId).terminate('by mistake');
      return settle(testbed, payment);
    },
  },
};

/** A payment whose gateway cannot be reached for a while. */
async function aPaymentThatSettles(testbed: Testbed) {
  const { reservationId } = await holdNewSale(testbed);
  const attempt = anAttempt();
  testbed.gateway.script('lose-approval');
  testbed.gateway.unanswered.lookUps = 2;
  await testbed.temporal.reservations.pay(reservationId, attempt);
  return { kind: 'PAYMENT' as const, attemptId: attempt.paymentId, reservationId };
}

async function settle(testbed: Testbed, { kind, attemptId }: ChargeSettlementInput): Promise<string> {
  const workflowId = chargeSettlementWorkflowId(attemptId);
  const { taskQueue, env } = testbed.temporal;
  const args: [ChargeSettlementInput] = [{ kind, attemptId }];
  await env.client.workflow.start<typeof chargeSettlement>(CHARGE_SETTLEMENT_WORKFLOW, {
    workflowId,
    taskQueue,
    args,
  });
  return workflowId;
}
