import { eventually } from '../support/eventually';
import * as contract from './contract';
import { expectAnswer, expectProblem } from './client';
import { expectHold, PRICES } from './sale';
import { START_MS, startService, type Service } from './service';

/** Charges without a word after which no more are sent. */
const FAILURES_IN_A_ROW = 10;

let service: Service;

beforeAll(async () => {
  service = await startService();
}, START_MS);
afterAll(async () => service.end(), START_MS);

async function holders(count: number) {
  const [sale, users] = await Promise.all([
    service.openSale({ seats: count }),
    Promise.all(Array.from({ length: count }, async () => service.buyer(PRICES.R))),
  ]);
  return Promise.all(
    users.map(async (user, index) => {
      const { reservationId } = await expectHold(user, [sale.seatIds[index] ?? '']);
      return { user, reservationId };
    }),
  );
}

describe('while the gateway is down', () => {
  it('most customers hear so at once, nobody loses anything, and it is over when the gateway is back', async () => {
    const first = await holders(FAILURES_IN_A_ROW);
    const [second] = await holders(1);
    if (!second) throw new Error('nobody holds a seat');
    await service.stack.gateway.kill();

    const unanswered = await Promise.all(
      first.map(async ({ user, reservationId }) => user.pay(reservationId, { points: 10_000 })),
    );
    expect(unanswered.map(({ status }) => status)).toEqual(first.map(() => 202));

    const began = performance.now();
    const reply = await second.user.pay(second.reservationId, { points: 10_000 });
    const topUp = await second.user.topUp(10_000);
    expect(performance.now() - began).toBeLessThan(3_000);
    expectProblem(reply, 500, 'payment-failed', { reason: 'gateway-unavailable' });
    expectProblem(topUp, 500, 'payment-failed', { reason: 'gateway-unavailable' });
    expect(await second.user.balance()).toBe(PRICES.R);
    expect((await second.user.reservation(second.reservationId)).status).toBe('HELD');

    await service.stack.gateway.start();
    await eventually(
      async () =>
        expectAnswer(await second.user.pay(second.reservationId, { points: 10_000 }), 200, contract.paid),
      20_000,
    );
    await eventually(async () => {
      const now = await Promise.all(
        first.map(async ({ user, reservationId }) => (await user.reservation(reservationId)).status),
      );
      expect(new Set(now)).toEqual(new Set(['HELD']));
    }, 40_000);
    // The audit at the end of this suite holds the books against each other.
  }, 120_000);
});
