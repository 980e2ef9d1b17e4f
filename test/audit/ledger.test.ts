import * as fc from 'fast-check';
import type { Knex } from 'knex';
import { createActivities, type Activities } from '../../src/activities';
import type { PaymentStep } from '../support/steps';
import { withSnapshot } from '../../audit/evidence/database';
import { auditLedger, type LedgerReport } from '../../audit/ledger/audit';
import { createCancelling } from '../support/cancelling';
import { BOOKING_FEE, PRICE } from '../support/factories';
import { ENTRIES_OF_PURCHASE, writeLargeLedger } from '../support/largeLedger';
import { createPurchases, type BoughtPoints, type Purchases } from '../support/purchases';
import { createFixture, type Fixture } from '../support/fixture';

let fixture: Fixture;
let activities: Activities;
let purchases: Purchases;

beforeEach(async () => {
  fixture = await createFixture();
  activities = createActivities(fixture.dependencies);
  purchases = createPurchases(fixture, activities);
});

afterEach(async () => fixture?.drop());

/** Audits with the role of the application, which is enough for the audit. */
async function audit(): Promise<LedgerReport & { found: string[] }> {
  const found: string[] = [];
  const report = await withSnapshot(fixture.database.url, async (snapshot) =>
    auditLedger(snapshot, {
      onFault: ({ journal, what }) => void found.push(`${journal ?? '-'} ${what}`),
    }),
  );
  return { ...report, found };
}

/** Cancels as the organiser: everything is refunded. The card part is refunded only if `isRefunded` is true. */
async function cancel({ reservationId }: PaymentStep, isRefunded: boolean): Promise<string> {
  const cancelling = createCancelling(fixture, activities);
  const { cancellationId, decision } = await cancelling.cancel(reservationId);
  const isDue = decision.status === 'CANCELLED' && decision.nextRefund !== null;
  if (isRefunded && isDue) await cancelling.refund(cancellationId);
  return cancellationId;
}

describe('a ledger without changes from outside', () => {
  it('has no fault after any mix of purchases, failures, cancellations and open payments', async () => {
    const step = fc.constantFrom('points', 'seat', 'failed', 'open', 'cancelled', 'refund due', 'refunded');
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ step, byPoints: fc.boolean() }), { maxLength: 12 }),
        async (steps) => {
          for (const { step: what, byPoints } of steps) await play(what, byPoints ? PRICE : 0);
          const { found, faults } = await audit();
          expect(found).toEqual([]);
          expect(faults).toBe(0);
        },
      ),
      { numRuns: 5 },
    );
  }, 60_000);

  it('is reported in figures: the rows that were read, and the sum of each account', async () => {
    await purchases.buySeat(PRICE);
    await cancel(await purchases.buySeat(0), false);

    const { read, accounts, faults } = await audit();

    expect(faults).toBe(0);
    expect(read).toEqual({ journals: 5, payments: 2, 'top-ups': 1, wallets: 2 });
    expect(accounts.map(({ account, entries, sum }) => [account, entries, sum])).toEqual([
      ['gateway:clearing:sandbox', 3, -(PRICE + BOOKING_FEE + PRICE + BOOKING_FEE)],
      ['house:booking-fees', 3, BOOKING_FEE],
      ['house:pending', 2, 0],
      ['house:refunds-due', 1, PRICE + BOOKING_FEE],
      ['house:revenue', 3, PRICE],
      ['wallets', 2, 0],
    ]);
  });

  it('of 100,000 entries is audited within a minute', async () => {
    await writeLargeLedger(fixture.database.owner, 100_000 / ENTRIES_OF_PURCHASE);
    const startedAt = Date.now();

    const { accounts, found } = await audit();

    expect(found).toEqual([]);
    expect(accounts.reduce((sum, { entries }) => sum + entries, 0)).toBe(100_000);
    expect(Date.now() - startedAt).toBeLessThan(60_000);
  }, 180_000);
});

async function play(what: string, points: number): Promise<void> {
  switch (what) {
    case 'points':
      await purchases.buyPoints(10_000);
      return;
    case 'seat':
      await purchases.buySeat(points);
      return;
    case 'failed':
      await purchases.failPayment(points);
      return;
    case 'open':
      await purchases.beginPayment(points);
      return;
    default:
      await cancel(await purchases.buySeat(points), what !== 'refund due');
  }
}

interface Books {
  owner: Knex;
  paid: PaymentStep;
  failed: PaymentStep;
  open: PaymentStep;
  cancellationId: string;
  points: BoughtPoints;
}

async function someBooks(): Promise<Books> {
  const { owner } = fixture.database;
  const books = {
    owner,
    points: await purchases.buyPoints(10_000),
    paid: await purchases.buySeat(PRICE),
    failed: await purchases.failPayment(PRICE),
    open: await purchases.beginPayment(PRICE),
    cancellationId: await cancel(await purchases.buySeat(0), true),
  };
  // The application cannot do this: its role has no right to, and the trigger would reject it.
  await owner.raw('ALTER TABLE entries DISABLE TRIGGER USER');
  return books;
}

const journalOf = (owner: Knex, key: string) => owner('journals').where({ key }).select('id');

describe('the audit finds', () => {
  it.each<[what: string, corrupt: (books: Books) => Promise<unknown>, found: (books: Books) => string]>([
    [
      'a journal that does not sum to zero',
      ({ owner, paid }) =>
        owner('entries')
          .whereIn('journal_id', journalOf(owner, `sale:${paid.paymentId}`))
          .where({ account: 'house:revenue' })
          .update({ amount: PRICE + 1 }),
      ({ paid }) => `sale:${paid.paymentId} sums to 1 KRW`,
    ],
    [
      'a journal that sums to zero only over two currencies together',
      ({ owner, paid }) =>
        owner('entries')
          .whereIn('journal_id', journalOf(owner, `sale:${paid.paymentId}`))
          .where({ account: 'house:booking-fees' })
          .update({ currency: 'USD' }),
      ({ paid }) => `sale:${paid.paymentId} sums to ${BOOKING_FEE} USD`,
    ],
    [
      'a journal of an unknown kind',
      ({ owner, paid }) =>
        owner('journals')
          .where({ key: `sale:${paid.paymentId}` })
          .update({ kind: 'GIFT' }),
      ({ paid }) => `sale:${paid.paymentId} is of the unknown kind GIFT`,
    ],
    [
      'a journal without a payment or a top-up',
      async ({ owner }) => {
        await owner('journals').insert({ id: owner.raw('gen_random_uuid()'), key: 'gift', kind: 'TOP_UP' });
      },
      () => 'gift belongs to no payment and no top-up',
    ],
    [
      'an account that does not exist',
      ({ owner, paid }) =>
        owner('entries')
          .whereIn('journal_id', journalOf(owner, `sale:${paid.paymentId}`))
          .where({ account: 'house:revenue' })
          .update({ account: 'house:elsewhere' }),
      ({ paid }) => `sale:${paid.paymentId} names the account house:elsewhere`,
    ],
    [
      'a wallet whose balance is not the sum of its entries',
      ({ owner, points }) => owner('wallets').where({ user_id: points.userId }).update({ balance: 10_001 }),
      ({ points }) => `- the wallet of ${points.userId} has 10001, its entries say 10000`,
    ],
    [
      'an entry that does not continue from the balance before it',
      ({ owner, paid }) =>
        owner('entries')
          .whereIn('journal_id', journalOf(owner, `points-taken:${paid.paymentId}`))
          .whereNotNull('user_id')
          .update({ balance_after: 7 }),
      ({ paid }) => `points-taken:${paid.paymentId} leaves 7 in the wallet of ${paid.userId}`,
    ],
    [
      'a balance below zero',
      ({ owner, points }) =>
        owner('entries').where({ user_id: points.userId }).update({ amount: -1, balance_after: -1 }),
      ({ points }) => `top-up:${points.topUpId} leaves -1 in the wallet of ${points.userId}`,
    ],
    [
      'a payment without its sale',
      async ({ owner, paid }) => remove(owner, `sale:${paid.paymentId}`),
      ({ paid }) => `sale:${paid.paymentId} is missing for payment ${paid.paymentId}, which is PAID`,
    ],
    [
      'a sale without its payment',
      ({ owner, paid }) => owner('payments').where({ id: paid.paymentId }).delete(),
      ({ paid }) => `sale:${paid.paymentId} belongs to no payment and no top-up`,
    ],
    [
      'a sale of a payment that has failed',
      ({ owner, paid }) => owner('payments').where({ id: paid.paymentId }).update({ status: 'FAILED' }),
      ({ paid }) => `sale:${paid.paymentId} should not be there`,
    ],
    [
      'a sale with other amounts than the payment and the reservation',
      ({ owner, paid }) =>
        owner('reservations')
          .where({ id: paid.reservationId })
          .update({ tickets: PRICE - 1, booking_fee: BOOKING_FEE + 1 }),
      ({ paid }) =>
        `sale:${paid.paymentId} says gateway:clearing:sandbox -${BOOKING_FEE}, house:booking-fees ${BOOKING_FEE}`,
    ],
    [
      'points still reserved for a payment that has ended',
      async ({ owner, failed }) => remove(owner, `points-returned:${failed.paymentId}`),
      ({ failed }) => `points-returned:${failed.paymentId} is missing`,
    ],
    [
      'points of a payment under way that were not taken',
      async ({ owner, open }) => remove(owner, `points-taken:${open.paymentId}`),
      ({ open }) => `points-taken:${open.paymentId} is missing`,
    ],
    [
      'a top-up without its journal',
      async ({ owner, points }) => remove(owner, `top-up:${points.topUpId}`),
      ({ points }) => `top-up:${points.topUpId} is missing for top-up ${points.topUpId}, which is PAID`,
    ],
    [
      'a journal of an unpaid top-up',
      ({ owner, points }) => owner('top_ups').where({ id: points.topUpId }).update({ status: 'FAILED' }),
      ({ points }) => `top-up:${points.topUpId} should not be there`,
    ],
    [
      'a cancellation without its journal',
      async ({ owner, cancellationId }) => remove(owner, `cancellation:${cancellationId}`),
      ({ cancellationId }) => `cancellation:${cancellationId} is missing`,
    ],
    [
      'a cancellation with another fee than its journal',
      ({ owner, cancellationId }) => owner('cancellations').where({ id: cancellationId }).update({ fee: 1 }),
      ({ cancellationId }) => `cancellation:${cancellationId} says `,
    ],
    [
      'a refund without its journal',
      async ({ owner, cancellationId }) => remove(owner, `card-refunded:${cancellationId}`),
      ({ cancellationId }) => `card-refunded:${cancellationId} is missing`,
    ],
    [
      'a card part of a cancellation without a refund',
      ({ owner, cancellationId }) => owner('refunds').where({ cancellation_id: cancellationId }).delete(),
      ({ cancellationId }) =>
        `cancellation:${cancellationId} promises ${PRICE + BOOKING_FEE} to the card; 0 are due or refunded`,
    ],
  ])('%s', async (_what, corrupt, expected) => {
    const books = await someBooks();
    expect((await audit()).found).toEqual([]);

    await corrupt(books);

    const { found, faults } = await audit();
    expect(found).toContainEqual(expect.stringContaining(expected(books)));
    expect(faults).toBe(found.length);
  });
});

async function remove(owner: Knex, key: string): Promise<void> {
  await owner('entries').whereIn('journal_id', journalOf(owner, key)).delete();
  await owner('journals').where({ key }).delete();
}
