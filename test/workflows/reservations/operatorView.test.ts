import { defaultPayloadConverter } from '@temporalio/common';
import { RESERVATION_QUERY, type ReservationState } from '../../../src/contract/reservations';
import {
  REFUND_STATUS,
  RESERVATION_STATUS,
  SCHEDULE_ID,
  USER_ID,
} from '../../../src/contract/searchAttributes';
import { eventually } from '../../support/eventually';
import { buyNewSale } from '../../support/buyNewSale';
import { anAttempt, KEEPS_30_PERCENT } from '../../support/factories';
import { holdNewSale, startWithoutHold } from '../../support/holdNewSale';
import { createTestbed, type Testbed } from '../../support/testbed';

let testbed: Testbed;

// The real Temporal server, with short durations: the tests check what operators see there.
beforeAll(async () => {
  testbed = await createTestbed('real');
}, 60_000);

afterEach(async () => testbed.endTest());

afterAll(async () => testbed?.drop());

/** The sentence at the top of the workflow's page. */
async function detailsOf(reservationId: string): Promise<string> {
  const metadata = await testbed.temporal
    .handle(reservationId)
    .query<{ currentDetails?: string }>('__temporal_workflow_metadata');
  return metadata.currentDetails ?? '';
}

async function statusAttributeOf(reservationId: string): Promise<string | undefined> {
  const { typedSearchAttributes } = await testbed.temporal.handle(reservationId).describe();
  return typedSearchAttributes.get(RESERVATION_STATUS);
}

async function historyOf(reservationId: string) {
  const { events } = await testbed.temporal.handle(reservationId).fetchHistory();
  return events ?? [];
}

async function aPaidReservation() {
  const onHold = await holdNewSale(testbed);
  await testbed.temporal.reservations.pay(onHold.reservationId, anAttempt());
  await testbed.temporal.handle(onHold.reservationId).result();
  return onHold;
}

/** Its payment waits for the response of the gateway, which comes after some seconds. */
async function aSettlingReservation(charge: 'lose-approval' | 'lose-decline') {
  const onHold = await holdNewSale(testbed);
  testbed.gateway.script(charge);
  testbed.gateway.unanswered.lookUps = 1;
  const answer = await testbed.temporal.reservations.pay(onHold.reservationId, anAttempt());
  expect(answer).toMatchObject({ status: 'SETTLING' });
  return onHold;
}

describe('a reservation that is held and paid', () => {
  it('costs two workflow tasks and fifteen events', async () => {
    const { reservationId } = await aPaidReservation();

    const kinds = (await historyOf(reservationId)).map(
      (event) => Object.keys(event).find((key) => key.endsWith('EventAttributes')) ?? '',
    );

    // The cost budget: workflow tasks limit the throughput, and events limit the history. Run the benchmark before
    // you decide to allow one more of either.
    expect(kinds.filter((kind) => kind.startsWith('workflowTaskCompleted'))).toHaveLength(2);
    expect(kinds).toHaveLength(15);
  });

  it('says in its history what each timer and step is for', async () => {
    const { reservationId, held } = await aPaidReservation();

    const summaries = (await historyOf(reservationId)).flatMap(({ userMetadata }) =>
      userMetadata?.summary ? [defaultPayloadConverter.fromPayload<string>(userMetadata.summary)] : [],
    );

    expect(summaries).toEqual([
      '1 seat, 52000 KRW: A row 1 seat 1',
      `The hold ends at ${held.expiresAt}`,
      'Open the payment and take the points',
      'Charge the card',
      'Confirm: sell the seats, issue the tickets, book the sale',
    ]);
  });

  it('is found by its status, its schedule and its user', async () => {
    const { reservationId, sale, userId } = await aPaidReservation();
    const query = [
      `${RESERVATION_STATUS.name} = 'CONFIRMED'`,
      `${SCHEDULE_ID.name} = '${sale.scheduleId}'`,
      `${USER_ID.name} = '${userId}'`,
    ].join(' AND ');

    const found = await eventually(async () => {
      const ids: string[] = [];
      for await (const workflow of testbed.temporal.env.client.workflow.list({ query })) {
        ids.push(workflow.workflowId);
      }
      expect(ids).not.toEqual([]);
      return ids;
    });

    expect(found).toEqual([testbed.temporal.handle(reservationId).workflowId]);
  });

  it('returns its state to a query', async () => {
    const { reservationId, held } = await aPaidReservation();

    const state = await testbed.temporal.handle(reservationId).query<ReservationState>(RESERVATION_QUERY);

    expect(state).toMatchObject({ status: 'CONFIRMED', expiresAt: held.expiresAt, payments: 1 });
  });
});

describe('the search attribute and the details show', () => {
  it('a hold', async () => {
    const { reservationId, held } = await holdNewSale(testbed, { seats: 2 });

    expect(await statusAttributeOf(reservationId)).toBe('HELD');
    expect(await detailsOf(reservationId)).toBe(
      `Holds the seats until ${held.expiresAt}; waiting for a payment.`,
    );
  });

  it('a sale', async () => {
    const { reservationId } = await aPaidReservation();

    expect(await statusAttributeOf(reservationId)).toBe('CONFIRMED');
    expect(await detailsOf(reservationId)).toBe('Paid; the seats are sold.');
  });

  it('a hold that ended unpaid', async () => {
    const { reservationId } = await holdNewSale(testbed, { holdSeconds: 1 });
    await testbed.temporal.handle(reservationId).result();

    expect(await statusAttributeOf(reservationId)).toBe('EXPIRED');
    expect(await detailsOf(reservationId)).toBe('The hold ended without a payment.');
  });

  it('a release', async () => {
    const { reservationId } = await holdNewSale(testbed);
    await testbed.temporal.reservations.release(reservationId);
    await testbed.temporal.handle(reservationId).result();

    expect(await statusAttributeOf(reservationId)).toBe('RELEASED');
    expect(await detailsOf(reservationId)).toBe('The hold was released early.');
  });

  it('a refused hold', async () => {
    const { request, handle } = await startWithoutHold(testbed);
    await handle.cancel();
    await handle.result();

    expect(await statusAttributeOf(request.reservationId)).toBe('REFUSED');
    expect(await detailsOf(request.reservationId)).toBe('No hold was granted.');
  });

  it('a payment that settles, then a sale', async () => {
    const { reservationId } = await aSettlingReservation('lose-approval');

    expect(await statusAttributeOf(reservationId)).toBe('SETTLING');
    expect(await detailsOf(reservationId)).toContain('The outcome of the payment is not known yet');

    await testbed.temporal.handle(reservationId).result();
    expect(await statusAttributeOf(reservationId)).toBe('CONFIRMED');
  });

  it('a payment that settled as declined, and the hold that continues', async () => {
    const { reservationId } = await aSettlingReservation('lose-decline');

    await eventually(async () => expect(await statusAttributeOf(reservationId)).toBe('HELD'));

    expect(await detailsOf(reservationId)).toContain('waiting for a payment');
  });
});

/** What the list and the page of a cancellation's workflow show. */
async function shownOf(cancellationId: string) {
  const handle = testbed.temporal.cancellation(cancellationId);
  const { typedSearchAttributes } = await handle.describe();
  const metadata = await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
  return {
    refund: typedSearchAttributes.get(REFUND_STATUS),
    schedule: typedSearchAttributes.get(SCHEDULE_ID),
    user: typedSearchAttributes.get(USER_ID),
    details: metadata.currentDetails,
  };
}

describe('the workflow of a cancellation shows an operator', () => {
  it('the amounts, the refusal of the gateway, and the time of the next try', async () => {
    const { reservationId, sale, userId } = await buyNewSale(testbed, {
      points: 20_000,
      cancellationPolicy: KEEPS_30_PERCENT,
    });
    testbed.gateway.scriptRefunds('refuse');
    const cancellationId = await testbed.requestCancellation(reservationId);

    await testbed.temporal.decide(cancellationId);

    const money = '20000 points returned, 15000 KRW to the card, 15000 KRW of the ticket price kept';
    const figures = `reservation ${reservationId}, ${money}`;
    const names = { schedule: sale.scheduleId, user: userId };
    expect(await shownOf(cancellationId)).toMatchObject({ refund: 'REFUSED', ...names });
    const { details } = await shownOf(cancellationId);
    expect(details).toContain(
      `Cancelled: ${figures}; the gateway refused try 1 (scripted); the next try is at `,
    );
    await testbed.temporal.cancellation(cancellationId).result();
    expect(await shownOf(cancellationId)).toEqual({
      refund: 'DONE',
      ...names,
      details: `Cancelled: ${figures}; nothing is due any more.`,
    });
  });

  it('why the cancellation was rejected', async () => {
    const { reservationId } = await holdNewSale(testbed);
    const cancellationId = await testbed.requestCancellation(reservationId);

    await testbed.temporal.decide(cancellationId);

    await testbed.temporal.cancellation(cancellationId).result();
    const { refund, details } = await shownOf(cancellationId);
    expect(refund).toBeUndefined();
    expect(details).toBe('Refused, nothing was changed: not-confirmed.');
    await testbed.temporal.reservations.release(reservationId);
  });
});

describe('the history names a refusal by the same slug as the response to the client', () => {
  it('for a payment', async () => {
    const { reservationId } = await holdNewSale(testbed, { points: 0 });
    await expect(testbed.temporal.reservations.pay(reservationId, anAttempt())).rejects.toMatchObject({
      slug: 'insufficient-points',
    });

    expect(await failuresOf(reservationId)).toEqual(['insufficient-points']);
  });
});

/** The failures that updates ended with. */
async function failuresOf(reservationId: string): Promise<unknown[]> {
  return (await historyOf(reservationId)).flatMap(
    ({ workflowExecutionUpdateCompletedEventAttributes: update }) =>
      update?.outcome?.failure ? [update.outcome.failure.applicationFailureInfo?.type] : [],
  );
}
