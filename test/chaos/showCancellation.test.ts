import * as contract from '../e2e/contract';
import { expectAnswer } from '../e2e/client';
import { expectHold, R_TOTAL } from '../e2e/sale';
import { START_MS, startPrivateService, type Service } from '../e2e/service';
import { eventually } from '../support/eventually';
import type { PrivateStack } from '../support/privateStack';

/** Time for deaths, starts, and tasks of dead workers, which other workers get after 10 s each. */
const SURVIVED_MS = 180_000;

/** The payment keys of each show. The gateway loses the response to some of the refunds. */
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

/** Waits until this number of reservations of the show is refunded. */
async function untilRefunded(path: string, count: number): Promise<void> {
  await eventually(async () => {
    const view = expectAnswer(await service.operator.get(path), 200, contract.showCancellation);
    if ((view.counts['refunded'] ?? 0) < count) throw new Error(JSON.stringify(view));
  }, SURVIVED_MS);
}

/** The cancellation is done, and by its own book the gateway has refunded each reservation whole, and once. */
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

describe('A show cancellation refunds every buyer once', () => {
  it(
    'although the worker is killed in the middle, repeatedly',
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
    'although the API dies right after it has recorded the cancellation, and no client asks again',
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
