import { randomUUID } from 'node:crypto';
import type { Fault } from '../../audit/fault';
import { START_MS, startService } from '../e2e/service';
import { startNaiveShop, type NaiveShop } from './naive/naiveShop';
import { rush } from './naive/rush';
import { BALANCE, LIMIT, POINTS, SEATS } from './naive/shop';

const RUSH_MS = 180_000;

describe('the auditor, for a naive booking service,', () => {
  let shop: NaiveShop;

  beforeEach(async () => {
    shop = await startNaiveShop();
  }, START_MS);
  afterEach(async () => shop?.stop());

  it('finds no fault if its buyers come one after the other', async () => {
    const [one, two] = [await shop.buyer(), await shop.buyer()];
    for (const buyer of [one, two]) {
      for (const seatId of shop.seatIds) {
        const { status, body } = await buyer.hold([seatId], { key: randomUUID() });
        if (status !== 201 || !isReservation(body)) continue;
        const payment = { key: randomUUID(), points: POINTS };
        expect((await buyer.pay(body.reservationId, payment)).status).toBe(200);
        // It can say that the reservation is paid. It has no response to repeat.
        expect((await buyer.pay(body.reservationId, payment)).status).toBe(409);
      }
    }

    expect(await soldSeats()).toBe(2 * LIMIT);
    expect(await shop.audit()).toEqual([]);
  });

  it(
    'convicts it after a rush',
    async () => {
      // Each check is passed before any other request has written.
      const { plain, repeating, greedy, late, bought } = await rush(shop, (requests) => requests);

      const faults = await shop.audit();

      const [seatId] = shop.seatIds;
      const reservations = (userId: string) =>
        bought.filter(({ buyer }) => buyer.userId === userId).map(({ reservationId }) => reservationId);
      const [r1, r2] = [reservations(plain.userId), reservations(repeating.userId)];
      expect([r1.length, r2.length]).toEqual([1, 2]);
      const [lateOrder = ''] = reservations(late.userId);
      const [doubled = ''] = reservations(greedy.userId);
      expectFault(faults, 1, `seat ${seatId} has 3 live allocations`);
      expectFault(faults, 2, `seat ${seatId} was confirmed for reservations`);
      expectFault(
        faults,
        3,
        `the wallet of ${greedy.userId} has ${BALANCE - POINTS}, and its entries say ${BALANCE - 4 * POINTS}`,
      );
      expectFault(faults, 4, `reservation ${doubled} was charged 2 times`);
      expectFault(faults, 4, `reservation ${lateOrder} was charged 2 times`);
      expectFault(faults, 5, `order ${lateOrder}: the ledger says 32000, the gateway's book 64000`);
      expectFault(faults, 7, `POST /v1/reservations of user ${repeating.userId}`);
      expectFault(faults, 7, `POST /v1/payments of user ${greedy.userId}`);
      expectFault(faults, 8, `reservation ${doubled} is CONFIRMED with 2 successful payments`);
      expectFault(
        faults,
        10,
        `user ${greedy.userId} has 3 seats of schedule ${shop.scheduleId}, which allows ${LIMIT}`,
      );
      expectFault(faults, 11, `seat ${seatId} has 3 valid tickets`);
      expect([...new Set(faults.map(({ invariant }) => invariant))]).toEqual([1, 2, 3, 4, 5, 7, 8, 10, 11]);
    },
    RUSH_MS,
  );

  async function soldSeats(): Promise<number> {
    return (await shop.owner('tickets').select('seat_id')).length;
  }
});

describe('the auditor, for Holdfast,', () => {
  it(
    'finds no fault after the same rush',
    async () => {
      const service = await startService();
      try {
        const { seatIds } = await service.openSale({ seats: SEATS, maxSeatsPerUser: LIMIT });
        const { worker, ownerDb: owner } = service.stack;
        const shop = {
          owner,
          seatIds,
          buyer: async () => service.buyer(BALANCE),
          kill: async () => worker.kill(),
          start: async () => worker.start(),
        };

        // Redis and Postgres stop the others before they would write.
        const { greedy, bought } = await rush(shop, () => 1);

        expect(bought.filter(({ buyer: { userId } }) => userId === greedy.userId)).toHaveLength(LIMIT);
        // The seat that two want, those of the greedy buyer, and the last one.
        expect(new Set(bought.map(({ seatId }) => seatId)).size).toBe(LIMIT + 2);
        expect(bought).toHaveLength(LIMIT + 2);
        expect(await service.faults()).toEqual([]);
      } finally {
        await service.stop();
      }
    },
    RUSH_MS + START_MS,
  );
});

function expectFault(faults: readonly Fault[], invariant: number, words: string): void {
  const found = faults.filter((fault) => fault.invariant === invariant).map(({ what }) => what);
  expect(found).toContainEqual(expect.stringContaining(words));
}

const isReservation = (body: unknown): body is { reservationId: string } =>
  typeof body === 'object' && body !== null && 'reservationId' in body;
