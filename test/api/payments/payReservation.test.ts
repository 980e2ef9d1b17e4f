import { randomUUID } from 'node:crypto';
import { createPayReservation } from '../../../src/api/payments/payReservation';
import {
  createReservationWorkflows,
  type ReservationWorkflows,
} from '../../../src/api/reservations/reservationWorkflows';
import { storesOf } from '../../../src/db/stores';
import { createSeatDirectory } from '../../../src/api/reservations/seatDirectory';
import { Problem } from '../../../src/domain/problems';
import { PRICE } from '../../support/factories';
import { holdOnStage } from '../../support/holdOnStage';
import { buildStage, type Stage } from '../../support/stage';

let stage: Stage;

beforeAll(async () => {
  stage = await buildStage();
}, 60_000);

afterEach(async () => stage.endTest());

afterAll(async () => stage?.drop());

/** The payment of the API without a waiting room. It uses the real workflows unless a test replaces them. */
function anApi(change: Partial<ReservationWorkflows> = {}) {
  const { database, dependencies, temporal } = stage;
  const { db } = database;
  const { taskQueue } = temporal;
  const { settleSeconds, logger } = dependencies;
  return createPayReservation({
    stores: storesOf(db),
    gateway: stage.gateway,
    directory: createSeatDirectory(db),
    admission: { requirePlace: async () => Promise.resolve('a-room') },
    workflows: {
      ...createReservationWorkflows(temporal.env.client, { taskQueue, settleSeconds, logger }),
      ...change,
    },
    freePlace: async () => Promise.resolve(),
    tryCard: async (_who, work) => work(),
  });
}

describe('a payment that joins a run that had found it withdrawn', () => {
  it('is withdrawn again, and its key gets a new try', async () => {
    const { reservationId, userId } = await holdOnStage(stage);
    const paymentId = randomUUID();
    const request = {
      paymentId,
      reservationId,
      userId,
      queueToken: undefined,
      points: PRICE,
      paymentKey: undefined,
      network: '127.0.0.1/32',
    };
    const withdrawn = new Problem('payment-failed', 'It was withdrawn.', { reason: 'withdrawn' });

    const joined = anApi({ pay: async () => Promise.reject(withdrawn) })(request);

    await expect(joined).rejects.toMatchObject({ slug: 'temporarily-unavailable' });
    expect(await storesOf(stage.database.db).payments.find(paymentId)).toMatchObject({
      status: 'WITHDRAWN',
    });
    expect(await anApi()(request)).toMatchObject({ paymentId, status: 'SUCCEEDED' });
  });
});
