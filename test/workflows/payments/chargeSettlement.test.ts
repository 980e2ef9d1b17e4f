import { randomUUID } from 'node:crypto';
import type { PaymentStep } from '../../support/steps';
import { Problem } from '../../../src/domain/problems';
import { chargeOfPayment } from '../../../src/gateways/chargeRequest';
import { TOP_UP_WORKFLOW, topUpWorkflowId } from '../../../src/contract/ledger';
import {
  CHARGE_SETTLEMENT_WORKFLOW,
  chargeSettlementWorkflowId,
  type ChargeSettlementInput,
  type ChargeSettlementResult,
} from '../../../src/contract/payments';
import type { chargeSettlement, topUp } from '../../../src/workflows';
import { eventually } from '../../support/eventually';
import { anAttempt, BOOKING_FEE, createUser, PRICE } from '../../support/factories';
import { holdNewSale, type OnHold } from '../../support/holdNewSale';
import { itWithSkippedTime } from '../../support/durations';
import { createTestbed, type Testbed } from '../../support/testbed';

let testbed: Testbed;

beforeAll(async () => {
  testbed = await createTestbed();
}, 60_000);

afterEach(async () => testbed.endTest());

afterAll(async () => testbed?.drop());

/** Runs the workflow that a message from the gateway, or the reconciliation, starts. */
async function settle(
  kind: ChargeSettlementInput['kind'],
  attemptId: string,
): Promise<ChargeSettlementResult['status']> {
  const { status } = await testbed.temporal.env.client.workflow.execute<typeof chargeSettlement>(
    CHARGE_SETTLEMENT_WORKFLOW,
    {
      workflowId: chargeSettlementWorkflowId(attemptId),
      taskQueue: testbed.temporal.taskQueue,
      args: [{ kind, attemptId }],
    },
  );
  return status;
}

function chargeOf({ sale, userId, reservationId }: OnHold, attempt: ReturnType<typeof anAttempt>) {
  const names = { reservationId, scheduleId: sale.scheduleId, userId };
  const step: PaymentStep = {
    ...attempt,
    ...names,
    gateway: 'sandbox',
    paymentKey: null,
    requestedAt: Date.now(),
  };
  return chargeOfPayment(step);
}

describe('a charge that is taken after its payment has failed', () => {
  it('is voided, also long after the reservation has ended', async () => {
    const onHold = await holdNewSale(testbed);
    const attempt = anAttempt();
    testbed.gateway.script('fail', 'fail', 'fail');
    await expect(testbed.temporal.reservations.pay(onHold.reservationId, attempt)).rejects.toThrow(Problem);
    await testbed.temporal.handle(onHold.reservationId).result();
    testbed.gateway.captureLate(chargeOf(onHold, attempt));
    expect(testbed.gateway.taken(attempt.paymentId)).toBe(BOOKING_FEE);

    await settle('PAYMENT', attempt.paymentId);

    expect(testbed.gateway.taken(attempt.paymentId)).toBe(0);
    expect(await testbed.books.journals(onHold.reservationId)).toEqual([
      'POINTS_TAKEN',
      'POINTS_RETURNED',
      'CHARGE_VOIDED',
    ]);
  });

  itWithSkippedTime('is voided once, although the gateway does not answer for a while', async () => {
    const onHold = await holdNewSale(testbed);
    const attempt = anAttempt();
    testbed.gateway.script('decline');
    await expect(testbed.temporal.reservations.pay(onHold.reservationId, attempt)).rejects.toThrow(Problem);
    testbed.gateway.captureLate(chargeOf(onHold, attempt));
    testbed.gateway.unanswered.voids = 12;

    await settle('PAYMENT', attempt.paymentId);
    await settle('PAYMENT', attempt.paymentId);

    expect(testbed.gateway.taken(attempt.paymentId)).toBe(0);
    const voided = (await testbed.books.journals(onHold.reservationId)).filter(
      (kind) => kind === 'CHARGE_VOIDED',
    );
    expect(voided).toHaveLength(1);
  });

  it('is also voided if it was for a top-up', async () => {
    const input = await testbed.requestTopUp(await createUser(testbed.database.owner), 10_000);
    testbed.gateway.script('decline');
    await testbed.temporal.env.client.workflow.execute<typeof topUp>(TOP_UP_WORKFLOW, {
      workflowId: topUpWorkflowId(input.topUpId),
      taskQueue: testbed.temporal.taskQueue,
      args: [{ topUpId: input.topUpId }],
    });
    const { topUpId: idempotencyKey, userId: payerId, amount, currency, gateway } = input;
    const names = { gateway, idempotencyKey, orderId: idempotencyKey, payerId };
    testbed.gateway.captureLate({ ...names, amount, currency, description: '', requestedAt: Date.now() });

    await settle('TOP_UP', input.topUpId);

    expect(testbed.gateway.taken(input.topUpId)).toBe(0);
    expect(await testbed.books.balance(input.userId)).toBe(0);
  });
});

describe('a charge that bought something', () => {
  it('stays', async () => {
    const { reservationId } = await holdNewSale(testbed);
    const attempt = anAttempt();
    await testbed.temporal.reservations.pay(reservationId, attempt);

    await settle('PAYMENT', attempt.paymentId);

    expect(testbed.gateway.taken(attempt.paymentId)).toBe(BOOKING_FEE);
    expect(testbed.gateway.calls).toEqual([`charge ${attempt.paymentId}`]);
    expect(await testbed.books.reservationStatus(reservationId)).toBe('CONFIRMED');
  });
});

describe('a payment that settles', () => {
  it('is left to its reservation, which asks the gateway at once', async () => {
    const { reservationId } = await holdNewSale(testbed);
    const attempt = anAttempt();
    testbed.gateway.script('lose-approval');
    testbed.gateway.unanswered.lookUps = 1;
    expect(await testbed.temporal.reservations.pay(reservationId, attempt)).toMatchObject({
      status: 'SETTLING',
    });

    expect(await settle('PAYMENT', attempt.paymentId)).toBe('LEFT');

    await eventually(async () =>
      expect(await testbed.books.reservationStatus(reservationId)).toBe('CONFIRMED'),
    );
    expect(testbed.gateway.calls.filter((call) => call.startsWith('void'))).toEqual([]);
  });

  it('whose workflow an operator has terminated is undone: points, charge and seats', async () => {
    const { sale, userId, reservationId } = await holdNewSale(testbed);
    const attempt = anAttempt();
    testbed.gateway.script('lose-approval');
    testbed.gateway.unanswered.lookUps = 2;
    expect(await testbed.temporal.reservations.pay(reservationId, attempt)).toMatchObject({
      status: 'SETTLING',
    });
    await testbed.temporal.handle(reservationId).terminate('by mistake');

    await settle('PAYMENT', attempt.paymentId);

    expect(testbed.gateway.taken(attempt.paymentId)).toBe(0);
    expect(await testbed.books.balance(userId)).toBe(PRICE);
    expect(await testbed.books.reservationStatus(reservationId)).toBe('RELEASED');
    expect(await testbed.books.seat(sale.seatId)).toBe('AVAILABLE');
  });
});

describe('a charge without an attempt of ours', () => {
  it('is left alone', async () => {
    const [paymentId, topUpId] = [randomUUID(), randomUUID()];
    expect(await settle('PAYMENT', paymentId)).toBe('UNKNOWN');
    expect(await settle('TOP_UP', topUpId)).toBe('UNKNOWN');
    const about = (call: string) => call.endsWith(paymentId) || call.endsWith(topUpId);
    expect(testbed.gateway.calls.filter(about)).toEqual([]);
  });
});
