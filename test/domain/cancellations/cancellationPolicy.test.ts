import {
  cancellationPolicySchema,
  KOREAN_POLICY,
} from '../../../src/domain/cancellations/cancellationPolicy';

/** The paths of every fault found. */
function faultsOf(policy: unknown): string[] {
  const parsed = cancellationPolicySchema.safeParse(policy);
  return parsed.success ? [] : parsed.error.issues.map((issue) => issue.path.join('.'));
}

const CUT_OFF = { daysBefore: 1, time: '17:00' };

describe('a cancellation policy', () => {
  it('is accepted if it is the policy of the Korean venues', () => {
    expect(cancellationPolicySchema.parse(KOREAN_POLICY)).toEqual(KOREAN_POLICY);
  });

  it('needs no free periods and no refund of the booking fee', () => {
    const flat = {
      fees: [{ untilDaysBefore: 0, percent: 100, atMost: 3_000 }],
      cutOff: { daysBefore: 0, time: '12:00' },
      bookingFeeRefundDays: null,
    };

    expect(cancellationPolicySchema.parse(flat)).toEqual({ ...flat, free: [] });
  });

  it('is rejected with all faults at once', () => {
    const faults = faultsOf({
      fees: [
        { untilDaysBefore: 3, percent: 20 },
        { untilDaysBefore: 3, percent: 30 },
      ],
      cutOff: { daysBefore: 1, time: '25:00' },
      free: [{ afterBooking: { count: -1, unit: 'weeks' }, atLeastDaysBefore: -1 }],
      bookingFeeRefundDays: 1.5,
      discount: 10,
    });

    expect(faults.toSorted()).toEqual(
      [
        'fees.1.untilDaysBefore',
        'cutOff.time',
        'free.0.afterBooking.count',
        'free.0.afterBooking.unit',
        'free.0.atLeastDaysBefore',
        'bookingFeeRefundDays',
        '',
      ].toSorted(),
    );
  });

  it.each([
    ['above 100 %', { untilDaysBefore: 1, percent: 101 }],
    ['below zero', { untilDaysBefore: 1, percent: -1 }],
    ['with a part of a percent', { untilDaysBefore: 1, percent: 12.5 }],
    ['with a part of a KRW', { untilDaysBefore: 1, percent: 10, atMost: 0.5 }],
    ['with an unknown field', { untilDaysBefore: 1, percent: 10, atLeast: 1 }],
  ])('has no fee %s', (_, step) => {
    expect(faultsOf({ ...KOREAN_POLICY, fees: [step] })).toHaveLength(1);
  });

  it('must have a fee for every day up to the cut-off, also if something else is wrong', () => {
    const policy = {
      ...KOREAN_POLICY,
      cutOff: { daysBefore: 0, time: '17:00' },
      bookingFeeRefundDays: -1,
    };

    expect(faultsOf(policy)).toEqual(['bookingFeeRefundDays', 'fees.3.untilDaysBefore']);
  });

  it.each([
    [
      '0 hours after booking',
      { free: [{ afterBooking: { count: 0, unit: 'hours' }, atLeastDaysBefore: 1 }] },
    ],
    [
      'a weekday that does not exist',
      { cutOff: { ...CUT_OFF, exceptions: [{ showOn: ['SUN'], time: '11:00' }] } },
    ],
    ['an exception for no day', { cutOff: { ...CUT_OFF, exceptions: [{ showOn: [], time: '11:00' }] } }],
    ['a day that does not exist', { holidays: [{ date: '02-30' }] }],
    ['a year without a day', { holidays: [{ date: '2027' }] }],
    ['a lunar holiday of one year', { holidays: [{ date: '2027-01-01', calendar: 'korean-lunar' }] }],
  ])('may not have %s', (_, change) => {
    expect(faultsOf({ ...KOREAN_POLICY, ...change })).toHaveLength(1);
  });

  it.each([
    [
      'free cancellation on the day of booking',
      { free: [{ afterBooking: { count: 0, unit: 'days' }, atLeastDaysBefore: 1 }] },
    ],
    ['a holiday of one year', { holidays: [{ date: '2027-05-06' }] }],
    ['a holiday on 29 February', { holidays: [{ date: '02-29' }] }],
  ])('may have %s', (_, change) => {
    expect(faultsOf({ ...KOREAN_POLICY, ...change })).toEqual([]);
  });

  it('must have at least one step', () => {
    expect(faultsOf({ ...KOREAN_POLICY, fees: [] })).toEqual(['fees']);
  });
});
