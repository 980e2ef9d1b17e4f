import { randomUUID } from 'node:crypto';
import { SIGNATURE_HEADER, signWebhook, type WebhookEvent } from '../../src/gateways/sandbox/webhook';
import { expectAnswer } from './client';
import * as contract from './contract';
import { expectHold, PRICES } from './sale';
import { START_MS, startService, type Service } from './service';

let service: Service;

beforeAll(async () => {
  service = await startService();
}, START_MS);
afterAll(async () => service.end(), START_MS);

function anEvent(change: Partial<WebhookEvent> = {}): WebhookEvent {
  return {
    eventId: randomUUID(),
    type: 'charge.captured',
    idempotencyKey: randomUUID(),
    gatewayPaymentId: null,
    ...change,
  };
}

interface Delivery {
  secret?: string;
  signedAt?: number;
  gateway?: string;
  /** The body that is sent instead of the signed one. */
  body?: string;
}

/** Sends an event as the gateway would. */
async function deliver(event: WebhookEvent, delivery: Delivery = {}) {
  const { secret = service.stack.webhookSecret, signedAt = Date.now(), gateway = 'sandbox' } = delivery;
  const body = JSON.stringify(event);
  const response = await fetch(`${service.stack.apiUrl}/v1/webhooks/${gateway}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', [SIGNATURE_HEADER]: signWebhook(body, secret, signedAt) },
    body: delivery.body ?? body,
  });
  return { status: response.status, body: await response.json() };
}

async function effectsOf(eventId: string): Promise<string[]> {
  const rows = await service.stack
    .ownerDb('webhook_events')
    .where({ event_id: eventId })
    .select<{ effect: string }[]>();
  return rows.map((row) => row.effect);
}

/** A reservation that was paid with points and card. */
async function aSale() {
  const [sale, user] = await Promise.all([service.openSale(), service.buyer(PRICES.R)]);
  const [seatId = ''] = sale.seatIds;
  const { reservationId } = await expectHold(user, [seatId]);
  const paid = expectAnswer(await user.pay(reservationId), 200, contract.paid);
  return { user, reservationId, paymentId: paid.paymentId };
}

describe('A message that is signed by the gateway', () => {
  it('is accepted once, however often it arrives, and changes nothing that was right', async () => {
    const { reservationId, paymentId } = await aSale();
    const event = anEvent({ idempotencyKey: paymentId });

    const replies = [await deliver(event), ...(await Promise.all([deliver(event), deliver(event)]))];

    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await effectsOf(event.eventId)).toEqual(['NONE']);
    expect((await service.charges(reservationId)).map(({ status }) => status)).toEqual(['CAPTURED']);
  });

  it('about an unknown charge is accepted, and moves no money', async () => {
    const event = anEvent({
      idempotencyKey: `not-a-uuid-${randomUUID()}`,
      gatewayPaymentId: 'another-one',
    });

    expect(await deliver(event)).toEqual({ status: 200, body: { received: true } });

    expect(await effectsOf(event.eventId)).toEqual(['UNKNOWN_CHARGE']);
  });

  it('about a failed payment makes sure that its money is returned', async () => {
    const [sale, user] = await Promise.all([service.openSale(), service.buyer(PRICES.R)]);
    const [seatId = ''] = sale.seatIds;
    const { reservationId } = await expectHold(user, [seatId]);
    await user.pay(reservationId, { paymentKey: 'sandbox:decline' });
    const reservation = await user.reservation(reservationId);
    const paymentId = reservation.payment?.paymentId ?? '';
    const event = anEvent({ idempotencyKey: paymentId });

    expect(await deliver(event)).toMatchObject({ status: 200 });

    expect(await effectsOf(event.eventId)).toEqual(['SETTLEMENT']);
    const settlement = service.temporal.workflow.getHandle(`charge-settlement-${paymentId}`);
    expect(await settlement.result()).toEqual({ status: 'GIVEN_BACK' });
  });
});

describe('The API rejects a message', () => {
  it.each<[string, Delivery, string]>([
    ['signed with another secret', { secret: 'x'.repeat(40) }, 'bad-signature'],
    ['with a changed body', { body: JSON.stringify(anEvent()) }, 'bad-signature'],
    ['older than five minutes', { signedAt: Date.now() - 301_000 }, 'too-old'],
    ['from the future', { signedAt: Date.now() + 400_000 }, 'too-old'],
  ])('%s', async (_case, delivery, reason) => {
    const event = anEvent();

    const { status, body } = await deliver(event, delivery);

    expect({ status, body }).toMatchObject({
      status: 400,
      body: { type: '/problems/webhook-rejected', reason },
    });
    expect(await effectsOf(event.eventId)).toEqual([]);
  });

  it('without a signature, or for a gateway that is not configured', async () => {
    const response = await fetch(`${service.stack.apiUrl}/v1/webhooks/sandbox`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(anEvent()),
    });
    expect(response.status).toBe(400);
    expect((await deliver(anEvent(), { gateway: 'stripe' })).status).toBe(404);
  });
});
