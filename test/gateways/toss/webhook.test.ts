import { readWebhook } from '../../../src/gateways/toss/webhook';

const TOKEN = 'a-token-of-the-tests-that-is-long-enough';
const ID_HEADER = 'tosspayments-webhook-transmission-id';

const CHANGED = {
  eventType: 'PAYMENT_STATUS_CHANGED',
  createdAt: '2030-01-01T00:00:00.000000',
  data: { paymentKey: 'toss_1', orderId: 'order-1', status: 'DONE', totalAmount: 2_000 },
};

function read(body: unknown, { token = TOKEN, headers = { [ID_HEADER]: 'transmission-1' } } = {}) {
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  return readWebhook({ body: bytes, headers, token, receivedAt: Date.now() }, TOKEN);
}

describe('A message about a payment', () => {
  it.each(['PAYMENT_STATUS_CHANGED', 'CANCEL_STATUS_CHANGED'])('%s says which payment to look up', (type) => {
    expect(read({ ...CHANGED, eventType: type })).toEqual({
      kind: 'event',
      eventId: 'transmission-1',
      type,
      idempotencyKey: null,
      gatewayPaymentId: 'toss_1',
    });
  });

  it('that is sent again has the same id', () => {
    const again = { [ID_HEADER]: 'transmission-1', 'tosspayments-webhook-transmission-retried-count': '3' };

    expect(read(CHANGED, { headers: again })).toEqual(read(CHANGED));
  });
});

describe('A message that is not accepted', () => {
  it.each(['', 'wrong', `${TOKEN}x`, TOKEN.slice(1)])('has the token %p', (token) => {
    expect(read(CHANGED, { token })).toEqual({ kind: 'rejected', reason: 'bad-signature' });
  });

  it('has no token', () => {
    const message = { body: Buffer.from('{}'), headers: {}, token: undefined, receivedAt: Date.now() };

    expect(readWebhook(message, TOKEN)).toEqual({ kind: 'rejected', reason: 'bad-signature' });
  });

  it('is not JSON, or has no id', () => {
    const malformed = { kind: 'rejected', reason: 'malformed' };

    expect(read('{')).toEqual(malformed);
    expect(
      readWebhook(
        { body: Buffer.from(JSON.stringify(CHANGED)), headers: {}, token: TOKEN, receivedAt: 0 },
        TOKEN,
      ),
    ).toEqual(malformed);
  });
});

describe('A message about something that this service does not use', () => {
  it.each([
    ['a deposit to a virtual account', { createdAt: 'x', secret: 'x', status: 'DONE', orderId: 'order-1' }],
    ['a deleted billing key', { eventType: 'BILLING_DELETED', data: { billingKey: 'b' } }],
    ['a seller', { eventType: 'seller.changed', entityBody: {} }],
    ['nothing at all', []],
  ])('is irrelevant: %s', (_name, body) => {
    expect(read(body)).toEqual({ kind: 'irrelevant' });
  });
});
