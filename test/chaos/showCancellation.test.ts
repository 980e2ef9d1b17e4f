import * as contract from '../e2e/contract';
import { expectAnswer } from '../e2e/client';
import { expectHold, R_TOTAL } from '../e2e/sale';
import { START_MS, startPrivateService, type Service } from '../e2e/service';
import { eventually } from '../support/eventually';
import type { PrivateStack } from '../support/privateStack';

/** Deaths, starts, and tasks of the dead that are given to others after 10 s each. */
const SURVIVED_MS = 180_000;

/** Of each show; refunds whose answer the gateway loses are among them. */
const KEYS = ['sandbox:approve', 'sandbox:refund-timeout:1', 'sandbox:approve', 'sandbox:refund-error:1'];

let service: Service<PrivateStack>;

beforeAll(async () => {
  service = await startPrivateService();
}, 2 * START_MS);
afterAll(async () => service.end(), START_MS);

async function aSoldShow() {
  const sale = await service.openSale({ seats: 12, maxSeatsPerUser: 12 });
  const user = await service.buyer();
  const reservationIds: string[] = [];
  for (const [index, seatId] of sale.seatIds.entries()) {
    const { reservationId } = await expectHold(user, [seatId]);
    const paymentKey = KEYS[index % KEYS.length] ?? '';
    expectAnswer(await user.pay(reservationId, { points: 0, paymentKey }), 200, contract.paid);
    reservationIds.push(reservationId);
  }
  return { ...sale, path: `/v1/admin/schedules/${sale.scheduleId}/cancellation`, reservationIds };
}

const cancelShow = async (path: string) => service.operator.post(path, { refundsPerSecond: 2 });

/** Waits until so many of the show's reservations are refunded. */
async function untilRefunded(path: string, count: number): Promise<void> {
  await eventually(async () => {
    const view = expectAnswer(await service.operator.get(path), 200, contract.showCancellation);
    if ((view.counts['refunded'] ?? 0) < count) throw new Error(JSON.stringify(view));
  }, SURVIVED_MS);
}

/** Done, and by the gateway's own book each reservation was refunded whole, and once. */
async function expectEachRefundedOnce({ path, reservationIds }: Awaited<ReturnType<typeof aSoldShow>>) {
  await eventually(async () => {
    const view = expectAnswer(await service.operator.get(path), 200, contract.showCancellation);
    if (view.status !== 'DONE') throw new Error(JSON.stringify(view));
  }, SURVIVED_MS);
  for (const reservationId of reservationIds) {
    const lines = await service.charges(reservationId);
    const refunds = lines.flatMap((line) => ('refunds' in line ? line.refunds : []));
    expect(refunds.map((refund) => refund.amount)).toEqual([R_TOTAL]);
  }
}

describe('A show is being cancelled, and everybody is refunded once', () => {
  it(
    'although the worker is killed in the middle, again and again',
    async () => {
      const { worker } = service.stack;
      const show = await aSoldShow();
      expectAnswer(await cancelShow(show.path), 202, contract.showCancellation);

      for (const refunded of [1, 4, 8]) {
        await untilRefunded(show.path, refunded);
        await worker.kill();
        await worker.start();
      }

      await expectEachRefundedOnce(show);
    },
    SURVIVED_MS,
  );

  it(
    'although the API dies right after it has recorded that, and nobody asks again',
    async () => {
      const { api, ownerDb } = service.stack;
      const { temporal } = service.stack.servers();
      const show = await aSoldShow();
      // The API records the cancellation, and then waits for Temporal.
      temporal.signal('SIGSTOP');
      try {
        const asking = cancelShow(show.path).catch((error: unknown) => error);
        await eventually(async () => {
          const found = await ownerDb('show_cancellations').where({ schedule_id: show.scheduleId });
          expect(found).toHaveLength(1);
        });
        await api.kill();
        expect(await asking).toMatchObject({ message: 'fetch failed' });
      } finally {
        temporal.signal('SIGCONT');
      }
      await api.start();

      await expectEachRefundedOnce(show);
    },
    SURVIVED_MS,
  );

  it(
    'although everything dies at once in the middle',
    async () => {
      const show = await aSoldShow();
      expectAnswer(await cancelShow(show.path), 202, contract.showCancellation);
      await untilRefunded(show.path, 3);

      await service.stack.killEverything();
      await service.stack.startAgain();

      await expectEachRefundedOnce(show);
    },
    SURVIVED_MS,
  );
});
