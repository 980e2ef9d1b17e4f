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
import { holdOnStage, type OnHold } from '../../support/holdOnStage';
import { itWithSkippedTime } from '../../support/durations';
import { buildStage, type Stage } from '../../support/stage';

let stage: Stage;

beforeAll(async () => {
  stage = await buildStage();
}, 60_000);

afterEach(async () => stage.endTest());

afterAll(async () => stage?.drop());

/** Runs the workflow that a message from the gateway, or the reconciliation, starts. */
async function settle(
  kind: ChargeSettlementInput['kind'],
  attemptId: string,
): Promise<ChargeSettlementResult['status']> {
  const { status } = await stage.temporal.env.client.workflow.execute<typeof chargeSettlement>(
    CHARGE_SETTLEMENT_WORKFLOW,
    {
      workflowId: chargeSettlementWorkflowId(attemptId),
      taskQueue: stage.temporal.taskQueue,
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
    const onHold = await holdOnStage(stage);
    const attempt = anAttempt();
    stage.gateway.script('fail', 'fail', 'fail');
    await expect(stage.temporal.reservations.pay(onHold.reservationId, attempt)).rejects.toThrow(Problem);
    await stage.temporal.handle(onHold.reservationId).result();
    stage.gateway.captureLate(chargeOf(onHold, attempt));
    expect(stage.gateway.taken(attempt.paymentId)).toBe(BOOKING_FEE);

    await settle('PAYMENT', attempt.paymentId);

    expect(stage.gateway.taken(attempt.paymentId)).toBe(0);
    expect(await stage.books.journals(onHold.reservationId)).toEqual([
      'POINTS_TAKEN',
      'POINTS_RETURNED',
      'CHARGE_VOIDED',
    ]);
  });

  itWithSkippedTime('is voided once, although the gateway does not answer for a while', async () => {
    const onHold = await holdOnStage(stage);
    const attempt = anAttempt();
    stage.gateway.script('decline');
    await expect(stage.temporal.reservations.pay(onHold.reservationId, attempt)).rejects.toThrow(Problem);
    stage.gateway.captureLate(chargeOf(onHold, attempt));
    stage.gateway.unanswered.voids = 12;

    await settle('PAYMENT', attempt.paymentId);
    await settle('PAYMENT', attempt.paymentId);

    expect(stage.gateway.taken(attempt.paymentId)).toBe(0);
    const voided = (await stage.books.journals(onHold.reservationId)).filter(
      (kind) => kind === 'CHARGE_VOIDED',
    );
    expect(voided).toHaveLength(1);
  });

  it('is also voided if it was for a top-up', async () => {
    const input = await stage.requestTopUp(await createUser(stage.database.owner), 10_000);
    stage.gateway.script('decline');
    await stage.temporal.env.client.workflow.execute<typeof topUp>(TOP_UP_WORKFLOW, {
      workflowId: topUpWorkflowId(input.topUpId),
      taskQueue: stage.temporal.taskQueue,
      args: [{ topUpId: input.topUpId }],
    });
    const { topUpId: idempotencyKey, userId: payerId, amount, currency, gateway } = input;
    const names = { gateway, idempotencyKey, orderId: idempotencyKey, payerId };
    stage.gateway.captureLate({ ...names, amount, currency, description: '', requestedAt: Date.now() });

    await settle('TOP_UP', input.topUpId);

    expect(stage.gateway.taken(input.topUpId)).toBe(0);
    expect(await stage.books.balance(input.userId)).toBe(0);
  });
});

describe('a charge that bought something', () => {
  it('stays', async () => {
    const { reservationId } = await holdOnStage(stage);
    const attempt = anAttempt();
    await stage.temporal.reservations.pay(reservationId, attempt);

    await settle('PAYMENT', attempt.paymentId);

    expect(stage.gateway.taken(attempt.paymentId)).toBe(BOOKING_FEE);
    expect(stage.gateway.calls).toEqual([`charge ${attempt.paymentId}`]);
    expect(await stage.books.reservationStatus(reservationId)).toBe('CONFIRMED');
  });
});

describe('a payment that settles', () => {
  it('is left to its reservation, which asks the gateway at once', async () => {
    const { reservationId } = await holdOnStage(stage);
    const attempt = anAttempt();
    stage.gateway.script('lose-approval');
    stage.gateway.unanswered.lookUps = 1;
    expect(await stage.temporal.reservations.pay(reservationId, attempt)).toMatchObject({
      status: 'SETTLING',
    });

    expect(await settle('PAYMENT', attempt.paymentId)).toBe('LEFT');

    await eventually(async () =>
      expect(await stage.books.reservationStatus(reservationId)).toBe('CONFIRMED'),
    );
    expect(stage.gateway.calls.filter((call) => call.startsWith('void'))).toEqual([]);
  });

  it('whose workflow an operator has terminated is undone: points, charge and seats', async () => {
    const { sale, userId, reservationId } = await holdOnStage(stage);
    const attempt = anAttempt();
    stage.gateway.script('lose-approval');
    stage.gateway.unanswered.lookUps = 2;
    expect(await stage.temporal.reservations.pay(reservationId, attempt)).toMatchObject({
      status: 'SETTLING',
    });
    await stage.temporal.handle(reservationId).terminate('by mistake');

    await settle('PAYMENT', attempt.paymentId);

    expect(stage.gateway.taken(attempt.paymentId)).toBe(0);
    expect(await stage.books.balance(userId)).toBe(PRICE);
    expect(await stage.books.reservationStatus(reservationId)).toBe('RELEASED');
    expect(await stage.books.seat(sale.seatId)).toBe('AVAILABLE');
  });
});

describe('a charge without an attempt of ours', () => {
  it('is left alone', async () => {
    const [paymentId, topUpId] = [randomUUID(), randomUUID()];
    expect(await settle('PAYMENT', paymentId)).toBe('UNKNOWN');
    expect(await settle('TOP_UP', topUpId)).toBe('UNKNOWN');
    const about = (call: string) => call.endsWith(paymentId) || call.endsWith(topUpId);
    expect(stage.gateway.calls.filter(about)).toEqual([]);
  });
});
