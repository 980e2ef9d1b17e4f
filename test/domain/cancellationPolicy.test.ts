import { cancellationPolicySchema, KOREAN_POLICY } from '../../src/domain/cancellationPolicy';

/** The paths of every fault found. */
function faultsOf(policy: unknown): string[] {
  const parsed = cancellationPolicySchema.safeParse(policy);
  return parsed.success ? [] : parsed.error.issues.map((issue) => issue.path.join('.'));
}

describe('a cancellation policy', () => {
  it("is accepted where it is the Korean venues' own", () => {
    expect(cancellationPolicySchema.parse(KOREAN_POLICY)).toEqual(KOREAN_POLICY);
  });

  it('needs no free periods, and may never give the booking fee back', () => {
    const flat = {
      fees: [{ untilDaysBefore: 0, percent: 100, atMost: 3_000 }],
      cutOff: { daysBefore: 0, time: '12:00' },
      bookingFeeRefundDays: null,
    };

    expect(cancellationPolicySchema.parse(flat)).toEqual({ ...flat, free: [] });
  });

  it('is refused with every fault at once', () => {
    const faults = faultsOf({
      fees: [
        { untilDaysBefore: 3, percent: 20 },
        { untilDaysBefore: 3, percent: 30 },
      ],
      cutOff: { daysBefore: 1, time: '25:00' },
      free: [{ afterBooking: { count: 0, unit: 'weeks' }, atLeastDaysBefore: -1 }],
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
    ['below nothing', { untilDaysBefore: 1, percent: -1 }],
    ['of a part of a percent', { untilDaysBefore: 1, percent: 12.5 }],
    ['with a part of a won', { untilDaysBefore: 1, percent: 10, atMost: 0.5 }],
    ['under an unknown name', { untilDaysBefore: 1, percent: 10, atLeast: 1 }],
  ])('takes no fee %s', (_, step) => {
    expect(faultsOf({ ...KOREAN_POLICY, fees: [step] })).toHaveLength(1);
  });

  it('has a fee for every day to the cut-off, also where something else is wrong', () => {
    const policy = {
      ...KOREAN_POLICY,
      cutOff: { daysBefore: 0, time: '17:00' },
      bookingFeeRefundDays: -1,
    };

    expect(faultsOf(policy)).toEqual(['bookingFeeRefundDays', 'fees.3.untilDaysBefore']);
  });

  it('has at least one step', () => {
    expect(faultsOf({ ...KOREAN_POLICY, fees: [] })).toEqual(['fees']);
  });
});
