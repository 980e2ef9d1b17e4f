import { eventually } from '../support/eventually';
import * as contract from './contract';
import { expectAnswer, expectProblem } from './client';
import { expectHold, PRICES } from './sale';
import { START_MS, startService, type Service } from './service';

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

/** The state of the circuit, which shows whether the worker sends charges. */
async function circuit(): Promise<string | undefined> {
  const text = await (await fetch(service.stack.workerMetricsUrl)).text();
  return /^holdfast_gateway_circuit\{gateway="sandbox",state="([a-z]+)"\} 1$/m.exec(text)?.[1];
}

describe('while the gateway is down', () => {
  it('most payments fail at once, no user loses anything, and payments work again when the gateway is back', async () => {
    const [first, second] = await holders(2);
    if (!first || !second) throw new Error('no user holds a seat');
    await service.stack.gateway.kill();

    const unanswered = await first.user.pay(first.reservationId, { points: 10_000 });
    expectAnswer(unanswered, 202, contract.settling);

    await eventually(async () => expect(await circuit()).toBe('open'));
    const began = performance.now();
    const reply = await second.user.pay(second.reservationId, { points: 10_000 });
    const topUp = await second.user.topUp(10_000);
    expect(performance.now() - began).toBeLessThan(3_000);
    expectProblem(reply, 500, 'payment-failed', { reason: 'gateway-unavailable' });
    expectProblem(topUp, 500, 'payment-failed', { reason: 'gateway-unavailable' });
    expect(await second.user.balance()).toBe(PRICES.R);
    expect((await second.user.reservation(second.reservationId)).status).toBe('HELD');

    await service.stack.gateway.start();
    await eventually(async () => expect(await circuit()).toBe('closed'));
    expectAnswer(await second.user.pay(second.reservationId, { points: 10_000 }), 200, contract.paid);
    await eventually(
      async () => expect((await first.user.reservation(first.reservationId)).status).toBe('HELD'),
      40_000,
    );
    // The audit at the end of this suite compares the books with each other.
  }, 120_000);
});

describe('while the charges of one client get no response', () => {
  it('the payments of other clients are not rejected', async () => {
    const [client, other] = await holders(2);
    if (!client || !other) throw new Error('no user holds a seat');
    const slow = Array.from({ length: 30 }, async () =>
      client.user.topUp(10_000, { paymentKey: 'sandbox:timeout' }),
    );

    const replies = await Promise.all(slow);

    for (const reply of replies) expectProblem(reply, 500, 'payment-failed', { reason: 'timeout' });
    const paid = await other.user.pay(other.reservationId, { points: 10_000 });
    expectAnswer(paid, 200, contract.paid);
  }, 60_000);
});
