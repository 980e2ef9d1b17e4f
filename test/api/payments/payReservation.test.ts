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
import { holdNewSale } from '../../support/holdNewSale';
import { createTestbed, type Testbed } from '../../support/testbed';

let testbed: Testbed;

beforeAll(async () => {
  testbed = await createTestbed();
}, 60_000);

afterEach(async () => testbed.endTest());

afterAll(async () => testbed?.drop());

/** The payment of the API without a waiting room. It uses the real workflows unless a test replaces them. */
function anApi(change: Partial<ReservationWorkflows> = {}) {
  const { database, dependencies, temporal } = testbed;
  const { db } = database;
  const { taskQueue } = temporal;
  const { settleSeconds, logger } = dependencies;
  return createPayReservation({
    stores: storesOf(db),
    gateway: testbed.gateway,
    directory: createSeatDirectory(db),
    admission: { requirePlace: async () => Promise.resolve('a-room') },
    workflows: {
      ...createReservationWorkflows(temporal.env.client, { taskQueue, settleSeconds, logger }),
      ...change,
    },
    freePlace: async () => Promise.resolve(),
    tryCard: async (_who, work) => work(),
    clock: { now: () => new Date() },
  });
}

describe('a payment that joins a run that had found it withdrawn', () => {
  it('is withdrawn again, and its key gets a new try', async () => {
    const { reservationId, userId } = await holdNewSale(testbed);
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
    expect(await storesOf(testbed.database.db).payments.find(paymentId)).toMatchObject({
      status: 'WITHDRAWN',
    });
    expect(await anApi()(request)).toMatchObject({ paymentId, status: 'SUCCEEDED' });
  });
});
