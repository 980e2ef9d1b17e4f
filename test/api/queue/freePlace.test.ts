import { createFreePlace } from '../../../src/api/payments/freePlace';
import { createLogger } from '../../../src/config/logging';
import { createReservationStore } from '../../../src/db/reservations/reservationStore';
import { logIn, startEdge, type Edge } from '../edge';

let edge: Edge;
beforeAll(async () => {
  edge = await startEdge();
});
afterAll(async () => edge.stop());

describe('freeing the place of a buyer', () => {
  it('ends without an error if Redis or Postgres is down', async () => {
    const { userId } = await logIn(edge);
    const { db, redis, admission, settings, clock } = edge.dependencies;
    const freePlace = createFreePlace({
      settings,
      reservations: createReservationStore(db),
      admission,
      clock,
      logger: createLogger('test', 'silent'),
    });
    redis.disconnect();
    await expect(freePlace(userId, 'service')).resolves.toBeUndefined();
    await db.destroy();
    await expect(freePlace(userId, 'service')).resolves.toBeUndefined();
  });
});
