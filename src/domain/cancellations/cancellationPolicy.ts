import { z } from 'zod';
import { holidaySchema, KOREAN_HOLIDAYS } from './holidays';

/** Much longer than any sale. */
const MAX_DAYS = 1_000;

const days = z.int().min(0).max(MAX_DAYS);

/** The fee that is kept from each ticket's price. A step reaches from the end of the step before it to its own end. */
const feeStep = z.strictObject({
  untilDaysBefore: days.meta({ description: 'The last day of the step, in days before the show' }),
  percent: z.int().min(0).max(100).meta({ description: "Of the ticket's price" }),
  atMost: z.int().min(0).optional().meta({ description: 'For one ticket, in whole currency units' }),
});

const fees = z
  .array(feeStep)
  .min(1)
  .max(50)
  .superRefine((steps, context) => {
    steps.forEach(({ untilDaysBefore }, index) => {
      const before = steps[index - 1];
      if (!before || untilDaysBefore < before.untilDaysBefore) return;
      const message = `Must be nearer to the show than the step before it (${before.untilDaysBefore})`;
      context.addIssue({ code: 'custom', path: [index, 'untilDaysBefore'], message });
    });
  })
  .meta({
    description: 'From the step farthest from the show to the nearest. The last step ends with the cut-off',
  });

const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'Must be a time of day such as 17:00');

/** In the order of ISO 8601, in which Monday is 1. */
export const WEEKDAYS = [
  'MONDAY',
  'TUESDAY',
  'WEDNESDAY',
  'THURSDAY',
  'FRIDAY',
  'SATURDAY',
  'SUNDAY',
] as const;

const cutOffException = z.strictObject({
  showOn: z
    .array(z.enum([...WEEKDAYS, 'HOLIDAY']))
    .min(1)
    .max(8)
    .meta({ description: 'Days of the show. HOLIDAY: one of `holidays`' }),
  time: timeOfDay,
});

const cutOff = z
  .strictObject({
    daysBefore: days,
    time: timeOfDay,
    exceptions: z.array(cutOffException).max(10).optional().meta({
      description: 'Another time for shows on certain days. The first exception that matches applies',
    }),
  })
  .meta({ description: 'From this local time of the venue on, no cancellation is possible' });

/** A period after the booking in which a cancellation is free, if the show is far enough ahead. */
const freePeriod = z.strictObject({
  afterBooking: z
    .strictObject({ count: z.int().min(0).max(MAX_DAYS), unit: z.enum(['hours', 'days']) })
    .refine(({ count, unit }) => count > 0 || unit === 'days', 'Must be at least 1 hour')
    .meta({
      description:
        'Hours count from the booking. Days count from the day of booking, so 0 means only that day',
    }),
  atLeastDaysBefore: days,
});

/**
 * The rules for the cost of a cancellation, as data. Each schedule stores a policy, and each reservation keeps a frozen
 * copy.
 *
 * Days are calendar days in the time zone of the venue. "Days before" is the distance from the day of the cancellation
 * to the day of the show. On the day of the show it is 0. Every end is exclusive: at the cut-off it is too late.
 */
export const cancellationPolicySchema = z
  .strictObject({
    fees,
    cutOff,
    free: z.array(freePeriod).max(10).default([]),
    holidays: z
      .array(holidaySchema)
      .max(200)
      .optional()
      .meta({ description: 'The holidays for the exceptions of the cut-off' }),
    bookingFeeRefundDays: days.nullable().meta({
      description:
        'The booking fee is refunded until this number of days after the day of booking. null: never',
    }),
  })
  .superRefine(
    (policy, context) => {
      const { daysBefore } = policy.cutOff;
      if (policy.fees.at(-1)?.untilDaysBefore === daysBefore) return;
      const path = ['fees', policy.fees.length - 1, 'untilDaysBefore'];
      const message = `The last step must end on the day of the cut-off (${daysBefore})`;
      context.addIssue({ code: 'custom', path, message });
    },
    // Faults in other fields must not hide this one.
    { when: ({ value }) => z.object({ fees, cutOff }).safeParse(value).success },
  )
  .meta({ id: 'CancellationPolicy' });

export type CancellationPolicy = z.output<typeof cancellationPolicySchema>;

/**
 * The policy that Korean venues print on their tickets. It applies if a schedule has no policy of its own.
 *
 * - A cancellation is free for 7 days after booking, unless the show is within 10 days.
 * - After that the fee is 4,000 KRW a ticket, at most 10 % of its price, until D-10.
 * - The fee is 10 % until D-7 and 20 % until D-3.
 * - The fee is 30 % until 17:00 on the day before the show, or until 11:00 if the show is on a Sunday or a holiday.
 * - Later than that, no cancellation is possible.
 * - A cancellation is also free for 24 hours after booking, if the show is at least 3 days ahead.
 * - The booking fee is refunded only on the day of booking.
 */
export const KOREAN_POLICY: CancellationPolicy = {
  fees: [
    { untilDaysBefore: 10, percent: 10, atMost: 4_000 },
    { untilDaysBefore: 7, percent: 10 },
    { untilDaysBefore: 3, percent: 20 },
    { untilDaysBefore: 1, percent: 30 },
  ],
  cutOff: {
    daysBefore: 1,
    time: '17:00',
    exceptions: [{ showOn: ['SUNDAY', 'HOLIDAY'], time: '11:00' }],
  },
  holidays: KOREAN_HOLIDAYS,
  free: [
    { afterBooking: { count: 7, unit: 'days' }, atLeastDaysBefore: 11 },
    { afterBooking: { count: 24, unit: 'hours' }, atLeastDaysBefore: 3 },
  ],
  bookingFeeRefundDays: 0,
};
