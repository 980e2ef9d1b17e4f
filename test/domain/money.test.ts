import * as fc from 'fast-check';
import { reservationAmount, splitPayment } from '../../src/domain/money';

const prices = fc.array(fc.integer({ min: 0, max: 1_000_000 }), { minLength: 1, maxLength: 10 });
const fee = fc.integer({ min: 0, max: 10_000 });

describe("a reservation's amount", () => {
  it('is the sum of the prices, and a fee for each seat', () => {
    expect(reservationAmount([150_000, 90_000], 2_000)).toEqual({
      tickets: 240_000,
      bookingFee: 4_000,
      total: 244_000,
      currency: 'KRW',
    });
  });

  it('adds up', () => {
    fc.assert(
      fc.property(prices, fee, (seats, feePerSeat) => {
        const { tickets, bookingFee, total } = reservationAmount(seats, feePerSeat);
        expect(tickets + bookingFee).toBe(total);
        expect(bookingFee).toBe(seats.length * feePerSeat);
      }),
    );
  });
});

describe('splitting a payment', () => {
  const amount = reservationAmount([100_000, 50_000], 2_000);

  it.each([
    ['points for every seat if the client names no amount', undefined, 150_000, 4_000],
    ['the card for the rest', 20_000, 20_000, 134_000],
    ['the card for everything', 0, 0, 154_000],
  ])('takes %s', (_case, wanted, points, card) => {
    expect(splitPayment(amount, wanted)).toEqual({ points, card, total: 154_000, currency: 'KRW' });
  });

  it.each([
    ['more than the seats cost', 150_001],
    ['the booking fee', 154_000],
    ['less than nothing', -1],
    ['a fraction of a KRW', 0.5],
    ['not a number', Number.NaN],
  ])('refuses to take %s from the wallet', (_case, wanted) => {
    expect(splitPayment(amount, wanted)).toBeNull();
  });

  it('never loses money, and never pays the booking fee with points', () => {
    fc.assert(
      fc.property(prices, fee, fc.integer({ min: -10, max: 2_000_000 }), (seats, feePerSeat, wanted) => {
        const whole = reservationAmount(seats, feePerSeat);
        const split = splitPayment(whole, wanted);
        const isPossible = wanted >= 0 && wanted <= whole.tickets;
        const expected = { points: wanted, card: whole.tickets - wanted + whole.bookingFee };
        expect(split).toEqual(
          isPossible ? { ...expected, total: whole.total, currency: whole.currency } : null,
        );
      }),
    );
  });
});
