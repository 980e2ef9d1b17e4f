import { bestSaleStatus, saleStatus, type Sale } from '../../../src/domain/catalogue/saleStatus';

const opens = new Date('2027-01-10T11:00:00.000Z');
const closes = new Date('2027-01-20T08:00:00.000Z');
const during = new Date('2027-01-15T00:00:00.000Z');
const sale: Sale = {
  saleSwitch: 'OPEN',
  saleOpensAt: opens,
  saleClosesAt: closes,
  cancelledAt: null,
  seatsAvailable: 1,
};

describe('the status of a sale', () => {
  it.each([
    ['UPCOMING', sale, new Date(opens.getTime() - 1)],
    ['OPEN', sale, opens],
    ['OPEN', sale, new Date(closes.getTime() - 1)],
    ['CLOSED', sale, closes],
    ['SOLD_OUT', { ...sale, seatsAvailable: 0 }, during],
    ['PAUSED', { ...sale, saleSwitch: 'PAUSED' as const }, during],
    ['UPCOMING', { ...sale, saleSwitch: 'PAUSED' as const }, new Date(0)],
    ['CLOSED', { ...sale, saleSwitch: 'CLOSED' as const }, new Date(0)],
    ['CANCELLED', { ...sale, cancelledAt: during }, during],
    ['CANCELLED', { ...sale, cancelledAt: during }, closes],
  ])('is %s', (expected, state, now) => {
    expect(saleStatus(state, now)).toBe(expected);
  });
});

describe('the status of a concert', () => {
  it('is the best status for a buyer among its schedules', () => {
    expect(bestSaleStatus(['CLOSED', 'OPEN', 'UPCOMING'])).toBe('OPEN');
    expect(bestSaleStatus(['SOLD_OUT', 'UPCOMING'])).toBe('UPCOMING');
    expect(bestSaleStatus(['CLOSED', 'SOLD_OUT'])).toBe('SOLD_OUT');
    expect(bestSaleStatus(['CANCELLED', 'CLOSED'])).toBe('CLOSED');
    expect(bestSaleStatus([])).toBe('UPCOMING');
  });
});
