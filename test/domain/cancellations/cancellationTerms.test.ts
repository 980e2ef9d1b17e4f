import * as fc from 'fast-check';
import { DateTime } from 'luxon';
import { KOREAN_POLICY, type CancellationPolicy } from '../../../src/domain/cancellations/cancellationPolicy';
import {
  CANCELLATION_CAUSES,
  cancellableUntil,
  cancellationTerms,
  type CancellationFacts,
} from '../../../src/domain/cancellations/cancellationTerms';
import { reservationAmount } from '../../../src/domain/money';
import { RESERVATION_STATUSES } from '../../../src/domain/reservations/reservationStates';

const SEOUL = 'Asia/Seoul';
const NEW_YORK = 'America/New_York';

/** A local time such as `2026-12-01T16:59`, to the minute. */
function at(local: string, zone = SEOUL): Date {
  return DateTime.fromISO(local, { zone }).toJSDate();
}

/** One ticket of 50,000 KRW with a booking fee of 2,000, for a show on the evening of 24 December in Seoul. */
function bought(bookedAt: Date, change: Partial<CancellationFacts> = {}): CancellationFacts {
  const prices = change.prices ?? [50_000];
  const { tickets, bookingFee, total, currency } = reservationAmount(prices, 2_000);
  return {
    status: 'CONFIRMED',
    sale: { bookedAt, paid: { points: tickets, card: bookingFee, total, currency } },
    prices,
    bookingFee,
    currency,
    ticketUsed: false,
    showCancelled: false,
    policy: KOREAN_POLICY,
    startsAt: at('2026-12-24T19:30'),
    timeZone: SEOUL,
    ...change,
  };
}

/** The fee for the ticket, or why there is none. */
function outcome(facts: CancellationFacts, now: Date): number | string {
  const { reason, fee } = cancellationTerms(facts, 'CUSTOMER', now);
  return reason ?? fee;
}

describe('the Korean policy, to the minute', () => {
  const LONG_BEFORE = at('2026-10-01T12:00');

  it.each([
    ['long before the show', '2026-11-20T12:00', 4_000],
    ['the last minute of D-11', '2026-12-13T23:59', 4_000],
    ['the first minute of D-10', '2026-12-14T00:00', 4_000],
    ['the last minute of D-10', '2026-12-14T23:59', 4_000],
    ['the first minute of D-9', '2026-12-15T00:00', 5_000],
    ['the last minute of D-7', '2026-12-17T23:59', 5_000],
    ['the first minute of D-6', '2026-12-18T00:00', 10_000],
    ['the last minute of D-3', '2026-12-21T23:59', 10_000],
    ['the first minute of D-2', '2026-12-22T00:00', 15_000],
    ['the last minute of D-2', '2026-12-22T23:59', 15_000],
    ['the first minute of D-1', '2026-12-23T00:00', 15_000],
    ['a minute before the cut-off', '2026-12-23T16:59', 15_000],
    ['the cut-off, 17:00 on D-1', '2026-12-23T17:00', 'too-late'],
    ['the last minute of D-1', '2026-12-23T23:59', 'too-late'],
    ['the first minute of the day', '2026-12-24T00:00', 'too-late'],
    ['the minute before the show', '2026-12-24T19:29', 'too-late'],
    ['after the show', '2026-12-25T12:00', 'too-late'],
  ])('booked long ago, %s (%s): %p', (_, now, expected) => {
    expect(outcome(bought(LONG_BEFORE), at(now))).toBe(expected);
  });

  it.each([
    ['the minute of booking', '2026-11-20T22:30', 0],
    ['the last minute of the day of booking', '2026-11-20T23:59', 0],
    ['the last minute of the 7th day after it', '2026-11-27T23:59', 0],
    ['the first minute of the 8th day', '2026-11-28T00:00', 4_000],
  ])('booked weeks ahead, %s (%s): %p', (_, now, expected) => {
    expect(outcome(bought(at('2026-11-20T22:30')), at(now))).toBe(expected);
  });

  it.each([
    ['the last minute of D-11', '2026-12-13T23:59', 0],
    ['the first minute of D-10', '2026-12-14T00:00', 4_000],
  ])('within 7 days of booking, but the show within 10 days: %s (%s): %p', (_, now, expected) => {
    expect(outcome(bought(at('2026-12-10T09:00')), at(now))).toBe(expected);
  });

  it.each([
    ['a minute before 24 hours are over', '2026-12-15T20:00', '2026-12-16T19:59', 0],
    ['when 24 hours are over', '2026-12-15T20:00', '2026-12-16T20:00', 5_000],
    ['the last minute of D-3, within 24 hours', '2026-12-21T12:00', '2026-12-21T23:59', 0],
    ['the first minute of D-2, within 24 hours', '2026-12-21T12:00', '2026-12-22T00:00', 15_000],
    ['booked and cancelled on D-2', '2026-12-22T10:00', '2026-12-22T10:01', 15_000],
    ['booked and cancelled on D-1', '2026-12-23T10:00', '2026-12-23T16:59', 15_000],
    ['booked on D-1 after the cut-off', '2026-12-23T18:00', '2026-12-23T18:01', 'too-late'],
    ['booked on the day', '2026-12-24T10:00', '2026-12-24T10:01', 'too-late'],
  ])('booked near the show: %s (%s, %s): %p', (_, bookedAt, now, expected) => {
    expect(outcome(bought(at(bookedAt)), at(now))).toBe(expected);
  });

  it.each([
    ['the minute of booking', '2026-11-20T09:00', 2_000],
    ['the last minute of that day', '2026-11-20T23:59', 2_000],
    ['the first minute of the next', '2026-11-21T00:00', 0],
    ['a week later', '2026-11-27T12:00', 0],
  ])('refunds the booking fee only on the day of booking: %s (%s): %p', (_, now, expected) => {
    const terms = cancellationTerms(bought(at('2026-11-20T09:00')), 'CUSTOMER', at(now));

    expect(terms.bookingFeeRefund).toBe(expected);
    expect(terms.refund.total).toBe(50_000 + expected);
  });

  it.each([
    ['2026-12-22T10:00', 15_000, 2_000],
    ['2026-12-21T10:00', 0, 2_000],
  ])('refunds it on that day whatever the fee is (booked %s)', (bookedAt, fee, bookingFeeRefund) => {
    const terms = cancellationTerms(bought(at(bookedAt)), 'CUSTOMER', at(bookedAt));

    expect(terms).toMatchObject({ fee, bookingFeeRefund });
  });
});

describe('the cut-off of the Korean policy', () => {
  it.each([
    ['a Thursday', '2026-12-24', '2026-12-23T17:00'],
    ['a Saturday', '2026-12-26', '2026-12-25T17:00'],
    ['a Sunday', '2026-12-27', '2026-12-26T11:00'],
    ['Christmas, a Friday', '2026-12-25', '2026-12-24T11:00'],
    ['the day after Christmas of another year, a Sunday', '2027-12-26', '2027-12-25T11:00'],
    ['the day before Seollal', '2026-02-16', '2026-02-15T11:00'],
    ['Seollal, the first day of the lunar year', '2026-02-17', '2026-02-16T11:00'],
    ['the day after Seollal', '2026-02-18', '2026-02-17T11:00'],
    ['two days after Seollal', '2026-02-19', '2026-02-18T17:00'],
    ['Chuseok, the 15th day of the 8th lunar month', '2026-09-25', '2026-09-24T11:00'],
    ["Buddha's birthday of another year, a Thursday", '2027-05-13', '2027-05-12T11:00'],
    ['the 8th day of the leap month, which is no holiday', '2025-08-01', '2025-07-31T17:00'],
  ])('for a show on %s (%s) is %s', (_, day, cutOff) => {
    const facts = bought(at('2025-01-01T12:00'), { startsAt: at(`${day}T19:30`) });

    expect(cancellableUntil(facts)).toEqual(at(cutOff));
    expect(outcome(facts, DateTime.fromJSDate(at(cutOff)).minus({ minutes: 1 }).toJSDate())).toBe(15_000);
    expect(outcome(facts, at(cutOff))).toBe('too-late');
  });

  it('uses the day of the show at the venue', () => {
    // 20:00 on Saturday in New York is Sunday in Seoul.
    const startsAt = at('2026-12-26T20:00', NEW_YORK);

    expect(cancellableUntil({ policy: KOREAN_POLICY, startsAt, timeZone: NEW_YORK })).toEqual(
      at('2026-12-25T17:00', NEW_YORK),
    );
    expect(cancellableUntil({ policy: KOREAN_POLICY, startsAt, timeZone: SEOUL })).toEqual(
      at('2026-12-26T11:00'),
    );
  });

  it('uses the first exception that fits, and knows holidays of one year', () => {
    const policy: CancellationPolicy = {
      ...KOREAN_POLICY,
      cutOff: {
        daysBefore: 1,
        time: '17:00',
        exceptions: [
          { showOn: ['HOLIDAY'], time: '09:00' },
          { showOn: ['MONDAY', 'TUESDAY'], time: '12:00' },
        ],
      },
      holidays: [{ date: '2026-12-28' }],
    };
    const cutOffOf = (day: string) =>
      cancellableUntil({ policy, startsAt: at(`${day}T19:30`), timeZone: SEOUL });

    expect(cutOffOf('2026-12-28')).toEqual(at('2026-12-27T09:00'));
    expect(cutOffOf('2026-12-29')).toEqual(at('2026-12-28T12:00'));
    expect(cutOffOf('2027-12-28')).toEqual(at('2027-12-27T12:00'));
    expect(cutOffOf('2026-12-30')).toEqual(at('2026-12-29T17:00'));
  });
});

describe('a policy that is free on the day of booking', () => {
  const policy: CancellationPolicy = {
    ...KOREAN_POLICY,
    free: [{ afterBooking: { count: 0, unit: 'days' }, atLeastDaysBefore: 1 }],
  };

  it.each([
    ['the minute of booking', '2026-12-15T09:00', '2026-12-15T09:00', 0],
    ['the last minute of that day', '2026-12-15T09:00', '2026-12-15T23:59', 0],
    ['the first minute of the next', '2026-12-15T23:59', '2026-12-16T00:00', 5_000],
    ['on the day before the show', '2026-12-23T09:00', '2026-12-23T16:59', 0],
    ['after the cut-off', '2026-12-23T18:00', '2026-12-23T18:01', 'too-late'],
  ])('%s (booked %s, %s): %p', (_, bookedAt, now, expected) => {
    expect(outcome(bought(at(bookedAt), { policy }), at(now))).toBe(expected);
  });
});

describe('the fee', () => {
  const at10 = at('2026-12-14T12:00');
  const at9 = at('2026-12-15T12:00');

  it.each([
    ['4,000 a ticket', [50_000], 4_000],
    ['at most 10 % of the ticket', [39_999], 3_999],
    ['for each ticket separately', [150_000, 39_990, 10_000], 4_000 + 3_999 + 1_000],
    ['nothing for a free ticket', [0], 0],
  ])('up to D-10 is %s', (_, prices, fee) => {
    expect(outcome(bought(at('2026-10-01T12:00'), { prices }), at10)).toBe(fee);
  });

  it('of a percentage is rounded down to a whole KRW, for each ticket', () => {
    const facts = bought(at('2026-10-01T12:00'), { prices: [33_339, 33_339, 5] });

    expect(outcome(facts, at9)).toBe(3_333 + 3_333 + 0);
  });

  it("follows another venue's table", () => {
    const policy: CancellationPolicy = {
      fees: [{ untilDaysBefore: 0, percent: 100, atMost: 7_000 }],
      cutOff: { daysBefore: 0, time: '12:00' },
      free: [],
      bookingFeeRefundDays: null,
    };
    const facts = bought(at('2026-12-24T08:00'), { policy });

    expect(cancellationTerms(facts, 'CUSTOMER', at('2026-12-24T11:59'))).toMatchObject({
      fee: 7_000,
      bookingFeeRefund: 0,
      rule: 'days-before-show',
    });
    expect(outcome(facts, at('2026-12-24T12:00'))).toBe('too-late');
  });

  it('names the rule that gave it', () => {
    const facts = bought(at('2026-11-20T09:00'));

    expect(cancellationTerms(facts, 'CUSTOMER', at('2026-11-21T09:00')).rule).toBe('free-after-booking');
    expect(cancellationTerms(facts, 'CUSTOMER', at9).rule).toBe('days-before-show');
    expect(cancellationTerms(facts, 'ORGANISER', at9).rule).toBe('organiser-cancelled');
    expect(cancellationTerms(facts, 'CUSTOMER', at('2026-12-24T09:00')).rule).toBeNull();
  });
});

describe('days are those of the venue:', () => {
  it('in Seoul they begin at 15:00 UTC', () => {
    const facts = bought(at('2026-10-01T12:00'));

    expect(outcome(facts, new Date('2026-12-14T14:59:59.999Z'))).toBe(4_000);
    expect(outcome(facts, new Date('2026-12-14T15:00:00.000Z'))).toBe(5_000);
    expect(outcome(facts, new Date('2026-12-23T07:59:59.999Z'))).toBe(15_000);
    expect(outcome(facts, new Date('2026-12-23T08:00:00.000Z'))).toBe('too-late');
  });

  it('the day of a show counts there too, also if it is another day in UTC', () => {
    // 08:00 on the 24th in Seoul is still the 23rd in UTC.
    const facts = bought(at('2026-10-01T12:00'), { startsAt: new Date('2026-12-23T23:00:00Z') });

    expect(cancellableUntil(facts)).toEqual(at('2026-12-23T17:00'));
  });

  // Clocks in New York go forward on 8 March 2026, and back on 1 November 2026, both at 02:00.
  it.each([
    ['the last minute of D-10', '2026-03-01T23:59', 4_000],
    ['the first minute of D-9', '2026-03-02T00:00', 5_000],
    ['the last minute of D-3, the day of 23 hours', '2026-03-08T23:59', 10_000],
    ['the first minute of D-2', '2026-03-09T00:00', 15_000],
    ['a minute before the cut-off', '2026-03-10T16:59', 15_000],
    ['the cut-off', '2026-03-10T17:00', 'too-late'],
  ])('in New York, clocks going forward: %s (%s): %p', (_, now, expected) => {
    const facts = bought(at('2026-01-05T12:00', NEW_YORK), {
      startsAt: at('2026-03-11T20:00', NEW_YORK),
      timeZone: NEW_YORK,
    });

    expect(outcome(facts, at(now, NEW_YORK))).toBe(expected);
  });

  it.each([
    ['the last minute of D-3', '2026-10-31T23:59', 10_000],
    ['the first minute of D-2, the day of 25 hours', '2026-11-01T00:00', 15_000],
    ['the last minute of D-2', '2026-11-01T23:59', 15_000],
    ['a minute before the cut-off', '2026-11-02T16:59', 15_000],
    ['the cut-off', '2026-11-02T17:00', 'too-late'],
  ])('in New York, clocks going back: %s (%s): %p', (_, now, expected) => {
    const facts = bought(at('2026-08-05T12:00', NEW_YORK), {
      startsAt: at('2026-11-03T20:00', NEW_YORK),
      timeZone: NEW_YORK,
    });

    expect(outcome(facts, at(now, NEW_YORK))).toBe(expected);
  });

  it('but 24 hours are 24 hours, also over a change of the clocks', () => {
    const bookedAt = at('2026-03-07T12:00', NEW_YORK);
    const facts = bought(bookedAt, { startsAt: at('2026-03-13T20:00', NEW_YORK), timeZone: NEW_YORK });

    expect(outcome(facts, at('2026-03-08T12:59', NEW_YORK))).toBe(0);
    expect(outcome(facts, at('2026-03-08T13:00', NEW_YORK))).toBe(10_000);
  });

  it('a cut-off in the hour that the clocks skip falls after this hour', () => {
    const policy = { ...KOREAN_POLICY, cutOff: { daysBefore: 1, time: '02:30' } };
    const facts = bought(at('2026-01-05T12:00', NEW_YORK), {
      policy,
      startsAt: at('2026-03-09T20:00', NEW_YORK),
      timeZone: NEW_YORK,
    });

    expect(cancellableUntil(facts)).toEqual(at('2026-03-08T03:30', NEW_YORK));
  });
});

describe('nothing can be cancelled', () => {
  const soon = at('2026-11-20T10:00');
  const nothing = { fee: 0, bookingFeeRefund: 0, refund: { points: 0, card: 0, total: 0, currency: 'KRW' } };

  const unpaid = RESERVATION_STATUSES.filter((status) => status !== 'CONFIRMED' && status !== 'CANCELLED');

  it.each(unpaid)('while the reservation is %s', (status) => {
    const facts = bought(soon, { status, sale: null });

    for (const cause of CANCELLATION_CAUSES) {
      const terms = cancellationTerms(facts, cause, soon);
      expect(terms).toMatchObject({ cancellable: false, reason: 'not-confirmed', ...nothing });
    }
  });

  it('that was cancelled before', () => {
    const facts = bought(soon, { status: 'CANCELLED' });

    for (const cause of CANCELLATION_CAUSES) {
      const terms = cancellationTerms(facts, cause, soon);
      expect(terms).toMatchObject({ cancellable: false, reason: 'already-cancelled', ...nothing });
    }
  });

  it('after one of the tickets was used', () => {
    const terms = cancellationTerms(bought(soon, { ticketUsed: true }), 'CUSTOMER', soon);

    expect(terms).toMatchObject({ cancellable: false, reason: 'ticket-used', ...nothing });
  });

  it('after the show has begun, whatever the cut-off says', () => {
    const policy: CancellationPolicy = {
      ...KOREAN_POLICY,
      fees: [{ untilDaysBefore: 0, percent: 50 }],
      cutOff: { daysBefore: 0, time: '23:59' },
    };
    const facts = bought(at('2026-10-01T12:00'), { policy });

    expect(outcome(facts, at('2026-12-24T19:29'))).toBe(25_000);
    expect(outcome(facts, at('2026-12-24T19:30'))).toBe('too-late');
  });
});

describe('if the organiser cancels', () => {
  it.each(['2026-10-01T12:00', '2026-12-23T18:00', '2026-12-24T22:00'])(
    'everything is refunded with the booking fee (%s)',
    (now) => {
      const facts = bought(at('2026-10-01T12:00'), { ticketUsed: true });

      expect(cancellationTerms(facts, 'ORGANISER', at(now))).toEqual({
        cancellable: true,
        reason: null,
        rule: 'organiser-cancelled',
        fee: 0,
        bookingFeeRefund: 2_000,
        refund: { points: 50_000, card: 2_000, total: 52_000, currency: 'KRW' },
      });
    },
  );

  it('a customer who also cancels gets the same', () => {
    const facts = bought(at('2026-10-01T12:00'), { showCancelled: true });
    const now = at('2026-12-24T12:00');

    expect(cancellationTerms(facts, 'CUSTOMER', now)).toEqual(cancellationTerms(facts, 'ORGANISER', now));
  });
});

describe('a refund', () => {
  const d9 = at('2026-12-15T12:00');

  it.each([
    // Of 52,000 paid, the fee of 5,000 and the booking fee of 2,000 are kept.
    ['all points, if the refund is large enough', 30_000, { points: 30_000, card: 15_000 }],
    ['points up to the refund', 50_000, { points: 45_000, card: 0 }],
    ['everything to the card, if no points were paid', 0, { points: 0, card: 45_000 }],
  ])('returns %s', (_, points, refund) => {
    const paid = { points, card: 52_000 - points, total: 52_000, currency: 'KRW' };
    const facts = bought(at('2026-10-01T12:00'), { sale: { paid, bookedAt: at('2026-10-01T12:00') } });

    expect(cancellationTerms(facts, 'CUSTOMER', d9).refund).toEqual({
      ...refund,
      total: 45_000,
      currency: 'KRW',
    });
  });
});

describe('for any purchase and any time of cancellation', () => {
  const minute = 60_000;
  const purchase = fc
    .record({
      prices: fc.array(fc.integer({ min: 0, max: 1_000_000 }), { minLength: 1, maxLength: 6 }),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      bookedBefore: fc.integer({ min: 0, max: 90 * 24 * 60 }),
      zone: fc.constantFrom(SEOUL, NEW_YORK, 'Pacific/Apia', 'UTC'),
    })
    .map(({ prices, share, bookedBefore, zone }) => {
      const startsAt = at('2026-11-10T19:30', zone);
      const bookedAt = new Date(startsAt.getTime() - bookedBefore * minute);
      const { tickets, bookingFee, total } = reservationAmount(prices, 2_000);
      const points = Math.floor(tickets * share);
      const paid = { points, card: total - points, total, currency: 'KRW' };
      return bought(bookedAt, { prices, bookingFee, startsAt, timeZone: zone, sale: { paid, bookedAt } });
    });
  const later = fc.integer({ min: 0, max: 90 * 24 * 60 });
  const cause = fc.constantFrom('CUSTOMER' as const, 'ORGANISER' as const);

  function after(facts: CancellationFacts, minutes: number): Date {
    return new Date((facts.sale?.bookedAt.getTime() ?? 0) + minutes * minute);
  }

  it('the refund is never more than was paid, by card or in points, and no money is lost', () => {
    fc.assert(
      fc.property(purchase, later, cause, (facts, minutes, by) => {
        const { cancellable, refund, fee, bookingFeeRefund } = cancellationTerms(
          facts,
          by,
          after(facts, minutes),
        );
        const paid = facts.sale?.paid ?? refund;
        const kept = cancellable ? fee + facts.bookingFee - bookingFeeRefund : paid.total;

        expect(refund.total + kept).toBe(paid.total);
        expect(refund.points + refund.card).toBe(refund.total);
        expect(Math.min(fee, refund.points, refund.card)).toBeGreaterThanOrEqual(0);
        expect(refund.points).toBeLessThanOrEqual(paid.points);
        expect(refund.card).toBeLessThanOrEqual(paid.card);
        expect([fee, refund.points, refund.card].every(Number.isInteger)).toBe(true);
        expect([0, facts.bookingFee]).toContain(bookingFeeRefund);
      }),
    );
  });

  it('the card gets nothing before all points are returned', () => {
    fc.assert(
      fc.property(purchase, later, cause, (facts, minutes, by) => {
        const { refund } = cancellationTerms(facts, by, after(facts, minutes));

        expect(refund.card === 0 || refund.points === facts.sale?.paid.points).toBe(true);
      }),
    );
  });

  it('a later cancellation is never cheaper, and too late stays too late', () => {
    fc.assert(
      fc.property(purchase, later, later, (facts, minutes, more) => {
        const first = cancellationTerms(facts, 'CUSTOMER', after(facts, minutes));
        const second = cancellationTerms(facts, 'CUSTOMER', after(facts, minutes + more));

        expect(first.cancellable || !second.cancellable).toBe(true);
        expect(second.cancellable ? second.fee : Infinity).toBeGreaterThanOrEqual(first.fee);
        expect(second.refund.total).toBeLessThanOrEqual(first.refund.total);
      }),
    );
  });
});
