import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import * as fc from 'fast-check';
import { approvingCard } from '../cards';
import { command, pick, type ModelCommand } from '../command';
import { freeSeats, holdOutcome } from '../rules';
import { expectOutcome } from '../outcome';
import { finalReply, killWorker, userOf } from '../world';
import { index, names, takeHold } from './holds';
import { payable } from './pairs';
import { takePayment } from './payments';

const FROZEN_MS = 2_000;

export const flushRedis = fc.constant(
  command({
    name: 'flushRedis()',
    async play(_, { service }) {
      await service.stack.redis.flushdb();
      return 'Redis loses everything';
    },
  }),
);

export const restartWorker = fc.constant(
  command({
    name: 'restartWorker()',
    isAlone: true,
    async play(_, world) {
      await killWorker(world);
      return 'the worker is killed and starts again';
    },
  }),
);

/** The worker dies while a payment is under way. The same key gets the outcome in the end, and it is paid once. */
export const payBesideKill = fc
  .record({ reservation: index, paymentKey: approvingCard, afterMs: fc.nat({ max: 150 }) })
  .map(({ reservation: chosen, paymentKey, afterMs }): ModelCommand =>
    command({
      name: `payBesideKill(${chosen}, ${paymentKey}, ${afterMs})`,
      isAlone: true,
      isPossible: (model) => payable(model, 'none').length > 0,
      async play(model, world) {
        const reservation = pick(payable(model, 'none'), chosen);
        const { owner, reservationId, name } = reservation;
        const key = randomUUID();
        const request = async () => userOf(world, owner).pay(reservationId, { points: 0, paymentKey, key });
        const [first] = await Promise.all([request(), sleep(afterMs).then(async () => killWorker(world))]);
        // 202 and 503 are not final: the same key gets the final response later.
        const last = first.status === 200 ? first : await finalReply(world, request, [202, 503]);
        takePayment(reservation, 0, last);
        return `${owner.name} pays ${name} with ${paymentKey} while the worker dies: legal`;
      },
    }),
  );

/** A hold needs no worker. A payment waits for it. */
export const freezeWorker = fc
  .record({ buyer: index, reservation: index, paymentKey: approvingCard })
  .map(({ buyer: by, reservation: chosen, paymentKey }): ModelCommand =>
    command({
      name: `freezeWorker(${by}, ${chosen}, ${paymentKey})`,
      isAlone: true,
      async play(model, world) {
        const { worker } = world.service.stack;
        const buyer = pick(model.buyers, by);
        const wanted = freeSeats(model).slice(0, 1);
        const outcome = holdOutcome(model, buyer, wanted);
        const paying = payable(model, 'none');
        const reservation = paying.length > 0 ? pick(paying, chosen) : null;
        worker.signal('SIGSTOP');
        const thawed = sleep(FROZEN_MS).then(() => worker.signal('SIGCONT'));
        const paid = reservation
          ? userOf(world, reservation.owner).pay(reservation.reservationId, {
              points: 0,
              paymentKey,
              key: randomUUID(),
            })
          : null;
        const lines: string[] = ['the worker freezes'];
        const began = Date.now();
        if (wanted.length > 0) {
          const held = await userOf(world, buyer).hold(wanted.map(({ seatId }) => seatId));
          expectOutcome(held, outcome);
          expectBefore(began + FROZEN_MS);
          if (outcome.status === 201) takeHold(model, buyer, held, wanted);
          lines.push(`${buyer.name} holds ${names(wanted)}: ${outcome.status}`);
        }
        await thawed;
        if (reservation && paid) {
          takePayment(reservation, 0, await paid);
          lines.push(`${reservation.owner.name} pays ${reservation.name}: 200`);
        }
        return lines.join('; ');
      },
    }),
  );

function expectBefore(instant: number): void {
  expect(Date.now()).toBeLessThan(instant);
}
