import { randomUUID } from 'node:crypto';
import { HOUSEKEEPING_SUBJECTS } from '../../src/activities/operations/housekeeping';
import { createActivities } from '../../src/activities';
import { chargeOfPayment } from '../../src/gateways/chargeRequest';
import type { gatewayReconciliation, housekeeping, reconciliation, sweep } from '../../src/workflows';
import type { HousekeepingInput } from '../../src/workflows/operations/housekeeping';
import { TOP_UP_WORKFLOW, topUpWorkflowId } from '../../src/contract/ledger';
import { chargeSettlementWorkflowId } from '../../src/contract/payments';
import { GATEWAY_RECONCILIATION_WORKFLOW, RECONCILIATION_WORKFLOW } from '../../src/contract/reconciliation';
import { reservationWorkflowId } from '../../src/contract/reservations';
import { Problem } from '../../src/domain/problems';
import { anAttempt, createUser } from '../support/factories';
import { createPurchases } from '../support/purchases';
import { holdNewSale, startWithoutHold } from '../support/holdNewSale';
import type { ChargeScript } from '../support/scriptedGateway';
import type { Testbed } from '../support/testbed';
import { CANCELLATION_ENDINGS } from './cancellationEndings';
import { refused, type Ending } from './ending';
import { SALE_OPENING_ENDINGS } from './saleOpeningEndings';
import { SETTLEMENT_ENDINGS } from './settlementEndings';
import { SHOW_CANCELLATION_ENDINGS } from './showCancellationEndings';

/** Every ending that runs its own code. A new branch of a workflow gets a line here, and a history. */
export const ENDINGS: Record<string, Ending> = {
  'reservation-confirmed': {
    status: 'CONFIRMED',
    play: (testbed) => payAfter(testbed, []),
  },
  'reservation-confirmed-after-short-points': {
    status: 'CONFIRMED',
    async play(testbed) {
      const { reservationId } = await holdNewSale(testbed, { points: 0 });
      await refused(testbed.temporal.reservations.pay(reservationId, anAttempt()));
      await testbed.temporal.reservations.pay(reservationId, anAttempt(1, 0));
      return reservationWorkflowId(reservationId);
    },
  },
  'reservation-confirmed-after-outage': {
    status: 'CONFIRMED',
    async play(testbed) {
      const { reservationId } = await holdNewSale(testbed);
      testbed.gateway.script('hold-back');
      await refused(testbed.temporal.reservations.pay(reservationId, anAttempt()));
      await testbed.temporal.reservations.pay(reservationId, anAttempt());
      return reservationWorkflowId(reservationId);
    },
  },
  'reservation-confirmed-after-decline': {
    status: 'CONFIRMED',
    async play(testbed) {
      const { reservationId } = await holdNewSale(testbed);
      testbed.gateway.script('decline');
      await refused(testbed.temporal.reservations.pay(reservationId, anAttempt()));
      await testbed.temporal.reservations.pay(reservationId, anAttempt());
      return reservationWorkflowId(reservationId);
    },
  },
  'reservation-confirmed-after-failed-tries': {
    status: 'CONFIRMED',
    play: (testbed) => payAfter(testbed, ['fail', 'fail']),
  },
  'reservation-confirmed-after-look-up': {
    status: 'CONFIRMED',
    play: (testbed) => payAfter(testbed, ['lose-approval']),
  },
  'reservation-confirmed-after-settling': {
    status: 'CONFIRMED',
    async play(testbed) {
      testbed.gateway.unanswered.lookUps = 2;
      return payAfter(testbed, ['lose-approval']);
    },
  },
  'reservation-confirmed-with-its-answer-lost': {
    status: 'CONFIRMED',
    async play(testbed) {
      let blocked = false;
      testbed.temporal.replaceActivity('confirmReservation', (real) => async (input) => {
        const tickets = await real(input);
        if (!blocked) throw new Error('the answer was lost');
        return tickets;
      });
      testbed.temporal.replaceActivity('failPayment', (real) => async (...args) => {
        blocked = true;
        return real(...args);
      });
      const { reservationId } = await holdNewSale(testbed);
      // The API gives up before the workflow does.
      await testbed.temporal.reservations.pay(reservationId, anAttempt()).catch(() => undefined);
      return reservationWorkflowId(reservationId);
    },
  },
  'reservation-expired': {
    status: 'EXPIRED',
    async play(testbed) {
      const { reservationId } = await holdNewSale(testbed, { holdSeconds: 1 });
      return reservationWorkflowId(reservationId);
    },
  },
  'reservation-expired-after-undone-payment': {
    status: 'EXPIRED',
    async play(testbed) {
      testbed.temporal.replaceActivity('confirmReservation', () => async () => {
        throw new Problem('payment-failed', 'The seats are gone.', { reason: 'seats-gone' });
      });
      const { reservationId } = await holdNewSale(testbed, { holdSeconds: 2 });
      await refused(testbed.temporal.reservations.pay(reservationId, anAttempt()));
      return reservationWorkflowId(reservationId);
    },
  },
  'reservation-expired-after-voided-charge': {
    status: 'EXPIRED',
    async play(testbed) {
      testbed.gateway.unanswered.lookUps = Infinity;
      testbed.gateway.script('lose-approval');
      const { reservationId } = await holdNewSale(testbed, { holdSeconds: 2, settleSeconds: 2 });
      await testbed.temporal.reservations.pay(reservationId, anAttempt());
      return reservationWorkflowId(reservationId);
    },
  },
  'reservation-expired-while-paying': {
    status: 'EXPIRED',
    async play(testbed) {
      testbed.gateway.script('fail', 'fail', 'decline');
      const { reservationId } = await holdNewSale(testbed, { holdSeconds: 1 });
      await refused(testbed.temporal.reservations.pay(reservationId, anAttempt()));
      return reservationWorkflowId(reservationId);
    },
  },
  'reservation-released': {
    status: 'RELEASED',
    async play(testbed) {
      const { reservationId } = await holdNewSale(testbed);
      await testbed.temporal.reservations.release(reservationId);
      return reservationWorkflowId(reservationId);
    },
  },
  'reservation-cancelled-by-operator': {
    status: 'RELEASED',
    async play(testbed) {
      const { reservationId } = await holdNewSale(testbed);
      await testbed.temporal.handle(reservationId).cancel();
      return reservationWorkflowId(reservationId);
    },
  },
  'reservation-refused-by-its-timer': {
    status: 'REFUSED',
    play: async (testbed) =>
      reservationWorkflowId((await startWithoutHold(testbed, 1)).request.reservationId),
  },
  'reservation-refused-by-postgres': {
    status: 'REFUSED',
    async play(testbed) {
      const { reservationId } = (await startWithoutHold(testbed, 300)).request;
      await testbed.temporal.handle(reservationId).cancel();
      return reservationWorkflowId(reservationId);
    },
  },
  'top-up-succeeded': { status: 'SUCCEEDED', play: topUp },
  'top-up-succeeded-after-settling': {
    status: 'SUCCEEDED',
    async play(testbed) {
      testbed.gateway.script('lose-approval');
      testbed.gateway.unanswered.lookUps = 2;
      return topUp(testbed);
    },
  },
  'top-up-failed': {
    status: 'FAILED',
    async play(testbed) {
      testbed.gateway.script('decline');
      return topUp(testbed);
    },
  },
  'top-up-failed-with-its-charge-voided': {
    status: 'FAILED',
    async play(testbed) {
      testbed.gateway.script('fail', 'fail', 'fail');
      return topUp(testbed);
    },
  },
  'top-up-failed-in-outage': {
    status: 'FAILED',
    async play(testbed) {
      testbed.gateway.script('hold-back');
      return topUp(testbed);
    },
  },
  housekeeping: {
    status: 'SUCCEEDED',
    async play(testbed) {
      const workflowId = `housekeeping-${randomUUID()}`;
      const args: [HousekeepingInput] = [{ subjects: HOUSEKEEPING_SUBJECTS }];
      const { taskQueue, env } = testbed.temporal;
      await env.client.workflow.start<typeof housekeeping>('housekeeping', { workflowId, taskQueue, args });
      return workflowId;
    },
  },
  sweep: {
    status: 'SUCCEEDED',
    async play(testbed) {
      const workflowId = `sweep-${randomUUID()}`;
      const { taskQueue, env } = testbed.temporal;
      await env.client.workflow.start<typeof sweep>('sweep', { workflowId, taskQueue });
      return workflowId;
    },
  },
  reconciliation: { status: 'SUCCEEDED', play: reconcileAll },
  'reconciliation-beside-one-that-runs': {
    status: 'SUCCEEDED',
    async play(testbed) {
      testbed.temporal.replaceActivity(
        'readGatewayBook',
        () => async () => Promise.reject(new Error('away')),
      );
      const first = await reconcileAll(testbed);
      await testbed.temporal.env.client.workflow.getHandle(first).result();
      return reconcileAll(testbed);
    },
  },
  'gateway-reconciliation': { status: 'SUCCEEDED', play: reconcile },
  'gateway-reconciliation-giving-a-charge-back': {
    status: 'SUCCEEDED',
    async play(testbed) {
      const purchases = createPurchases(testbed, createActivities(testbed.dependencies));
      const step = await purchases.failPayment(0);
      testbed.gateway.captureLate(chargeOfPayment(step));
      testbed.temporal.replaceActivity('beginReconciliation', (real) => async (...args) => {
        const run = await real(...args);
        return { ...run, settledBefore: new Date(Date.now() + 60_000).toISOString() };
      });
      const workflowId = await reconcile(testbed);
      const { workflow } = testbed.temporal.env.client;
      await workflow.getHandle(workflowId).result();
      await workflow.getHandle(chargeSettlementWorkflowId(step.paymentId)).result();
      return workflowId;
    },
  },
  'gateway-reconciliation-continued-in-a-new-history': {
    status: 'SUCCEEDED',
    async play(testbed) {
      testbed.temporal.replaceActivity('readGatewayBook', () => async (_run, cursor) => {
        const next = Number(cursor ?? 0) + 1;
        const nextCursor = next <= 500 ? String(next) : null;
        return { nextCursor, lines: 1, attempts: 0, money: 0, toMend: [] };
      });
      return reconcile(testbed);
    },
  },
  ...SETTLEMENT_ENDINGS,
  ...CANCELLATION_ENDINGS,
  ...SHOW_CANCELLATION_ENDINGS,
  ...SALE_OPENING_ENDINGS,
};

/** Reconciles with every configured gateway. */
async function reconcileAll({ temporal: { taskQueue, env } }: Testbed): Promise<string> {
  const workflowId = `reconciliation-${randomUUID()}`;
  await env.client.workflow.start<typeof reconciliation>(RECONCILIATION_WORKFLOW, { workflowId, taskQueue });
  return workflowId;
}

async function reconcile({ temporal: { taskQueue, env } }: Testbed): Promise<string> {
  const workflowId = `gateway-reconciliation-${randomUUID()}`;
  await env.client.workflow.start<typeof gatewayReconciliation>(GATEWAY_RECONCILIATION_WORKFLOW, {
    workflowId,
    taskQueue,
    args: ['sandbox'],
  });
  return workflowId;
}

async function payAfter(testbed: Testbed, charges: readonly ChargeScript[]): Promise<string> {
  testbed.gateway.script(...charges);
  const { reservationId } = await holdNewSale(testbed);
  await testbed.temporal.reservations.pay(reservationId, anAttempt());
  return reservationWorkflowId(reservationId);
}

async function topUp(testbed: Testbed): Promise<string> {
  const userId = await createUser(testbed.database.owner);
  const { topUpId } = await testbed.requestTopUp(userId, 30_000);
  const { taskQueue, env } = testbed.temporal;
  const workflowId = topUpWorkflowId(topUpId);
  const args = [{ topUpId }];
  await env.client.workflow.start(TOP_UP_WORKFLOW, { workflowId, taskQueue, args });
  return workflowId;
}
