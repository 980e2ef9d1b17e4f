import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { RATE_LIMITS } from '../../../../src/domain/rateLimits';
import { SIGNATURE_HEADER, signWebhook } from '../../../../src/gateways/sandbox/webhook';
import { openBareClient, post } from '../../../support/bareClient';
import { startEdge, type Edge } from '../../edge';

const PATH = '/v1/webhooks/sandbox';
/** The secret in the settings of the edge. */
const SECRET = 'y'.repeat(32);
const LIMIT = 64 * 1024;

let edge: Edge;
beforeAll(async () => {
  edge = await startEdge({ settings: { RATE_LIMIT_FACTOR: '1' } });
});
afterAll(async () => edge.stop());

async function deliver(body: Buffer | string, headers: Record<string, string> = {}, path = PATH) {
  const response = await fetch(`${edge.url}${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body,
  });
  const text = await response.text();
  return { status: response.status, text, headers: response.headers };
}

const signed = (body: Buffer | string) => ({ [SIGNATURE_HEADER]: signWebhook(body, SECRET, Date.now()) });

const anEvent = () =>
  JSON.stringify({
    eventId: randomUUID(),
    type: 'charge.captured',
    idempotencyKey: randomUUID(),
    gatewayPaymentId: null,
  });

describe('the signature of a message', () => {
  it('covers the bytes as they arrived', async () => {
    const event = anEvent();
    expect(await deliver(event, signed(event))).toMatchObject({ status: 200 });
  });

  it.each([
    [
      'other bytes that give the same text because they are not UTF-8',
      [Buffer.from([0xff]), Buffer.from([0xfe])],
    ],
    ['a byte order mark before the same text', [Buffer.from('{}'), Buffer.from('\u{FEFF}{}')]],
  ])('is not valid for %s', async (_case, [signedBytes = Buffer.alloc(0), sent = Buffer.alloc(0)]) => {
    const reply = await deliver(sent, signed(signedBytes));
    expect(reply.text).toContain('"reason":"bad-signature"');
  });

  it.each([
    ['a body that is not JSON', 'nonsense'],
    ['JSON that is as deep as its size allows', '['.repeat(LIMIT)],
    ['a key that would become a prototype', '{"__proto__": {}}'],
  ])('is checked before anything is parsed: %s', async (_case, body) => {
    const forged = await deliver(body, { [SIGNATURE_HEADER]: `t=1,v1=${'0'.repeat(64)}` });
    expect(forged.status).toBe(400);
    expect(forged.text).toContain('"reason":"bad-signature"');
    const right = await deliver(body, signed(body));
    expect(right.text).toContain('"reason":"malformed"');
  });
});

describe('a message that is rejected before it is read', () => {
  it.each(['toss', 'stripe', 'nobody', 'sandbox/more'])(
    'comes from a gateway that is not configured: %s',
    async (name) => {
      const client = await openBareClient(edge.url);
      // The body never arrives, and the server does not wait for it.
      client.send(post(`/v1/webhooks/${name}`, `Content-Length: ${LIMIT}`));
      expect(await client.gone()).toMatch(/^HTTP\/1\.1 404 [\s\S]*not-found/);
    },
  );

  it('is larger than 64 KB', async () => {
    const client = await openBareClient(edge.url);
    client.send(post(PATH, `Content-Length: ${LIMIT + 1}`));
    expect(await client.gone()).toMatch(/^HTTP\/1\.1 413 /);
    const body = Buffer.alloc(LIMIT, ' ');
    expect((await deliver(body, signed(body))).text).toContain('"reason":"malformed"');
  });

  it('is compressed: no gateway signs compressed bytes', async () => {
    const body = gzipSync(anEvent());
    expect(await deliver(body, { ...signed(body), 'Content-Encoding': 'gzip' })).toMatchObject({
      status: 415,
    });
  });
});

describe('messages', () => {
  it('have their own limit, which does not affect other requests from the address', async () => {
    const refused = await deliver('{}');
    expect(refused.headers.get('RateLimit-Policy')).toBe(`"webhook";q=${RATE_LIMITS.webhook.quota};w=60`);
    const strict = await startEdge({ beside: edge, settings: { RATE_LIMIT_FACTOR: '0.0001' } });
    try {
      await edge.redis.redis.flushdb();
      const send = async () => strict.call('POST', PATH, { body: {} });
      expect([(await send()).status, (await send()).status]).toEqual([400, 429]);
      expect((await strict.call('GET', '/v1/concerts')).status).toBe(200);
    } finally {
      await strict.stop();
    }
  });
});
