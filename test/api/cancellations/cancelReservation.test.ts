import { randomUUID } from 'node:crypto';
import { createCancelReservation } from '../../../src/api/cancellations/cancelReservation';
import {
  createCancellationWorkflows,
  type CancellationWorkflows,
} from '../../../src/api/cancellations/cancellationWorkflows';
import { createReadFacts } from '../../../src/api/cancellations/readFacts';
import { createCancellationRequestStore } from '../../../src/db/cancellations/cancellationRequestStore';
import { storesOf } from '../../../src/db/stores';
import { buyNewSale } from '../../support/buyNewSale';
import { KEEPS_30_PERCENT } from '../../support/factories';
import { createTestbed, type Testbed } from '../../support/testbed';

let testbed: Testbed;

beforeAll(async () => {
  testbed = await createTestbed();
}, 60_000);

afterEach(async () => testbed.endTest());

afterAll(async () => testbed?.drop());

const requests = () => createCancellationRequestStore(testbed.database.db);

/** The cancellation of the API. It uses the real workflows unless a test replaces them. */
function anApi(change: Partial<CancellationWorkflows> = {}) {
  const { db } = testbed.database;
  const { env, taskQueue } = testbed.temporal;
  const stores = storesOf(db);
  return createCancelReservation({
    stores,
    readFacts: createReadFacts(stores.reservations, stores.cancellations),
    workflows: { ...createCancellationWorkflows(env.client, { taskQueue }), ...change },
    clock: { now: () => new Date() },
  });
}

async function aRequest() {
  const { reservationId, userId } = await buyNewSale(testbed, { cancellationPolicy: KEEPS_30_PERCENT });
  return { cancellationId: randomUUID(), reservationId, userId, seatIds: null };
}

describe('a cancellation that the API requests', () => {
  it('is withdrawn if a run ends without a decision, and the same request may be made again', async () => {
    const request = await aRequest();
    // That run had found an earlier request withdrawn, and this request joined it.
    const cancel = anApi({ decide: async () => Promise.resolve() })(request);

    await expect(cancel).rejects.toMatchObject({ slug: 'temporarily-unavailable' });

    expect(await requests().find(request.cancellationId)).toMatchObject({ status: 'WITHDRAWN' });
    expect(await testbed.books.reservationStatus(request.reservationId)).toBe('CONFIRMED');
    expect(await anApi()(request)).toMatchObject({ cancellationId: request.cancellationId, whole: true });
  });

  it('is decided by the time of its first request if it is already recorded', async () => {
    const request = await aRequest();
    const { cancellationId, reservationId } = request;
    const { owner } = testbed.database;
    // An API recorded the request in time, and died.
    await requests().request({ ...request, cause: 'CUSTOMER' });
    const [asked, show] = [new Date(Date.now() - 7_200_000), new Date(Date.now() - 3_600_000)];
    await owner('cancellation_requests').where({ id: cancellationId }).update({ requested_at: asked });
    await owner('reservations').where({ id: reservationId }).update({ starts_at: show });

    expect(await anApi()(request)).toMatchObject({ cancellationId, cancelledAt: asked });

    expect(await testbed.books.reservationStatus(reservationId)).toBe('CANCELLED');
  });

  it('is rejected if it is too late, and leaves no request', async () => {
    const request = await aRequest();
    const { cancellationId, reservationId } = request;
    await testbed.database
      .owner('reservations')
      .where({ id: reservationId })
      .update({ starts_at: new Date() });

    await expect(anApi()(request)).rejects.toMatchObject({ slug: 'not-cancellable' });

    expect(await requests().find(cancellationId)).toBeNull();
  });
});
