import * as contract from '../e2e/contract';
import { expectAnswer, expectProblem } from '../e2e/client';
import { expectHold, PRICES, seatStatus } from '../e2e/sale';
import { START_MS, startService, type Service } from '../e2e/service';
import { eventually } from '../support/eventually';

const HOLD_SECONDS = 10;
const SETTLE_SECONDS = 4;
/** How late a timer may be on a busy machine. */
const SLACK_MS = 15_000;

let service: Service;

beforeAll(async () => {
  service = await startService({
    HOLD_SECONDS: String(HOLD_SECONDS),
    SETTLE_SECONDS: String(SETTLE_SECONDS),
  });
}, START_MS);
afterAll(async () => service.end(), START_MS);

describe('A gateway that freezes during a payment', () => {
  it('makes the payment SETTLING, keeps the seats until the bound and no longer, and charges no user', async () => {
    const [sale, user] = await Promise.all([service.openSale(), service.buyer(PRICES.R)]);
    const [seatId = ''] = sale.seatIds;
    const { reservationId, expiresAt } = await expectHold(user, [seatId]);
    const { gateway } = service.stack;
    gateway.signal('SIGSTOP');

    const reply = await user.pay(reservationId);
    const settling = expectAnswer(reply, 202, contract.settling);
    expect(reply.headers.get('Location')).toBe(`/v1/payments/${settling.paymentId}`);
    expect(Number(reply.headers.get('Retry-After'))).toBeGreaterThan(0);

    const joined = expectAnswer(await user.pay(reservationId), 202, contract.settling);
    expect(joined.paymentId).toBe(settling.paymentId);
    expectProblem(await user.release(reservationId), 409, 'reservation-not-releasable');
    expect(await seatStatus(user, sale.scheduleId, seatId)).toBe('HELD');

    const bound = Date.parse(expiresAt) + SETTLE_SECONDS * 1_000;
    await eventually(
      async () => {
        expect((await user.reservation(reservationId)).status).toBe('EXPIRED');
      },
      bound - Date.now() + SLACK_MS,
    );
    expect(Date.now()).toBeGreaterThanOrEqual(bound);
    expect(await seatStatus(user, sale.scheduleId, seatId)).toBe('AVAILABLE');
    expect(await user.balance()).toBe(PRICES.R);
    await expectHold(await service.buyer(), [seatId]);

    // Now the gateway gets at once everything that was sent while it was frozen: charge, look-ups and voids.
    gateway.signal('SIGCONT');
    await eventually(async () => {
      const payment = expectAnswer(
        await user.get(`/v1/payments/${settling.paymentId}`),
        200,
        contract.payment,
      );
      expect(payment.status).toBe('FAILED');
      const charges = await service.charges(reservationId);
      expect(charges.filter(({ status }) => status === 'CAPTURED')).toEqual([]);
      const workflow = await service.temporal.workflow.getHandle(`reservation-${reservationId}`).describe();
      expect(workflow.status.name).toBe('COMPLETED');
    }, SLACK_MS + 30_000);
  }, 120_000);
});
