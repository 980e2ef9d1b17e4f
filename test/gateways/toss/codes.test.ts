import { CANCEL_CODES, CONFIRM_CODES, LOOK_UP_CODES } from '../../../src/gateways/toss/codes';
import { keptOf } from './tossBook';
import { aRefund, openShop, type TossShop } from './tossShop';

let shop: TossShop;
beforeAll(async () => {
  shop = await openShop();
});
beforeEach(() => shop.toss.reset());
afterAll(() => shop.stop());

const nameOf = (code: string): string => code.toLowerCase().replaceAll('_', '-');

/**
 * Codes that mean neither success nor refusal, for any call. If one of them counted as a refusal, money could be
 * lost.
 */
const NEVER_A_REFUSAL = [
  'ALREADY_PROCESSED_PAYMENT',
  'ALREADY_CANCELED_PAYMENT',
  'ALREADY_REFUND_PAYMENT',
  'NOT_MATCHES_REFUNDABLE_AMOUNT',
  'PROVIDER_ERROR',
  'CARD_PROCESSING_ERROR',
  'COMMON_ERROR',
  'UNKNOWN_PAYMENT_ERROR',
  'FAILED_INTERNAL_SYSTEM_PROCESSING',
  'FAILED_PAYMENT_INTERNAL_SYSTEM_PROCESSING',
  'FAILED_REFUND_PROCESS',
  'FAILED_METHOD_HANDLING_CANCEL',
  'FAILED_PARTIAL_REFUND',
  'FORBIDDEN_CONSECUTIVE_REQUEST',
  'FORBIDDEN_REQUEST',
  'IDEMPOTENT_REQUEST_PROCESSING',
  'INVALID_API_KEY',
  'UNAUTHORIZED_KEY',
  'INCORRECT_BASIC_AUTH_FORMAT',
  'A_CODE_OF_TOMORROW',
  'toString',
  '',
];

describe('A code of a confirmation', () => {
  it.each([...CONFIRM_CODES])('%s is a refusal with the reason %p, or unknown', async (code, reason) => {
    const charge = shop.prepared();
    shop.toss.next('confirm', { kind: 'refuse', status: 400, code });

    expect(await shop.gateway.charge(charge)).toEqual(
      reason === null ? { outcome: 'unknown', reason: nameOf(code) } : { outcome: 'declined', reason },
    );
  });

  it.each([
    ['REJECT_CARD_PAYMENT', 'insufficient-funds'],
    ['REJECT_CARD_COMPANY', 'card-declined'],
    ['INVALID_CARD_EXPIRATION', 'card-expired'],
    ['EXCEED_MAX_PAYMENT_AMOUNT', 'limit-exceeded'],
    ['NOT_FOUND_PAYMENT_SESSION', 'payment-expired'],
    ['BELOW_MINIMUM_AMOUNT', 'below-minimum-amount'],
  ])('%s gives the payer the reason %s', (code, reason) => {
    expect(CONFIRM_CODES.get(code)).toBe(reason);
  });
});

describe('A code of a cancellation', () => {
  it.each([...CANCEL_CODES])('%s is a refusal with the reason %p, or unknown', async (code, reason) => {
    const charge = await shop.paid();
    shop.toss.next('cancel', { kind: 'refuse', status: 400, code });

    expect(await shop.gateway.refund(aRefund(charge))).toEqual(
      reason === null ? { outcome: 'unknown', reason: nameOf(code) } : { outcome: 'refused', reason },
    );
    expect(keptOf(shop.toss.payment(charge.paymentKey))).toBe(2_000);
  });
});

describe('A code of a look-up', () => {
  it.each([...LOOK_UP_CODES])(
    '%s means that there is no payment (%p), or means nothing',
    async (code, reason) => {
      const charge = shop.prepared();
      shop.toss.next('look', { kind: 'refuse', status: 400, code });

      expect(await shop.gateway.lookUp(charge)).toEqual(
        reason === null ? { outcome: 'unknown', reason: nameOf(code) } : { outcome: 'absent' },
      );
    },
  );
});

describe('A code that is not listed, temporary, or about our credentials', () => {
  it.each(NEVER_A_REFUSAL)('%p never declines a charge, and never refuses a refund', async (code) => {
    const charge = shop.prepared();
    shop.toss.next('confirm', { kind: 'refuse', status: 400, code });
    expect(await shop.gateway.charge(charge)).toMatchObject({ outcome: 'unknown' });

    const paid = await shop.paid();
    shop.toss.next('cancel', { kind: 'refuse', status: 400, code });
    expect(await shop.gateway.refund(aRefund(paid))).toMatchObject({ outcome: 'unknown' });
  });

  it.each([500, 502, 503])('a refusal with the status %p does not count as a refusal', async (status) => {
    const charge = shop.prepared();
    shop.toss.next('confirm', { kind: 'refuse', status, code: 'REJECT_CARD_PAYMENT' });

    expect(await shop.gateway.charge(charge)).toEqual({ outcome: 'unknown', reason: 'reject-card-payment' });
  });
});
