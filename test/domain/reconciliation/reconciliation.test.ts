import {
  compareAttempt,
  moneyExplained,
  strangeCharge,
  type Attempt,
} from '../../../src/domain/reconciliation/reconciliation';

const CARD = 30_000;

const line = {
  gatewayPaymentId: 'charge-1',
  status: 'CAPTURED',
  amount: CARD,
  refunded: 0,
  currency: 'KRW',
} as const;

/** A payment that bought its seats, on which every book agrees. */
const paid: Attempt = {
  kind: 'PAYMENT',
  attemptId: 'payment-1',
  gateway: 'sandbox',
  orderId: 'reservation-1',
  state: 'PAID',
  amount: CARD,
  currency: 'KRW',
  refunds: { done: 0, due: 0 },
  order: { sold: true, paidByAnother: false },
  ledger: { taken: CARD, pending: 0 },
  lines: [line],
  createdAt: new Date('2026-05-01T10:00:00Z'),
};

/** A failed payment whose charge was refunded. */
const failed: Attempt = {
  ...paid,
  state: 'FAILED',
  order: { sold: false, paidByAnother: false },
  ledger: { taken: 0, pending: 0 },
  lines: [{ ...line, refunded: CARD }],
};

const topUp: Attempt = { ...paid, kind: 'TOP_UP', orderId: 'payment-1' };

describe('attempts on which the books agree', () => {
  it.each<[string, Attempt]>([
    ['a payment that was charged', paid],
    ['a payment by points only', { ...paid, amount: 0, ledger: { taken: 0, pending: 0 }, lines: [] }],
    ['a payment whose charge was refunded', failed],
    ['a payment that was never charged', { ...failed, lines: [] }],
    [
      'a payment that was refunded in part',
      {
        ...paid,
        refunds: { done: 10_000, due: 0 },
        ledger: { taken: 20_000, pending: 0 },
        lines: [{ ...line, refunded: 10_000 }],
      },
    ],
    ['a refund that is due and not made', { ...paid, refunds: { done: 0, due: 10_000 } }],
    [
      'a refund that is made and not booked yet',
      { ...paid, refunds: { done: 0, due: 10_000 }, lines: [{ ...line, refunded: 10_000 }] },
    ],
    ['a top-up that was charged', topUp],
    ['a payment through a gateway whose book was not read', { ...paid, lines: null }],
  ])('%s', (_case, attempt) => {
    expect(compareAttempt(attempt)).toEqual([]);
  });
});

describe('the books differ:', () => {
  it.each<[kind: string, amount: number, what: string, attempt: Attempt]>([
    ['captured-without-sale', CARD, 'a failed payment that is charged', { ...failed, lines: [line] }],
    [
      'captured-without-sale',
      CARD,
      'a failed payment that is only authorised',
      { ...failed, lines: [{ ...line, status: 'AUTHORISED' }] },
    ],
    [
      'captured-without-sale',
      CARD,
      'a payment whose reservation was never confirmed',
      { ...paid, order: { sold: false, paidByAnother: false } },
    ],
    [
      'captured-twice',
      CARD,
      'a failed payment that is charged in addition to the one that paid',
      { ...failed, order: { sold: true, paidByAnother: true }, lines: [line] },
    ],
    [
      'captured-twice',
      5_000,
      'a payment with two charges',
      { ...paid, lines: [line, { ...line, amount: 5_000 }] },
    ],
    ['charged-but-absent', CARD, 'a payment that the gateway does not know', { ...paid, lines: [] }],
    [
      'charged-but-absent',
      CARD,
      'a payment that was authorised and never taken',
      { ...paid, lines: [{ ...line, status: 'AUTHORISED' }] },
    ],
    ['top-up-without-charge', CARD, 'points without a charge', { ...topUp, lines: [] }],
    [
      'charge-without-top-up',
      CARD,
      'a failed top-up that is charged',
      { ...failed, kind: 'TOP_UP', lines: [line] },
    ],
    ['amount-differs', 1, 'a charge of another amount', { ...paid, lines: [{ ...line, amount: CARD + 1 }] }],
    [
      'amount-differs',
      CARD,
      'a charge in another currency',
      { ...paid, lines: [{ ...line, currency: 'USD' }] },
    ],
    [
      'refund-missing',
      10_000,
      'a refund that the gateway did not make',
      { ...paid, refunds: { done: 10_000, due: 0 }, ledger: { taken: 20_000, pending: 0 } },
    ],
    [
      'refund-unknown',
      10_000,
      'a refund that the service did not request',
      { ...paid, lines: [{ ...line, refunded: 10_000 }] },
    ],
    [
      'ledger-differs',
      CARD,
      'a payment without its sale in the ledger',
      { ...paid, ledger: { taken: 0, pending: 0 } },
    ],
    [
      'ledger-differs',
      500,
      'points kept aside for a payment that is over',
      { ...paid, ledger: { taken: CARD, pending: 500 } },
    ],
    [
      'attempt-stuck',
      500,
      'a payment that never ended',
      { ...failed, state: 'OPEN', ledger: { taken: 0, pending: 500 }, lines: [] },
    ],
    [
      'attempt-stuck',
      0,
      'a payment that never ended, and of which the gateway refunded more than it took',
      { ...failed, state: 'OPEN', lines: [{ ...line, refunded: CARD + 1 }] },
    ],
    ['attempt-stuck', 0, 'a charge whose refund is not confirmed', { ...failed, state: 'UNDOING' }],
  ])('%s of %d: %s', (kind, amount, _what, attempt) => {
    expect(compareAttempt(attempt)).toMatchObject([{ kind, amount, subject: 'payment-1' }]);
  });

  it('each difference has the figures of every book', () => {
    expect(compareAttempt({ ...paid, lines: [] })).toMatchObject([
      {
        aroseAt: '2026-05-01T10:00:00.000Z',
        detail: {
          orderId: 'reservation-1',
          state: 'PAID',
          amount: CARD,
          ledger: { taken: CARD },
          gateway: [],
        },
      },
    ]);
  });
});

const isMended = (attempt: Attempt): boolean => compareAttempt(attempt).some(({ mendable }) => mendable);

describe('the service refunds a charge automatically', () => {
  it.each<[string, Attempt]>([
    ['that has no sale', { ...failed, lines: [line] }],
    [
      'in addition to the one that paid',
      { ...failed, order: { sold: true, paidByAnother: true }, lines: [line] },
    ],
    ['of a top-up that failed', { ...failed, kind: 'TOP_UP', lines: [line] }],
    ['of a payment that never ended', { ...failed, state: 'OPEN' }],
  ])('%s', (_case, attempt) => {
    expect(isMended(attempt)).toBe(true);
  });

  it.each<[string, Attempt]>([
    [
      'the reservation is confirmed and nothing else paid for it',
      { ...failed, order: { sold: true, paidByAnother: false }, lines: [line] },
    ],
    ['the ledger has a sale', { ...failed, ledger: { taken: CARD, pending: 0 }, lines: [line] }],
    ['the payment counts as paid', { ...paid, order: { sold: false, paidByAnother: false } }],
    ['only the amount differs', { ...paid, lines: [{ ...line, amount: 1 }] }],
  ])('but not if %s', (_case, attempt) => {
    expect(compareAttempt(attempt)).not.toEqual([]);
    expect(isMended(attempt)).toBe(false);
  });
});

describe('a charge that no attempt of ours has made', () => {
  it.each([
    ['PAID', 'captured-twice'],
    ['UNPAID', 'captured-without-sale'],
    ['UNKNOWN', 'unknown-charge'],
  ] as const)('of an order that is %s is %s, and the service does not touch it', (order, kind) => {
    const strange = {
      ...line,
      gateway: 'toss',
      refunded: 1_000,
      idempotencyKey: null,
      orderId: 'order',
      order,
    };
    expect(strangeCharge({ ...strange, bookedAt: new Date('2026-05-01T10:00:00Z') })).toMatchObject({
      kind,
      subject: 'charge-1',
      gateway: 'toss',
      amount: CARD - 1_000,
      mendable: false,
    });
  });
});

describe('the share of the money that is explained', () => {
  it.each([
    [1_000_000, 0, 1],
    [1_000_000, 250_000, 0.75],
    [0, 0, 1],
    [0, 1, 0],
    [100, 1_000, 0],
  ])('of %d with %d unexplained is %d', (compared, unexplained, share) => {
    expect(moneyExplained(compared, unexplained)).toBe(share);
  });
});
