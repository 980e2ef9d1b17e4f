import { BOOKING_FEE } from '../e2e/sale';
import type { Cancelled, Reservation, Seat } from './model';

/** Two days before the show, the policy of the sale keeps 30 % of each ticket. */
const FEE_PERCENT = 30;

export function priceOf(seats: readonly Seat[]): number {
  return sum(seats.map(({ price }) => price));
}

/** The price of the seats and their booking fees. */
export function totalOf(seats: readonly Seat[]): number {
  return priceOf(seats) + seats.length * BOOKING_FEE;
}

/** Points pay for seats only. The card pays the rest and the booking fee. */
export function split(seats: readonly Seat[], points: number): { points: number; card: number } {
  return { points, card: totalOf(seats) - points };
}

/**
 * The fee reduces the card part first: points come back first. The booking fee comes back only on the day of the
 * payment, in the time zone of the venue.
 */
export function cancellationTerms(
  { paid, cancelled }: Reservation,
  seats: readonly Seat[],
  now = new Date(),
): Cancelled {
  if (!paid) throw new Error('nothing was paid');
  const bookingFee = seats.length * BOOKING_FEE;
  const fee = sum(seats.map(({ price }) => Math.floor((price * FEE_PERCENT) / 100)));
  const bookingFeeRefund = dayOf(paid.at) === dayOf(now) ? bookingFee : 0;
  const refund = priceOf(seats) - fee + bookingFeeRefund;
  const points = Math.min(paid.points - cancelled.points, refund);
  return {
    seatIds: seats.map(({ seatId }) => seatId),
    fee,
    bookingFeeRefund,
    points,
    card: refund - points,
  };
}

const dayOf = (date: Date): string => date.toLocaleDateString('en-CA', { timeZone: 'Asia/Seoul' });

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
