import { DateTime } from 'luxon';
import { WEEKDAYS, type CancellationPolicy } from './cancellationPolicy';
import { isHoliday } from './holidays';
import type { PaymentAmount } from '../money';
import { Problem } from '../problems';
import type { ReservationStatus } from '../reservations/reservationStates';

const HOUR_MS = 60 * 60 * 1000;

/** CUSTOMER: the policy applies. ORGANISER: the show does not take place, and the customer gets everything back. */
export const CANCELLATION_CAUSES = ['CUSTOMER', 'ORGANISER'] as const;
export type CancellationCause = (typeof CANCELLATION_CAUSES)[number];

export const NOT_CANCELLABLE_REASONS = [
  'not-confirmed',
  'already-cancelled',
  'ticket-used',
  'too-late',
] as const;
export type NotCancellableReason = (typeof NOT_CANCELLABLE_REASONS)[number];

/** The rule of the policy that decided about the fee. */
export const CANCELLATION_RULES = ['free-after-booking', 'days-before-show', 'organiser-cancelled'] as const;
export type CancellationRule = (typeof CANCELLATION_RULES)[number];

/** The seats of a cancellation, with the terms that were frozen when they were held. */
export interface CancellationFacts {
  /** The status of these seats: CANCELLED if one of them was cancelled earlier. */
  status: ReservationStatus;
  /**
   * The payment for these seats. Its points do not include points that were already refunded. Null if nothing has been
   * paid.
   */
  sale: { paid: PaymentAmount; bookedAt: Date } | null;
  /** The price of each of these seats, in whole currency units. */
  prices: readonly number[];
  /** For these seats. */
  bookingFee: number;
  currency: string;
  /** A visitor was admitted with one of the tickets of these seats. */
  ticketUsed: boolean;
  /** The show does not take place. */
  showCancelled: boolean;
  policy: CancellationPolicy;
  startsAt: Date;
  /** The time zone of the venue, an IANA name. */
  timeZone: string;
}

/**
 * The result of a cancellation. Money is in whole currency units. If the cancellation is not possible, all amounts are
 * 0.
 */
export type CancellationTerms = (
  | { cancellable: true; reason: null; rule: CancellationRule }
  | { cancellable: false; reason: NotCancellableReason; rule: null }
) & {
  /** The part of the ticket prices that is kept. It does not include a booking fee that is not refunded. */
  fee: number;
  bookingFeeRefund: number;
  /** The whole refund, including the refund of the booking fee. */
  refund: PaymentAmount;
};

/**
 * Computes the result of a cancellation at an instant, for the preview and for the cancellation itself.
 *
 * The percentage is taken of each ticket, and rounded down to a whole currency unit. The refund goes to points first,
 * and the card gets the rest. So the fee reduces the card part first.
 *
 * @param now the instant at which the cancellation was requested
 */
export function cancellationTerms(
  facts: CancellationFacts,
  cause: CancellationCause,
  now: Date,
): CancellationTerms {
  const { sale, bookingFee, currency } = facts;
  if (facts.status === 'CANCELLED') return refused('already-cancelled');
  if (facts.status !== 'CONFIRMED' || !sale) return refused('not-confirmed');
  // A customer pays no fee if the show does not take place.
  if (cause === 'ORGANISER' || facts.showCancelled)
    return cancellable('organiser-cancelled', 0, bookingFee, sale.paid);

  if (facts.ticketUsed) return refused('ticket-used');
  const clock = readClock(facts, sale.bookedAt, now);
  if (clock.isTooLate) return refused('too-late');
  const bookingFeeRefund = returnsBookingFee(facts.policy, clock) ? bookingFee : 0;
  if (isFree(facts.policy, clock)) return cancellable('free-after-booking', 0, bookingFeeRefund, sale.paid);
  return cancellable('days-before-show', stepFee(facts, clock), bookingFeeRefund, sale.paid);

  function cancellable(
    rule: CancellationRule,
    fee: number,
    feeRefund: number,
    paid: PaymentAmount,
  ): CancellationTerms {
    const total = paid.total - fee - (bookingFee - feeRefund);
    const points = Math.min(paid.points, total);
    const refund = { points, card: total - points, total, currency };
    return { cancellable: true, reason: null, rule, fee, bookingFeeRefund: feeRefund, refund };
  }

  function refused(reason: NotCancellableReason): CancellationTerms {
    const refund = { points: 0, card: 0, total: 0, currency };
    return { cancellable: false, reason, rule: null, fee: 0, bookingFeeRefund: 0, refund };
  }
}

const REASONS: Readonly<Record<NotCancellableReason, string>> = {
  'not-confirmed': 'Only a reservation that is paid can be cancelled.',
  'already-cancelled': 'The reservation is already cancelled.',
  'ticket-used': 'A visitor was admitted with one of its tickets.',
  'too-late': 'The time for cancellations is over.',
};

export function notCancellable(reason: NotCancellableReason): Problem {
  return new Problem('not-cancellable', REASONS[reason], { reason });
}

/**
 * The instant from which the policy allows no cancellation: the cut-off, or the start of the show if that is earlier.
 */
export function cancellableUntil({
  policy,
  startsAt,
  timeZone,
}: Pick<CancellationFacts, 'policy' | 'startsAt' | 'timeZone'>): Date {
  const show = DateTime.fromJSDate(startsAt, { zone: timeZone });
  const cutOffDay = show.startOf('day').minus({ days: policy.cutOff.daysBefore });
  const [hour, minute] = cutOffTime(policy, show).split(':').map(Number);
  return DateTime.min(cutOffDay.set({ hour: hour ?? 0, minute: minute ?? 0 }), show).toJSDate();
}

/** Depends on the local day of the show. */
function cutOffTime(
  { cutOff: { time, exceptions = [] }, holidays = [] }: CancellationPolicy,
  show: DateTime,
): string {
  const exception = exceptions.find(({ showOn }) =>
    showOn.some((day) =>
      day === 'HOLIDAY' ? isHoliday(show, holidays) : day === WEEKDAYS[show.weekday - 1],
    ),
  );
  return exception?.time ?? time;
}

/** The values of an instant that a policy uses. */
interface PolicyClock {
  isTooLate: boolean;
  /** From the day of the cancellation to the day of the show. */
  daysBefore: number;
  /** From the day of booking to the day of the cancellation. */
  daysAfterBooking: number;
  hoursAfterBooking: number;
}

function readClock(facts: CancellationFacts, bookedAt: Date, now: Date): PolicyClock {
  const local = (instant: Date) => DateTime.fromJSDate(instant, { zone: facts.timeZone });
  const [booked, asked, show] = [local(bookedAt), local(now), local(facts.startsAt)];
  return {
    isTooLate: now >= cancellableUntil(facts),
    daysBefore: calendarDays(asked, show),
    daysAfterBooking: calendarDays(booked, asked),
    hoursAfterBooking: (now.getTime() - bookedAt.getTime()) / HOUR_MS,
  };
}

/** Calendar days from one local day to another; a day of 23 or 25 hours counts as one. */
function calendarDays(from: DateTime, to: DateTime): number {
  return Math.round(to.startOf('day').diff(from.startOf('day'), 'days').days);
}

function returnsBookingFee({ bookingFeeRefundDays }: CancellationPolicy, clock: PolicyClock): boolean {
  return bookingFeeRefundDays !== null && clock.daysAfterBooking <= bookingFeeRefundDays;
}

function isFree({ free }: CancellationPolicy, clock: PolicyClock): boolean {
  return free.some(({ afterBooking: { count, unit }, atLeastDaysBefore }) => {
    if (clock.daysBefore < atLeastDaysBefore) return false;
    return unit === 'hours' ? clock.hoursAfterBooking < count : clock.daysAfterBooking <= count;
  });
}

/** The sum over the tickets, for the step that contains the day. */
function stepFee({ policy, prices }: CancellationFacts, { daysBefore }: PolicyClock): number {
  const step = policy.fees.find(({ untilDaysBefore }) => daysBefore >= untilDaysBefore);
  // The last step reaches to the cut-off, and the cut-off has not passed. The schema ensures this.
  if (!step) throw new Error(`the policy has no fee for ${daysBefore} days before the show`);
  const { percent, atMost = Infinity } = step;
  return prices.reduce((sum, price) => sum + Math.min(Math.floor((price * percent) / 100), atMost), 0);
}
