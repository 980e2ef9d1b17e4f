import { assertHoldable, assertSaleOpen, type HoldFacts } from '../../../src/domain/reservations/holdRules';

const OPENS = new Date('2030-01-01T10:00:00.000Z');
const CLOSES = new Date('2030-01-31T10:00:00.000Z');
const DURING = new Date('2030-01-15T00:00:00.000Z');
const CENTURY = new Date('2130-01-15T00:00:00.000Z');

const schedule: HoldFacts['schedule'] = {
  saleOpensAt: OPENS,
  saleClosesAt: CLOSES,
  saleSwitch: 'OPEN',
  cancelledAt: null,
  maxSeatsPerUser: 4,
  bookingFee: 2_000,
};

function seat(
  seatId: string,
  state: { blocked?: boolean; takenBy?: string } = {},
): HoldFacts['seats'][number] {
  const place = { zone: 'A', row: '1', number: seatId, grade: 'R', price: 50_000 };
  return { seatId, ...place, blocked: false, takenBy: null, ...state };
}

const facts = (changes: Partial<HoldFacts> = {}): HoldFacts => ({
  now: DURING,
  version: '1',
  recorded: false,
  schedule,
  seats: [seat('a'), seat('b')],
  alreadyHeld: 0,
  ...changes,
});

function refusalOf(rule: () => void): unknown {
  try {
    rule();
  } catch (error) {
    return error;
  }
  return null;
}

describe('seats may be held', () => {
  it('when all are free, the sale is open and the limit is kept', () => {
    expect(refusalOf(() => assertHoldable(facts(), ['a', 'b']))).toBeNull();
  });

  it('up to the limit, which includes the seats that the user already has', () => {
    expect(refusalOf(() => assertHoldable(facts({ alreadyHeld: 2 }), ['a', 'b']))).toBeNull();
  });
});

describe('a hold is rejected', () => {
  it('for seats that are not of this schedule, and the refusal names them', () => {
    expect(refusalOf(() => assertHoldable(facts(), ['a', 'x']))).toMatchObject({
      slug: 'seat-not-found',
      members: { seatIds: ['x'] },
    });
  });

  it('for seats that are held, sold or blocked, and the refusal names each', () => {
    const seats = [seat('a', { takenBy: 'other' }), seat('b'), seat('c', { blocked: true })];

    expect(refusalOf(() => assertHoldable(facts({ seats }), ['a', 'b', 'c']))).toMatchObject({
      slug: 'seat-unavailable',
      members: { unavailableSeatIds: ['a', 'c'] },
    });
  });

  it('above the limit of the user, and the refusal shows the limit and the seats that the user has', () => {
    expect(refusalOf(() => assertHoldable(facts({ alreadyHeld: 3 }), ['a', 'b']))).toMatchObject({
      slug: 'seat-limit-exceeded',
      members: { limit: 4, alreadyHeld: 3 },
    });
  });

  it('while the sale is closed, whatever the seats are', () => {
    const seats = [seat('a', { takenBy: 'other' })];

    expect(refusalOf(() => assertHoldable(facts({ now: CENTURY, seats }), ['a']))).toMatchObject({
      slug: 'sale-not-open',
    });
  });
});

describe('a sale is open', () => {
  it.each([
    ['from the instant of its opening', OPENS],
    ['until just before its close', new Date(CLOSES.getTime() - 1)],
  ])('%s', (_case, now) => {
    expect(refusalOf(() => assertSaleOpen(schedule, now))).toBeNull();
  });

  it.each([
    ['before its opening', new Date(OPENS.getTime() - 1), 'OPEN'],
    ['at its close', CLOSES, 'OPEN'],
    ['while it is paused', DURING, 'PAUSED'],
    ['after an operator closed it', DURING, 'CLOSED'],
  ] as const)('not %s, and the refusal shows its times', (_case, now, saleSwitch) => {
    expect(refusalOf(() => assertSaleOpen({ ...schedule, saleSwitch }, now))).toMatchObject({
      slug: 'sale-not-open',
      members: { saleOpensAt: OPENS.toISOString(), saleClosesAt: CLOSES.toISOString() },
    });
  });

  it('not after the show was cancelled, whatever its times are', () => {
    expect(refusalOf(() => assertSaleOpen({ ...schedule, cancelledAt: DURING }, DURING))).toMatchObject({
      slug: 'sale-not-open',
      members: { cancelled: true },
    });
  });
});
