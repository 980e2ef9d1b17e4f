import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ChargeRequest } from '../../src/domain/payments/gateway';
import { parseBehaviour } from '../../sandbox/behaviour';
import { openBook, type Book } from '../../sandbox/book';
import { eventually } from '../support/eventually';
import { startReceiver, type Receiver } from './receiver';
import { aCharge, startSandbox, type RunningSandbox } from './server';

let receiver: Receiver;
let sandbox: RunningSandbox;

beforeAll(async () => {
  receiver = await startReceiver();
  sandbox = await startSandbox(receiver.url);
});
afterAll(async () => {
  await sandbox.stop();
  await receiver.stop();
});

async function charge(paymentKey?: string): Promise<ChargeRequest> {
  const request = aCharge(paymentKey === undefined ? {} : { paymentKey });
  await sandbox.gateway.charge(request);
  return request;
}

const refund = (of: ChargeRequest, amount: number) =>
  sandbox.gateway.refund({
    refundKey: `${amount}`,
    charge: of,
    gatewayPaymentId: 'any',
    amount,
    reason: 'test',
  });

const messagesAbout = ({ idempotencyKey }: ChargeRequest) => sandbox.outbox.about(idempotencyKey);
const answersTo = (request: ChargeRequest) =>
  messagesAbout(request).map(({ attempts, state, lastAnswer }) => ({ attempts, state, lastAnswer }));

describe('a message', () => {
  it('reports a charge without a response', async () => {
    const request = await charge('sandbox:timeout-after-charge');

    expect(await receiver.untilHeard(request.idempotencyKey, 1)).toEqual(['charge.captured']);
    const outcome = await sandbox.gateway.lookUp(request);
    expect(receiver.received).toContainEqual(
      expect.objectContaining({
        idempotencyKey: request.idempotencyKey,
        gatewayPaymentId: outcome.outcome === 'approved' ? outcome.gatewayPaymentId : 'not approved',
      }),
    );
  });

  it('reports a charge whose client has closed the connection', async () => {
    const request = await charge('sandbox:slow:4000');

    expect(await receiver.untilHeard(request.idempotencyKey, 1)).toEqual(['charge.captured']);
  });

  it('reports a refund without a response', async () => {
    const request = await charge('sandbox:refund-timeout:1');
    expect(await refund(request, 500)).toMatchObject({ outcome: 'unknown' });

    expect(await receiver.untilHeard(request.idempotencyKey, 1)).toEqual(['charge.refunded']);
  });

  it('is not sent about an outcome that a response has reported', async () => {
    const [approved, declined] = [await charge(), await charge('sandbox:decline')];
    const authorised = await charge('sandbox:authorise');
    await refund(approved, 500);
    await sandbox.gateway.void(approved, 'test');
    await sandbox.gateway.void(authorised, 'test');

    await eventually(async () => expect([approved, declined, authorised].flatMap(messagesAbout)).toEqual([]));
  });

  it('about an unreachable charge comes when a look-up finds it too', async () => {
    const request = await charge('sandbox:late-look-up:4000');
    expect(await sandbox.gateway.lookUp(request)).toMatchObject({ outcome: 'unknown' });

    await receiver.untilHeard(request.idempotencyKey, 1);
    expect(await sandbox.gateway.lookUp(request)).toMatchObject({ outcome: 'approved' });
  });
});

describe('a payment key for messages', () => {
  it('webhook sends a message for everything, in addition to the responses', async () => {
    const request = await charge('sandbox:webhook');
    await receiver.untilHeard(request.idempotencyKey, 1);
    await refund(request, 500);

    expect(await receiver.untilHeard(request.idempotencyKey, 2)).toEqual([
      'charge.captured',
      'charge.refunded',
    ]);
  });

  it('webhook-twice sends each message twice, with the same id', async () => {
    const request = await charge('sandbox:webhook-twice');

    await receiver.untilHeard(request.idempotencyKey, 2);
    const ids = receiver.received.flatMap((reading) =>
      reading.kind === 'event' && reading.idempotencyKey === request.idempotencyKey ? [reading.eventId] : [],
    );
    expect(new Set(ids).size).toBe(1);
    await eventually(async () =>
      expect(answersTo(request)).toEqual([{ attempts: 2, state: 'DELIVERED', lastAnswer: 'http-200' }]),
    );
  });

  it('webhook-out-of-order lets the refund overtake the charge', async () => {
    const request = await charge('sandbox:webhook-out-of-order');
    await refund(request, 500);

    expect(await receiver.untilHeard(request.idempotencyKey, 2)).toEqual([
      'charge.refunded',
      'charge.captured',
    ]);
  });

  it('webhook-late:1000 sends the message after that time', async () => {
    const before = Date.now();
    const request = await charge('sandbox:webhook-late:1000');

    await receiver.untilHeard(request.idempotencyKey, 1);
    expect(Date.now() - before).toBeGreaterThanOrEqual(1_000);
  });

  it('webhook-badly-signed is rejected', async () => {
    const rejected = { kind: 'rejected', reason: 'bad-signature' };
    const before = receiver.received.filter(({ kind }) => kind === 'rejected').length;
    await charge('sandbox:webhook-badly-signed');

    await eventually(async () =>
      expect(receiver.received.filter(({ kind }) => kind === 'rejected')).toEqual(
        Array.from({ length: before + 1 }, () => rejected),
      ),
    );
  });
});

describe('a message that does not arrive', () => {
  it.each<[string, number | null, string]>([
    ['is refused', 400, 'http-400'],
    ['gets an error', 503, 'http-503'],
    ['is redirected', 302, 'http-302'],
    ['is cut off', null, 'UND_ERR_SOCKET'],
  ])('because it %s is sent again', async (_how, answer, lastAnswer) => {
    receiver.answers.push(answer);
    const request = await charge('sandbox:webhook');
    await eventually(async () =>
      expect(answersTo(request)).toEqual([{ attempts: 1, state: 'WAITING', lastAnswer }]),
    );

    expect(await receiver.untilHeard(request.idempotencyKey, 2)).toHaveLength(2);
    await eventually(async () =>
      expect(answersTo(request)).toEqual([{ attempts: 2, state: 'DELIVERED', lastAnswer: 'http-200' }]),
    );
  });
});

describe('the pauses between tries', () => {
  let directory: string;
  let book: Book;
  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'holdfast-sandbox-'));
    book = openBook(directory, { sendsWebhooks: true });
  });
  afterAll(async () => {
    await book.close();
    await rm(directory, { recursive: true });
  });

  it('grow until the message is given up after an hour', async () => {
    const all = parseBehaviour('sandbox:webhook');
    if (!all) throw new Error('no such payment key');
    await book.charge('key', { amount: 1, currency: 'KRW', orderId: 'order', description: '' }, all);
    const [booked] = book.outbox.about('key');
    const pauses: number[] = [];
    let now = booked?.dueAt ?? 0;
    for (;;) {
      const [taken] = await book.outbox.take(now, 1);
      if (!taken) break;
      await book.outbox.settle(taken, 'http-500', now);
      const [after] = book.outbox.about('key');
      pauses.push((after?.dueAt ?? 0) - now);
      now = after?.dueAt ?? 0;
    }

    expect(book.outbox.about('key')).toMatchObject([{ state: 'GIVEN_UP', attempts: pauses.length }]);
    // The last value is not a pause, because nothing follows it.
    pauses.pop();
    expect(pauses.slice(0, 4)).toEqual([1_000, 2_000, 4_000, 8_000]);
    expect(Math.max(...pauses)).toBe(300_000);
    const triedFor = pauses.reduce((sum, pause) => sum + pause, 0);
    expect(triedFor).toBeGreaterThan(3_600_000);
    expect(triedFor).toBeLessThanOrEqual(3_900_000);
  });
});

describe('the messages', () => {
  it('delay no response, even while no receiver accepts them', async () => {
    receiver.answers.push(...Array.from({ length: 30 }, () => null));
    const began = performance.now();
    await Promise.all(Array.from({ length: 30 }, () => charge('sandbox:webhook')));

    expect(performance.now() - began).toBeLessThan(3_000);
  });
});
