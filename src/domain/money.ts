import { Problem } from './problems';

/** Money is an integer in the currency's smallest unit; KRW has none smaller than the won. */
export const CURRENCY = 'KRW';

/** What a reservation costs: the seats' prices, the fee for each seat, and their sum. */
export interface ReservationAmount {
  tickets: number;
  bookingFee: number;
  total: number;
  currency: string;
}

/** How a payment is split: points from the wallet, the rest by card. `points + card = total`. */
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
 * Splits a reservation's total. Points pay seats only, never the booking fee (REST contract, Payments).
 *
 * @param points wanted from the wallet; left out, the seats' whole price
 * @returns null where `points` is more than the seats' price
 */
export function splitPayment(amount: ReservationAmount, points = amount.tickets): PaymentAmount | null {
  if (!Number.isInteger(points) || points < 0 || points > amount.tickets) return null;
  return { points, card: amount.total - points, total: amount.total, currency: amount.currency };
}

/** The wallet holds `balance` and the payment wants `required` points. */
export function insufficientPoints(balance: number, required: number): Problem {
  return new Problem('insufficient-points', 'The wallet has too few points.', { balance, required });
}
