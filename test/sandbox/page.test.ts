import { createHash } from 'node:crypto';
import { PAGE_USER, pagePassword } from '../../src/gateways/sandbox/pageAccess';
import { SECRET, aCharge, startSandbox, type RunningSandbox } from './server';

let sandbox: RunningSandbox;
beforeAll(async () => {
  sandbox = await startSandbox('http://127.0.0.1:9/nobody-listens-here');
});
afterAll(() => sandbox.stop());

const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
const LOGIN = basic(PAGE_USER, pagePassword(SECRET));

const open = async (where = '/', authorization = LOGIN) => {
  const response = await fetch(sandbox.url + where, { headers: { authorization } });
  return { status: response.status, headers: response.headers, text: await response.text() };
};

/** The keys in the order of the page. */
const keysOn = (page: string): string[] =>
  [...page.matchAll(/key<\/span> ([0-9a-f-]{36})/g)].map(([, key = '']) => key);

describe('the page', () => {
  it('shows charges with status, amounts, refunds and messages', async () => {
    const charge = aCharge({ paymentKey: 'sandbox:webhook', amount: 1_234_567 });
    await sandbox.gateway.charge(charge);
    const refund = { refundKey: 'one', charge, gatewayPaymentId: 'any', amount: 4_567, reason: 'a gift' };
    await sandbox.gateway.refund(refund);

    const { status, text } = await open();

    expect(status).toBe(200);
    for (const shown of [
      charge.idempotencyKey,
      charge.orderId,
      'sandbox:webhook',
      'CAPTURED',
      '1,234,567 KRW',
      '1,230,000 KRW left',
      '4,567 KRW',
      'a gift',
      'charge.captured',
      'charge.refunded',
      'WAITING',
    ]) {
      expect(text).toContain(shown);
    }
  });

  it('has every charge on one page only, newest first', async () => {
    const charges = Array.from({ length: 120 }, () => aCharge());
    for (const charge of charges) await sandbox.gateway.charge(charge);
    const found: string[] = [];
    let where: string | undefined = '/';
    while (where !== undefined) {
      const { text } = await open(where);
      found.push(...keysOn(text));
      where = /<a href="([^"]+)">Older/.exec(text)?.[1];
    }

    const ofThisTest = new Set(charges.map(({ idempotencyKey }) => idempotencyKey));
    const shown = found.filter((key) => ofThisTest.has(key));
    expect(new Set(shown)).toEqual(ofThisTest);
    expect(shown).toHaveLength(charges.length);
    expect(shown[0]).toBe(charges.at(-1)?.idempotencyKey);
  });

  it('shows the input of a client as text, never as markup', async () => {
    const hostile = `"><script>alert('x')</script>&amp;`;
    await sandbox.gateway.charge(aCharge({ orderId: hostile }));
    await sandbox.gateway.void(aCharge(), hostile);

    const { text } = await open();

    expect(text).not.toContain('<script');
    expect(text.match(/&quot;&gt;&lt;script&gt;alert\(&#39;x&#39;\)&lt;\/script&gt;&amp;amp;/g)).toHaveLength(
      2,
    );
  });

  it('allows only its own style, and lets nothing else be loaded, run, stored or framed', async () => {
    const { headers, text } = await open();
    const [, style = ''] = /<style>([^]*)<\/style>/.exec(text) ?? [];
    const hash = createHash('sha256').update(style).digest('base64');

    expect(headers.get('content-security-policy')?.split(';')).toEqual([
      "default-src 'none'",
      `style-src 'sha256-${hash}'`,
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ]);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });
});

describe('the password of the page', () => {
  it.each([
    ['nothing', ''],
    ['the secret of the calls', `Bearer ${SECRET}`],
    ['the secret as a password', basic(PAGE_USER, SECRET)],
    ['another user', basic('other', pagePassword(SECRET))],
    ['another password', basic(PAGE_USER, 'x')],
  ])('is required if the request has %s', async (_what, authorization) => {
    const { status, headers, text } = await open('/', authorization);

    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).toMatch(/^Basic realm=/);
    expect(text).not.toContain('<');
  });

  it.each(['/v1/book', '/v1/charges/by-key/x', '//', '/?before=1.x/../v1/book'])(
    'opens only the page: %s',
    async (where) => {
      const { status, text } = await open(where);

      expect(status === 401 || text.startsWith('<!doctype html>')).toBe(true);
      expect(text).not.toContain('"items"');
    },
  );

  it('does not allow changes', async () => {
    const response = await fetch(`${sandbox.url}/v1/charges`, {
      method: 'POST',
      headers: { authorization: LOGIN, 'content-type': 'application/json', 'idempotency-key': 'one' },
      body: JSON.stringify(aCharge()),
    });

    expect(response.status).toBe(401);
  });

  it('does not reveal the secret', () => {
    expect(pagePassword(SECRET)).toMatch(/^[\w-]{43}$/);
    expect(pagePassword(SECRET)).not.toBe(pagePassword(`${SECRET}x`));
  });
});
