import type { WorkflowHandle } from '@temporalio/client';
import { createTopUpWorkflows } from '../../../src/api/ledger/topUpWorkflows';
import { createDrawStore } from '../../../src/db/openings/drawStore';
import { Problem } from '../../../src/domain/problems';
import { chargeOfPayment } from '../../../src/gateways/chargeRequest';
import { cancellationWorkflowId, showCancellationWorkflowId } from '../../../src/contract/cancellations';
import { topUpWorkflowId } from '../../../src/contract/ledger';
import { SALE_OPENING_WORKFLOW, saleOpeningWorkflowId } from '../../../src/contract/openings';
import { RETRY_SIGNAL } from '../../../src/contract/operations';
import { CHARGE_SETTLEMENT_WORKFLOW, chargeSettlementWorkflowId } from '../../../src/contract/payments';
import { reservationWorkflowId } from '../../../src/contract/reservations';
import { STUCK_STEP } from '../../../src/contract/searchAttributes';
import { buyNewSale } from '../../support/buyNewSale';
import { cancelledShows } from '../../support/cancelledShows';
import { eventually } from '../../support/eventually';
import { anAttempt, createUser, PRICE } from '../../support/factories';
import { holdNewSale } from '../../support/holdNewSale';
import { announceSale } from '../../support/opening';
import { BY_POINTS_AND_CARD, createSoldShow } from '../../support/soldShow';
import { createTestbed, type Testbed } from '../../support/testbed';

/** Steps that cannot succeed: Postgres rejects each write that breaks a rule, until an operator removes the rule. */
let testbed: Testbed;
let failures: string[];

beforeAll(async () => {
  testbed = await createTestbed('real');
  testbed.dependencies.permanentFailure = (activity) => void failures.push(activity);
}, 60_000);

beforeEach(() => {
  failures = [];
});

afterEach(async () => testbed.endTest());

afterAll(async () => testbed?.drop());

/** One step of a workflow that must happen. */
interface StuckStep {
  activity: string;
  table: string;
  /** The condition that Postgres demands in the meantime. */
  rule: string;
  /** @returns the id of the workflow, and what must be true after the cause is fixed */
  play: () => Promise<{ workflowId: string; expectDone: () => Promise<void> }>;
}

const STEPS: Record<string, StuckStep> = {
  'the end of a hold': {
    activity: 'endHold',
    table: 'reservations',
    rule: "status <> 'RELEASED'",
    async play() {
      const { reservationId, sale } = await holdNewSale(testbed, { holdSeconds: 300 });
      await testbed.temporal.handle(reservationId).cancel();
      return {
        workflowId: reservationWorkflowId(reservationId),
        async expectDone() {
          expect(await testbed.books.reservationStatus(reservationId)).toBe('RELEASED');
          expect(await testbed.books.seat(sale.seatId)).toBe('AVAILABLE');
        },
      };
    },
  },
  'the undoing of a payment': {
    activity: 'failPayment',
    table: 'payments',
    rule: "status <> 'FAILED'",
    async play() {
      const { reservationId, userId } = await holdNewSale(testbed, { holdSeconds: 6 });
      testbed.gateway.script('decline');
      const paying = testbed.temporal.reservations.pay(reservationId, anAttempt()).catch(slugOf);
      return {
        workflowId: reservationWorkflowId(reservationId),
        async expectDone() {
          expect(await paying).toBe('payment-failed');
          expect(await testbed.books.balance(userId)).toBe(PRICE);
        },
      };
    },
  },
  'the refund of a charge that bought nothing': {
    activity: 'giveBackCharge',
    table: 'journals',
    rule: "kind <> 'CHARGE_VOIDED'",
    async play() {
      const { reservationId } = await holdNewSale(testbed, { holdSeconds: 6 });
      testbed.temporal.replaceActivity('confirmReservation', () => async () => {
        throw new Problem('payment-failed', 'The seats are gone.', { reason: 'seats-gone' });
      });
      const attempt = anAttempt();
      const paying = testbed.temporal.reservations.pay(reservationId, attempt).catch(slugOf);
      return {
        workflowId: reservationWorkflowId(reservationId),
        async expectDone() {
          expect(await paying).toBe('payment-failed');
          expect(testbed.gateway.taken(attempt.paymentId)).toBe(0);
        },
      };
    },
  },
  'the end of a top-up that was declined': {
    activity: 'failTopUp',
    table: 'top_ups',
    rule: "status <> 'FAILED'",
    async play() {
      const topUp = await testbed.requestTopUp(await createUser(testbed.database.owner), 30_000);
      testbed.gateway.script('decline');
      const making = topUps().make(topUp);
      return {
        workflowId: topUpWorkflowId(topUp.topUpId),
        async expectDone() {
          expect(await making).toMatchObject({ status: 'FAILED', reason: 'card-declined' });
        },
      };
    },
  },
  'the settlement of a late charge': {
    activity: 'giveBackCharge',
    table: 'journals',
    rule: "kind <> 'CHARGE_VOIDED'",
    async play() {
      const { env, taskQueue } = testbed.temporal;
      const { reservationId, sale, userId } = await holdNewSale(testbed);
      const attempt = anAttempt();
      testbed.gateway.script('decline');
      expect(await testbed.temporal.reservations.pay(reservationId, attempt).catch(slugOf)).toBe(
        'payment-failed',
      );
      await testbed.temporal.reservations.release(reservationId);
      const names = { reservationId, scheduleId: sale.scheduleId, userId };
      testbed.gateway.captureLate(
        chargeOfPayment({
          ...attempt,
          ...names,
          gateway: 'sandbox',
          paymentKey: null,
          requestedAt: Date.now(),
        }),
      );
      const workflowId = chargeSettlementWorkflowId(attempt.paymentId);
      const args = [{ kind: 'PAYMENT', attemptId: attempt.paymentId }];
      await env.client.workflow.start(CHARGE_SETTLEMENT_WORKFLOW, { workflowId, taskQueue, args });
      return {
        workflowId,
        expectDone: async () => expect(testbed.gateway.taken(attempt.paymentId)).toBe(0),
      };
    },
  },
  'a cancellation': {
    activity: 'cancelReservation',
    table: 'cancellations',
    rule: 'fee < 0',
    async play() {
      const { reservationId, userId } = await buyNewSale(testbed);
      const cancellationId = await testbed.requestCancellation(reservationId);
      // The client gets an error at once.
      expect(await testbed.temporal.decide(cancellationId).catch(slugOf)).toBe('internal-error');
      expect(await testbed.books.reservationStatus(reservationId)).toBe('CONFIRMED');
      return {
        workflowId: cancellationWorkflowId(cancellationId),
        async expectDone() {
          expect(await testbed.books.reservationStatus(reservationId)).toBe('CANCELLED');
          expect(await testbed.books.balance(userId)).toBe(PRICE);
        },
      };
    },
  },
  'the booking of a refund': {
    activity: 'completeRefund',
    table: 'refunds',
    rule: "status <> 'DONE'",
    async play() {
      const { reservationId, paymentId } = await buyNewSale(testbed);
      const cancellationId = await testbed.requestCancellation(reservationId);
      await testbed.temporal.decide(cancellationId);
      return {
        workflowId: cancellationWorkflowId(cancellationId),
        async expectDone() {
          expect(await testbed.books.refund(reservationId)).toMatchObject({ status: 'DONE' });
          expect(testbed.gateway.taken(paymentId)).toBe(0);
        },
      };
    },
  },
  'the end of the cancellation of a show': {
    activity: 'finishShow',
    table: 'show_cancellations',
    rule: 'finished_at IS NULL',
    async play() {
      const { owner } = testbed.database;
      const { scheduleId } = await createSoldShow(owner, testbed.gateway, 1, [BY_POINTS_AND_CARD]);
      const shows = cancelledShows(testbed);
      await shows.cancel(scheduleId);
      return {
        workflowId: showCancellationWorkflowId(scheduleId),
        expectDone: async () => expect((await shows.find(scheduleId))?.finishedAt).toBeInstanceOf(Date),
      };
    },
  },
  'the opening of a sale': {
    activity: 'markOpened',
    table: 'draws',
    rule: 'opened_at IS NULL',
    async play() {
      const { env, taskQueue } = testbed.temporal;
      const { scheduleId } = await announceSale(testbed.database.owner, { saleOpensAt: new Date() });
      const workflowId = saleOpeningWorkflowId(scheduleId);
      const args = [{ scheduleId }];
      await env.client.workflow.start(SALE_OPENING_WORKFLOW, { workflowId, taskQueue, args });
      return {
        workflowId,
        async expectDone() {
          const toOpen = await createDrawStore(testbed.database.db).toOpen();
          expect(toOpen.map((opening) => opening.scheduleId)).not.toContain(scheduleId);
        },
      };
    },
  },
};

describe.each(Object.entries(STEPS))('%s that Postgres rejects permanently', (_name, step) => {
  const { activity, table, rule, play } = step;

  it('is tried once, shows what is wrong, and succeeds after the cause is fixed and an operator sends a retry', async () => {
    const repair = await breakTable(table, rule);
    try {
      const { workflowId, expectDone } = await play();
      const handle = testbed.temporal.env.client.workflow.getHandle(workflowId);
      await expectStuck(handle, activity, 1);
      await handle.signal(RETRY_SIGNAL);
      await expectStuck(handle, activity, 2);

      await repair();
      await handle.signal(RETRY_SIGNAL);

      await handle.result();
      await expectDone();
      expect((await handle.describe()).typedSearchAttributes.get(STUCK_STEP)).toBeUndefined();
      expect(failures).toEqual([activity, activity]);
    } finally {
      await repair();
    }
  }, 60_000);
});

describe('a step that Postgres rejects permanently, while the attempt can still be undone,', () => {
  it('undoes a payment: the card is refunded, the points are returned, and the hold continues', async () => {
    const { reservationId, userId } = await holdNewSale(testbed);
    const attempt = anAttempt();
    const repair = await breakTable('tickets', 'false');

    const paying = testbed.temporal.reservations.pay(reservationId, attempt);

    await expect(paying).rejects.toMatchObject({
      slug: 'payment-failed',
      members: { reason: 'internal-failure' },
    });
    await repair();
    expect(failures).toEqual(['confirmReservation']);
    expect(await testbed.books.balance(userId)).toBe(PRICE);
    expect(testbed.gateway.taken(attempt.paymentId)).toBe(0);
    expect(await testbed.temporal.reservations.pay(reservationId, anAttempt())).toMatchObject({
      status: 'SUCCEEDED',
    });
  });

  it('undoes a top-up: the card is refunded', async () => {
    const topUp = await testbed.requestTopUp(await createUser(testbed.database.owner), 30_000);
    const repair = await breakTable('top_ups', "status <> 'SUCCEEDED'");

    const result = await topUps().make(topUp);

    await repair();
    expect(result).toMatchObject({ status: 'FAILED', reason: 'internal-failure' });
    expect(testbed.gateway.taken(topUp.topUpId)).toBe(0);
  });
});

describe('a cancellation that is stuck', () => {
  it('is tried again whenever its client asks again', async () => {
    const { reservationId, paymentId } = await buyNewSale(testbed);
    const cancellationId = await testbed.requestCancellation(reservationId);
    const repair = await breakTable('cancellations', 'fee < 0');
    expect(await testbed.temporal.decide(cancellationId).catch(slugOf)).toBe('internal-error');
    await repair();

    await testbed.temporal.decide(cancellationId);

    expect(await testbed.books.reservationStatus(reservationId)).toBe('CANCELLED');
    await testbed.temporal.cancellation(cancellationId).result();
    expect(testbed.gateway.taken(paymentId)).toBe(0);
  });
});

/** @returns a function that fixes the table */
async function breakTable(table: string, rule: string): Promise<() => Promise<void>> {
  const { owner } = testbed.database;
  await owner.raw(`ALTER TABLE ${table} ADD CONSTRAINT broken CHECK (${rule}) NOT VALID`);
  return async () => owner.raw(`ALTER TABLE ${table} DROP CONSTRAINT IF EXISTS broken`);
}

async function expectStuck(handle: WorkflowHandle, activity: string, failed: number): Promise<void> {
  await eventually(async () => {
    expect(failures).toHaveLength(failed);
    expect((await handle.describe()).typedSearchAttributes.get(STUCK_STEP)).toBe(activity);
  });
  const { currentDetails } = await handle.query<{ currentDetails: string }>('__temporal_workflow_metadata');
  expect(currentDetails).toMatch(
    new RegExp(`^Stuck at ${activity}: Postgres rejects it: SQLSTATE 23514.*constraint broken`),
  );
}

function topUps() {
  const { env, taskQueue } = testbed.temporal;
  return createTopUpWorkflows(env.client, { taskQueue });
}

function slugOf(error: unknown): string {
  if (error instanceof Problem) return error.slug;
  throw error;
}
