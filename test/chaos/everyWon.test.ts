import * as fc from 'fast-check';
import { z } from 'zod';
import { withSnapshot } from '../../audit/evidence/database';
import { auditLedger } from '../../audit/ledger/audit';
import { expectAnswer, expectStatus, type User } from '../e2e/client';
import { PRICES } from '../e2e/sale';
import { START_MS, startService, type Service } from '../e2e/service';
import { eventually } from '../support/eventually';

/** `RUN_SEED=<number>` repeats a run. */
const SEED = Number(process.env['RUN_SEED'] ?? Date.now() % 1_000_000);
const PURCHASES = 500;
const AT_ONCE = 16;
const BUYERS = 20;
const SALES = 5;
const SEATS = 60;
const RUN_MS = 600_000;
/** A refund that the gateway refuses is tried again after 10 s, and then after 20 s. */
const QUIET_MS = 90_000;

/** How a gateway may treat a charge. The common ways come first. */
const PAYMENT_KEYS = [
  'sandbox:approve',
  'sandbox:approve',
  'sandbox:approve',
  'sandbox:approve',
  'sandbox:decline',
  'sandbox:insufficient-funds',
  'sandbox:error-after-charge',
  'sandbox:error-500',
  'sandbox:flaky:1',
  'sandbox:slow:300',
  'sandbox:authorise',
  'sandbox:authorise-refused',
  'sandbox:authorise-timeout',
  'sandbox:timeout-after-charge',
  'sandbox:late-look-up:2500',
  'sandbox:outage:2500',
  'sandbox:refund-refused:1',
  'sandbox:refund-error:2',
  'sandbox:refund-timeout:1',
] as const;

interface Purchase {
  buyer: number;
  sale: number;
  seats: number[];
  /** Percent of the price of the seats. */
  points: number;
  paymentKey: (typeof PAYMENT_KEYS)[number];
  /** The step after the hold. */
  next: 'pay' | 'pay twice at once' | 'release' | 'forget';
  /** Whether the buyer tries again after a failure, with an approving card. */
  persistent: boolean;
  cancels: 'no' | 'once' | 'twice at once';
  /** The points that the buyer buys first, with the same card. */
  topUp: number | null;
}

const purchase: fc.Arbitrary<Purchase> = fc.record({
  buyer: fc.nat(BUYERS - 1),
  sale: fc.nat(SALES - 1),
  seats: fc.uniqueArray(fc.nat(SEATS - 1), { minLength: 1, maxLength: 3 }),
  points: fc.constantFrom(0, 25, 100),
  paymentKey: fc.constantFrom(...PAYMENT_KEYS),
  next: fc.constantFrom('pay', 'pay', 'pay', 'pay', 'pay twice at once', 'release', 'forget'),
  persistent: fc.boolean(),
  cancels: fc.constantFrom('no', 'once', 'twice at once'),
  topUp: fc.option(fc.integer({ min: 1_000, max: 100_000 }), { freq: 3 }),
});

let service: Service;

beforeAll(async () => {
  service = await startService({ HOLD_SECONDS: '8', SETTLE_SECONDS: '6', RECONCILE_AFTER_SECONDS: '1' });
}, START_MS);
// The audit checks what is left: seats, tickets, the ledger, and the book of the gateway against both.
afterAll(async () => service.end(), START_MS);

const reconciliation = z.looseObject({
  gateways: z.array(
    z.looseObject({
      lastRun: z.looseObject({ startedAt: z.string(), read: z.looseObject({ charges: z.int() }) }).nullable(),
    }),
  ),
  explained: z.number().nullable(),
  items: z.array(z.looseObject({ status: z.string() })),
});

describe('Five hundred random purchases, failures and cancellations', () => {
  it(
    `end with all money explained (RUN_SEED=${SEED})`,
    async () => {
      const sales = await Promise.all(
        Array.from({ length: SALES }, async () => service.openSale({ seats: SEATS, maxSeatsPerUser: 100 })),
      );
      const buyers = await Promise.all(Array.from({ length: BUYERS }, async () => service.buyer(500_000)));
      const counts = new Map<string, number>();

      await inParallel(fc.sample(purchase, { numRuns: PURCHASES, seed: SEED }), async (wish, index) => {
        // The worst moments: the worker dies in the middle of everything, and later the gateway does.
        if (index === 170) await crash('worker');
        if (index === 340) await crash('gateway');
        const [buyer, sale] = [buyers[wish.buyer], sales[wish.sale]];
        if (!buyer || !sale) throw new Error('no such buyer or sale');
        const seatIds = wish.seats.map((seat) => sale.seatIds[seat] ?? '');
        for (const outcome of await buy(buyer, seatIds, wish)) {
          counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
        }
      });

      // A run without these outcomes would prove nothing.
      const kinds = ['hold 201', 'hold 409', 'pay 200', 'pay 202', 'pay 500', 'cancel 200', 'release 204'];
      expect([...counts.keys()]).toEqual(expect.arrayContaining([...kinds, 'top-up 201', 'top-up 500']));
      await expectExplained();
    },
    RUN_MS,
  );
});

/** Refused refunds are tried again after some seconds. Once all work is done, the books agree. */
async function expectExplained(): Promise<void> {
  await eventually(async () => {
    const now = Date.now();
    expectStatus(await service.operator.post('/v1/admin/reconciliation/runs', {}), 202);
    await eventually(async () => {
      const [sandbox] = (await readReconciliation()).gateways;
      expect(Date.parse(sandbox?.lastRun?.startedAt ?? '')).toBeGreaterThan(now);
    });
    const { gateways, explained, items } = await readReconciliation();
    expect(gateways[0]?.lastRun?.read.charges).toBeGreaterThan(100);
    expect(explained).toBe(1);
    expect(items.filter(({ status }) => status !== 'RESOLVED')).toEqual([]);
  }, QUIET_MS);
  const report = await withSnapshot(service.stack.databaseUrl, async (snapshot) =>
    auditLedger(snapshot, { onFault: () => undefined }),
  );
  expect(report.faults).toBe(0);
}

async function readReconciliation() {
  return expectAnswer(await service.operator.get('/v1/admin/reconciliation?limit=200'), 200, reconciliation);
}

async function crash(part: 'worker' | 'gateway'): Promise<void> {
  await service.stack[part].kill();
  await service.stack[part].start();
}

/** @returns the responses, such as `pay 500` */
async function buy(buyer: User, seatIds: readonly string[], wish: Purchase): Promise<string[]> {
  const { next, persistent, cancels, paymentKey, topUp } = wish;
  const answers: string[] = [];
  const told = <Answer extends { status: number }>(what: string, reply: Answer): Answer => {
    answers.push(`${what} ${reply.status}`);
    return reply;
  };

  if (topUp !== null) told('top-up', await buyer.topUp(topUp, { paymentKey }));
  const hold = told('hold', await buyer.hold(seatIds));
  if (hold.status !== 201) return answers;
  const reservationId = reservationIdOf(hold.body);
  if (next === 'forget') return answers;
  if (next === 'release') {
    told('release', await buyer.release(reservationId));
    return answers;
  }
  const points = Math.floor((seatIds.length * PRICES.R * wish.points) / 100);
  const attempts = Array.from({ length: next === 'pay' ? 1 : 2 }, async () =>
    buyer.pay(reservationId, { points, paymentKey }),
  );
  for (const reply of await Promise.all(attempts)) told('pay', reply);
  if (persistent) told('pay', await buyer.pay(reservationId, { points: 0 }));
  const cancellations = { no: 0, once: 1, 'twice at once': 2 }[cancels];
  const path = `/v1/reservations/${reservationId}/cancellation`;
  const cancelled = Array.from({ length: cancellations }, async () => buyer.post(path, {}));
  for (const reply of await Promise.all(cancelled)) told('cancel', reply);
  return answers;
}

function reservationIdOf(body: unknown): string {
  if (typeof body === 'object' && body !== null && 'reservationId' in body) return String(body.reservationId);
  throw new Error('a hold without a reservation');
}

/** Handles several items at once, in order. */
async function inParallel<Item>(
  items: readonly Item[],
  work: (item: Item, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lanes = Array.from({ length: AT_ONCE }, async () => {
    while (next < items.length) {
      const index = next;
      next += 1;
      const item = items[index];
      if (item !== undefined) await work(item, index);
    }
  });
  await Promise.all(lanes);
}
