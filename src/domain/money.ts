import { Problem } from './problems';

/** Money is an integer in the smallest unit of the currency. KRW has no smaller unit. */
export const CURRENCY = 'KRW';

/** The cost of a reservation: the prices of the seats, the fee for each seat, and their sum. */
export interface ReservationAmount {
  tickets: number;
  bookingFee: number;
  total: number;
  currency: string;
}

/** The parts of a payment: points from the wallet, and the rest by card. `points + card = total`. */
export interface PaymentAmount {
  points: number;
  card: number;
  total: number;
  currency: string;
}

/** @param feePerSeat the schedule's booking fee for one seat */
export function reservationAmount(prices: readonly number[], feePerSeat: number): ReservationAmount {
  const tickets = prices.reduce((sum, price) => sum + price, 0);
  const bookingFee = prices.length * feePerSeat;
  return { tickets, bookingFee, total: tickets + bookingFee, currency: CURRENCY };
}

/**
 * Splits the total of a reservation. Points pay for seats only, never for the booking fee (REST contract, Payments).
 *
 * @param points the points to take from the wallet; if absent, the whole price of the seats
 * @returns null if `points` is more than the price of the seats
 */
export function splitPayment(amount: ReservationAmount, points = amount.tickets): PaymentAmount | null {
  if (!Number.isInteger(points) || points < 0 || points > amount.tickets) return null;
  return { points, card: amount.total - points, total: amount.total, currency: amount.currency };
}

/**
 * The wallet has `balance` points, and the payment needs `required` points.
 *
 * @param expiresAt until then the client may pay in another way
 */
export function insufficientPoints(balance: number, required: number, expiresAt?: string): Problem {
  return new Problem('insufficient-points', 'The wallet has too few points.', {
    balance,
    required,
    expiresAt,
  });
}
