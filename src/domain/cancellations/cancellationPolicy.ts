import { z } from 'zod';
import { holidaySchema, KOREAN_HOLIDAYS } from './holidays';

/** Far more than any sale lasts. */
const MAX_DAYS = 1_000;

const days = z.int().min(0).max(MAX_DAYS);

/** What is kept of each ticket's price from the end of the step before to the end of this one. */
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
  .meta({ description: 'From the farthest days to the nearest; the last step ends with the cut-off' });

const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'Must be a time of day such as 17:00');

/** In the order of ISO 8601: Monday is 1. */
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
    exceptions: z
      .array(cutOffException)
      .max(10)
      .optional()
      .meta({ description: 'Another time for shows on certain days; the first that fits counts' }),
  })
  .meta({ description: "The venue's local time from which on nothing can be cancelled any more" });

/** No fee for a while after the booking, where the show is far enough ahead. */
const freePeriod = z.strictObject({
  afterBooking: z
    .strictObject({ count: z.int().min(0).max(MAX_DAYS), unit: z.enum(['hours', 'days']) })
    .refine(({ count, unit }) => count > 0 || unit === 'days', 'Must be at least 1 hour')
    .meta({
      description:
        'Hours run from the booking; days are those after the day of booking, so 0 is that day alone',
    }),
  atLeastDaysBefore: days,
});

/**
 * What a cancellation costs, as data: stored with every schedule, and frozen with every reservation.
 *
 * Days are calendar days in the venue's time zone. "Days before" is the distance from the day of the
 * cancellation to the day of the show: 0 on that day. Every end is exclusive: at the cut-off it is too late.
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
      .meta({ description: 'For the exceptions of the cut-off' }),
    bookingFeeRefundDays: days.nullable().meta({
      description: 'How many days after the day of booking the booking fee still comes back; null: never',
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
    // Faults elsewhere must not hide this one.
    { when: ({ value }) => z.object({ fees, cutOff }).safeParse(value).success },
  )
  .meta({ id: 'CancellationPolicy' });

export type CancellationPolicy = z.output<typeof cancellationPolicySchema>;

/**
 * What Korean venues print on their tickets; it counts where a schedule names no policy of its own.
 *
 * Free for 7 days after booking, unless the show is within 10 days; then 4,000 won a ticket, at most 10 % of it,
 * to D-10; 10 % to D-7; 20 % to D-3; 30 % to 17:00 on the day before, or 11:00 where the show is on a Sunday or a
 * holiday; nothing after. Free as well for 24 hours after booking with the show at least 3 days ahead. The booking fee
 * comes back on the day of booking alone.
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
