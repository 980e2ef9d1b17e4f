import { randomUUID } from 'node:crypto';
import { createCancelReservation } from '../../../src/api/cancellations/cancelReservation';
import {
  createCancellationWorkflows,
  type CancellationWorkflows,
} from '../../../src/api/cancellations/cancellationWorkflows';
import { createReadFacts } from '../../../src/api/cancellations/readFacts';
import { createCancellationRequestStore } from '../../../src/db/cancellations/cancellationRequestStore';
import { storesOf } from '../../../src/db/stores';
import { buyOnStage } from '../../support/buyOnStage';
import { KEEPS_30_PERCENT } from '../../support/factories';
import { buildStage, type Stage } from '../../support/stage';

let stage: Stage;

beforeAll(async () => {
  stage = await buildStage();
}, 60_000);

afterEach(async () => stage.endTest());

afterAll(async () => stage?.drop());

const requests = () => createCancellationRequestStore(stage.database.db);

/** The cancellation of the API. It uses the real workflows unless a test replaces them. */
function anApi(change: Partial<CancellationWorkflows> = {}) {
  const { db } = stage.database;
  const { env, taskQueue } = stage.temporal;
  const stores = storesOf(db);
  return createCancelReservation({
    stores,
    readFacts: createReadFacts(stores.reservations, stores.cancellations),
    workflows: { ...createCancellationWorkflows(env.client, { taskQueue }), ...change },
  });
}

async function aRequest() {
  const { reservationId, userId } = await buyOnStage(stage, { cancellationPolicy: KEEPS_30_PERCENT });
  return { cancellationId: randomUUID(), reservationId, userId, seatIds: null };
}

describe('a cancellation that the API requests', () => {
  it('is withdrawn if a run ends without a decision, and the same request may be made again', async () => {
    const request = await aRequest();
    // That run had found an earlier request withdrawn, and this request joined it.
    const cancel = anApi({ decide: async () => Promise.resolve() })(request);

    await expect(cancel).rejects.toMatchObject({ slug: 'temporarily-unavailable' });

    expect(await requests().find(request.cancellationId)).toMatchObject({ status: 'WITHDRAWN' });
    expect(await stage.books.reservationStatus(request.reservationId)).toBe('CONFIRMED');
    expect(await anApi()(request)).toMatchObject({ cancellationId: request.cancellationId, whole: true });
  });

  it('is decided by the time of its first request if it is already recorded', async () => {
    const request = await aRequest();
    const { cancellationId, reservationId } = request;
    const { owner } = stage.database;
    // An API recorded the request in time, and died.
    await requests().request({ ...request, cause: 'CUSTOMER' });
    const [asked, show] = [new Date(Date.now() - 7_200_000), new Date(Date.now() - 3_600_000)];
    await owner('cancellation_requests').where({ id: cancellationId }).update({ requested_at: asked });
    await owner('reservations').where({ id: reservationId }).update({ starts_at: show });

    expect(await anApi()(request)).toMatchObject({ cancellationId, cancelledAt: asked });

    expect(await stage.books.reservationStatus(reservationId)).toBe('CANCELLED');
  });

  it('is rejected if it is too late, and leaves no request', async () => {
    const request = await aRequest();
    const { cancellationId, reservationId } = request;
    await stage.database.owner('reservations').where({ id: reservationId }).update({ starts_at: new Date() });

    await expect(anApi()(request)).rejects.toMatchObject({ slug: 'not-cancellable' });

    expect(await requests().find(cancellationId)).toBeNull();
  });
});
