import { setTimeout as sleep } from 'node:timers/promises';
import * as contract from '../e2e/contract';
import { expectAnswer } from '../e2e/client';
import { expectHold, PRICES, seatStatus } from '../e2e/sale';
import { START_MS, startPrivateService, type Service } from '../e2e/service';
import { eventually } from '../support/eventually';
import type { PrivateStack } from '../support/privateStack';

const HOLD_SECONDS = 8;
/** Design, invariant 6. */
const FREED_WITHIN_MS = 5_000;
const DOWN_MS = 90_000;

let service: Service<PrivateStack>;

beforeAll(async () => {
  service = await startPrivateService({ HOLD_SECONDS: String(HOLD_SECONDS) });
}, START_MS);
afterAll(async () => service.end(), START_MS);

/** Waits until an instant. No running process could report it. */
const until = async (instant: string) => sleep(Math.max(0, Date.parse(instant) - Date.now()));

/** A request gets no response if its server dies. */
const expectCut = (request: Promise<unknown>) => expect(request).rejects.toThrow('fetch failed');

describe('Everything is killed and stays down across the end of a hold', () => {
  it(
    'the seat is free within 5 s of the start, and the paid seat stays sold',
    async () => {
      const [{ scheduleId, seatIds }, holder, owner] = await Promise.all([
        service.openSale(),
        service.buyer(),
        service.buyer(2 * PRICES.R),
      ]);
      const [heldSeat = '', soldSeat = ''] = seatIds;
      const bought = await expectHold(owner, [soldSeat]);
      expectAnswer(await owner.pay(bought.reservationId), 200, contract.paid);
      const { reservationId, expiresAt } = await expectHold(holder, [heldSeat]);

      await service.stack.killEverything();
      await until(expiresAt);
      await service.stack.startAgain();

      await eventually(
        async () => expect(await seatStatus(holder, scheduleId, heldSeat)).toBe('AVAILABLE'),
        FREED_WITHIN_MS,
      );
      expect((await holder.reservation(reservationId)).status).toBe('EXPIRED');
      expect(await seatStatus(owner, scheduleId, soldSeat)).toBe('SOLD');
      expect((await owner.reservation(bought.reservationId)).status).toBe('CONFIRMED');
      const next = await expectHold(owner, [heldSeat]);
      expectAnswer(await owner.pay(next.reservationId), 200, contract.paid);
      expect(await owner.balance()).toBe(0);
    },
    DOWN_MS,
  );
});

describe('Everything is killed while a card is charged', () => {
  it(
    'and started again after the end of the hold: no user has lost points, and no charge is kept for nothing',
    async () => {
      const [{ scheduleId, seatIds }, user] = await Promise.all([
        service.openSale(),
        service.buyer(PRICES.R),
      ]);
      const { reservationId, expiresAt } = await expectHold(user, seatIds.slice(0, 1));
      const paying = user.pay(reservationId, { points: 20_000, paymentKey: 'sandbox:timeout-after-charge' });
      const cut = expectCut(paying);
      await eventually(async () => expect(await service.charges(reservationId)).toHaveLength(1));

      await service.stack.killEverything();
      await cut;
      await until(expiresAt);
      await service.stack.startAgain();

      const { status } = await eventually(async () => {
        const reservation = await user.reservation(reservationId);
        expect(['CONFIRMED', 'EXPIRED']).toContain(reservation.status);
        return reservation;
      }, 30_000);
      const paid = status === 'CONFIRMED';
      await eventually(async () => expect(await user.balance()).toBe(PRICES.R - (paid ? 20_000 : 0)));
      expect(await seatStatus(user, scheduleId, seatIds[0])).toBe(paid ? 'SOLD' : 'AVAILABLE');
      await eventually(async () =>
        expect(await service.charges(reservationId)).toMatchObject([
          { status: paid ? 'CAPTURED' : 'REFUNDED' },
        ]),
      );
    },
    DOWN_MS,
  );
});
