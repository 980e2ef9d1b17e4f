import Stripe from 'stripe';
import type { WebhookReading } from '../../../src/domain/payments/gateway';
import { readWebhook } from '../../../src/gateways/stripe/webhook';
import { WEBHOOK_SECRET } from './stripeGateway';

const SENT_AT = Date.UTC(2030, 0, 1, 12);

interface Delivery {
  body?: string | Buffer;
  secret?: string;
  signature?: string;
  receivedAt?: number;
}

/** Signs the event with the official package, as Stripe does it, and reads it. */
function receive(event: object, delivery: Delivery = {}): WebhookReading {
  const payload = JSON.stringify(event, null, 2);
  const signed = Stripe.webhooks.generateTestHeaderString({
    payload,
    secret: delivery.secret ?? WEBHOOK_SECRET,
    timestamp: SENT_AT / 1000,
  });
  return readWebhook(
    {
      body: Buffer.from(delivery.body ?? payload),
      headers: { 'stripe-signature': delivery.signature ?? signed },
      token: undefined,
      receivedAt: delivery.receivedAt ?? SENT_AT,
    },
    WEBHOOK_SECRET,
  );
}

const anEvent = (type: string, object: object = anIntent) => ({
  id: 'evt_1',
  object: 'event',
  api_version: '2026-10-28.endive',
  type,
  data: { object },
});

const anIntent = {
  id: 'pi_1',
  object: 'payment_intent',
  metadata: { attempt: 'attempt-1', order: 'order-1' },
};
const aCharge = { id: 'ch_1', object: 'charge', payment_intent: 'pi_1', metadata: anIntent.metadata };
const aRefund = { id: 're_1', object: 'refund', payment_intent: 'pi_1', metadata: { attempt: 'attempt-1' } };

describe('a message from Stripe', () => {
  it.each([
    ['payment_intent.amount_capturable_updated', anIntent],
    ['payment_intent.succeeded', anIntent],
    ['payment_intent.payment_failed', anIntent],
    ['payment_intent.canceled', anIntent],
    ['charge.refunded', aCharge],
    ['charge.refund.updated', aRefund],
    ['refund.updated', aRefund],
    ['refund.failed', aRefund],
  ])('%s names the charge to look up', (type, object) => {
    expect(receive(anEvent(type, object))).toEqual({
      kind: 'event',
      eventId: 'evt_1',
      type,
      idempotencyKey: 'attempt-1',
      gatewayPaymentId: 'pi_1',
    });
  });

  it('about a manual refund names the charge by its intent', () => {
    expect(receive(anEvent('refund.updated', { ...aRefund, metadata: {} }))).toMatchObject({
      kind: 'event',
      idempotencyKey: null,
      gatewayPaymentId: 'pi_1',
    });
  });

  it.each([
    ['of another kind', anEvent('customer.created', { id: 'cus_1' })],
    ['about an intent of another shop', anEvent('payment_intent.succeeded', { ...anIntent, metadata: {} })],
    ['about a charge of another shop', anEvent('charge.refunded', { ...aCharge, metadata: null })],
    ['about a refund without an intent', anEvent('refund.failed', { ...aRefund, payment_intent: null })],
  ])('%s is irrelevant', (_name, event) => {
    expect(receive(event)).toEqual({ kind: 'irrelevant' });
  });

  it('is accepted for 300 s before and after its time', () => {
    const event = anEvent('payment_intent.succeeded');

    expect(receive(event, { receivedAt: SENT_AT + 300_000 })).toMatchObject({ kind: 'event' });
    expect(receive(event, { receivedAt: SENT_AT - 300_000 })).toMatchObject({ kind: 'event' });
  });
});

describe('a bad message from Stripe', () => {
  const event = anEvent('payment_intent.succeeded');
  const signature = Stripe.webhooks.generateTestHeaderString({
    payload: JSON.stringify(event, null, 2),
    secret: WEBHOOK_SECRET,
    timestamp: SENT_AT / 1000,
  });
  const aDayLater = SENT_AT + 86_400_000;

  it.each<[string, Delivery]>([
    ['by another secret', { secret: 'whsec_another' }],
    ['without a signature', { signature: '' }],
    ['with a malformed signature', { signature: 't=1,v1=' }],
    ['over another body', { body: JSON.stringify(anEvent('payment_intent.canceled')) }],
    ['over the same JSON in other bytes', { body: JSON.stringify(event) }],
    ['over no body', { body: '' }],
    [
      'with a second, younger time',
      { signature: `t=${aDayLater / 1000},${signature}`, receivedAt: aDayLater },
    ],
    ['with a second, older time', { signature: `${signature},t=1` }],
  ])('signed %s is rejected as bad-signature', (_name, delivery) => {
    expect(receive(event, delivery)).toEqual({ kind: 'rejected', reason: 'bad-signature' });
  });

  it.each([301_000, -301_000])('that is %i ms old is rejected as too-old', (age) => {
    expect(receive(event, { receivedAt: SENT_AT + age })).toEqual({ kind: 'rejected', reason: 'too-old' });
  });

  it.each([
    ['no event', { hello: 'world' }],
    ['a thin event', { ...event, object: 'v2.core.event' }],
    ['an event about nothing', anEvent('payment_intent.succeeded', { id: 1 })],
  ])('that is signed but is %s is rejected as malformed', (_name, body) => {
    expect(receive(body)).toEqual({ kind: 'rejected', reason: 'malformed' });
  });
});
