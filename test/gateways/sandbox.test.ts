import { aCharge, readBook, startSandbox, type RunningSandbox } from '../sandbox/server';

let sandbox: RunningSandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.stop());

const bookedUnder = async (key: string) => {
  const lines = await sandbox.book();
  return lines.filter(({ idempotencyKey }) => idempotencyKey === key);
};

const post = (key: string, body: unknown, headers: Record<string, string> = {}) =>
  sandbox.send('/v1/charges', {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { 'idempotency-key': key, ...headers },
  });

describe('a charge with a sandbox key', () => {
  it.each([undefined, 'sandbox:approve', 'sandbox:slow:50'])('%s is approved', async (paymentKey) => {
    const charge = aCharge(paymentKey === undefined ? {} : { paymentKey });

    const outcome = await sandbox.gateway.charge(charge);

    expect(outcome).toMatchObject({ outcome: 'approved' });
    expect(await sandbox.gateway.lookUp(charge)).toEqual(outcome);
    expect(await bookedUnder(charge.idempotencyKey)).toMatchObject([
      { status: 'CAPTURED', amount: 2_000, currency: 'KRW', orderId: charge.orderId },
    ]);
  });

  it.each([
    ['sandbox:decline', 'card-declined'],
    ['sandbox:insufficient-funds', 'insufficient-funds'],
  ])('%s is declined, also when it is requested again', async (paymentKey, reason) => {
    const charge = aCharge({ paymentKey });
    const declined = { outcome: 'declined', reason };

    expect(await sandbox.gateway.charge(charge)).toEqual(declined);
    expect(await sandbox.gateway.lookUp(charge)).toEqual(declined);
    expect(await sandbox.gateway.charge({ ...charge, paymentKey: 'sandbox:approve' })).toEqual(declined);
  });

  it.each(['sandbox:nonsense', 'sandbox:slow:', 'sandbox:flaky:x', 'toString', ''])(
    '%p is declined as unknown and books nothing',
    async (paymentKey) => {
      const charge = aCharge({ paymentKey });

      expect(await sandbox.gateway.charge(charge)).toEqual({
        outcome: 'declined',
        reason: 'unknown-payment-key',
      });
      expect(await sandbox.gateway.lookUp(charge)).toEqual({ outcome: 'absent' });
    },
  );

  it('error-500 is unknown, and nothing is booked', async () => {
    const charge = aCharge({ paymentKey: 'sandbox:error-500' });

    expect(await sandbox.gateway.charge(charge)).toEqual({ outcome: 'unknown', reason: 'http-500' });
    expect(await sandbox.gateway.lookUp(charge)).toEqual({ outcome: 'absent' });
  });

  it('error-after-charge is unknown although the money is taken, and only once', async () => {
    const charge = aCharge({ paymentKey: 'sandbox:error-after-charge' });

    expect(await sandbox.gateway.charge(charge)).toEqual({ outcome: 'unknown', reason: 'http-500' });
    expect(await sandbox.gateway.lookUp(charge)).toMatchObject({ outcome: 'approved' });
    expect(await sandbox.gateway.charge(charge)).toMatchObject({ outcome: 'approved' });
    expect(await bookedUnder(charge.idempotencyKey)).toHaveLength(1);
  });

  it.each([
    ['sandbox:timeout', 'absent'],
    ['sandbox:timeout-after-charge', 'approved'],
    ['sandbox:slow:60000', 'absent'],
  ])('%s is unknown within its time limit; the book then says %s', async (paymentKey, outcome) => {
    const charge = aCharge({ paymentKey });
    const started = performance.now();

    expect(await sandbox.gateway.charge(charge)).toEqual({ outcome: 'unknown', reason: 'timeout' });
    expect(performance.now() - started).toBeLessThan(4_000);
    expect(await sandbox.gateway.lookUp(charge)).toMatchObject({ outcome });
  });

  it('many charges that hang do not delay the response to another', async () => {
    const hanging = Promise.all(
      Array.from({ length: 100 }, () => sandbox.gateway.charge(aCharge({ paymentKey: 'sandbox:timeout' }))),
    );

    expect(await sandbox.gateway.charge(aCharge())).toMatchObject({ outcome: 'approved' });
    expect(new Set((await hanging).map((outcome) => JSON.stringify(outcome)))).toEqual(
      new Set([JSON.stringify({ outcome: 'unknown', reason: 'timeout' })]),
    );
  });

  it('flaky:2 fails twice for one key, then approves', async () => {
    const charge = aCharge({ paymentKey: 'sandbox:flaky:2' });
    const outcomes = [
      await sandbox.gateway.charge(charge),
      await sandbox.gateway.charge(charge),
      await sandbox.gateway.charge(charge),
      await sandbox.gateway.charge(charge),
    ];

    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['unknown', 'unknown', 'approved', 'approved']);
    expect(outcomes[3]).toEqual(outcomes[2]);
  });

  it('flaky:2 fails twice for one order, also if each attempt has its own key', async () => {
    const order = { orderId: 'one-order', paymentKey: 'sandbox:flaky:2' };
    const outcomes = [
      await sandbox.gateway.charge(aCharge(order)),
      await sandbox.gateway.charge(aCharge(order)),
      await sandbox.gateway.charge(aCharge(order)),
    ];

    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['unknown', 'unknown', 'approved']);
  });
});

describe('one idempotency key', () => {
  it('charges once, even if many requests run at once', async () => {
    const charge = aCharge();
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => sandbox.gateway.charge(charge)));

    expect(outcomes[0]).toMatchObject({ outcome: 'approved' });
    expect(new Set(outcomes.map((outcome) => JSON.stringify(outcome))).size).toBe(1);
    expect(await bookedUnder(charge.idempotencyKey)).toHaveLength(1);
  });

  it('with slow responses charges once', async () => {
    const charge = aCharge({ paymentKey: 'sandbox:slow:100' });
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => sandbox.gateway.charge(charge)));

    expect(new Set(outcomes.map((outcome) => JSON.stringify(outcome))).size).toBe(1);
  });

  it.each([{ amount: 2_001 }, { currency: 'USD' }, { orderId: 'another' }])(
    'is rejected with 422 for another charge (%p)',
    async (change) => {
      const { idempotencyKey, ...body } = aCharge();
      await post(idempotencyKey, body);

      const response = await post(idempotencyKey, { ...body, ...change });

      expect(response.status).toBe(422);
      expect(await response.json()).toMatchObject({ error: 'idempotency-key-reused' });
      expect(await bookedUnder(idempotencyKey)).toMatchObject([{ amount: 2_000, currency: 'KRW' }]);
    },
  );

  it('of another charge gives the client unknown, never approved', async () => {
    const charge = aCharge();
    await sandbox.gateway.charge(charge);

    expect(await sandbox.gateway.charge({ ...charge, amount: 1 })).toEqual({
      outcome: 'unknown',
      reason: 'http-422',
    });
  });

  it('of any printable characters finds its charge', async () => {
    const charge = aCharge({ idempotencyKey: 'a/b?c#d%2F..;"&' });

    expect(await sandbox.gateway.charge(charge)).toMatchObject({ outcome: 'approved' });
    expect(await sandbox.gateway.lookUp(charge)).toMatchObject({ outcome: 'approved' });
    expect(await sandbox.gateway.void(charge, 'test')).toMatchObject({ outcome: 'voided' });
  });
});

describe('a void', () => {
  const voided = { outcome: 'declined', reason: 'voided' };

  it('before the charge blocks the key: the charge that arrives later is declined', async () => {
    const charge = aCharge();

    expect(await sandbox.gateway.void(charge, 'the hold ended')).toMatchObject({ outcome: 'voided' });
    expect(await sandbox.gateway.charge(charge)).toEqual(voided);
    expect(await sandbox.gateway.lookUp(charge)).toEqual(voided);
    expect(await bookedUnder(charge.idempotencyKey)).toMatchObject([{ status: 'BARRED' }]);
  });

  it('overtakes a charge that is still slow', async () => {
    const charge = aCharge({ paymentKey: 'sandbox:slow:300' });
    const late = sandbox.gateway.charge(charge);

    expect(await sandbox.gateway.void(charge, 'the hold ended')).toMatchObject({ outcome: 'voided' });
    expect(await late).toEqual(voided);
  });

  it('after the charge refunds it in full, once', async () => {
    const charge = aCharge();
    await sandbox.gateway.charge(charge);

    expect(await sandbox.gateway.void(charge, 'first')).toMatchObject({ outcome: 'voided' });
    const lines = await bookedUnder(charge.idempotencyKey);
    expect(lines).toMatchObject([
      { status: 'REFUNDED', amount: 2_000, refunds: [{ amount: 2_000, reason: 'first' }] },
    ]);
    expect(await sandbox.gateway.void(charge, 'second')).toMatchObject({ outcome: 'voided' });
    expect(await bookedUnder(charge.idempotencyKey)).toEqual(lines);
    expect(await sandbox.gateway.charge(charge)).toEqual(voided);
  });

  it('of a declined charge changes nothing', async () => {
    const charge = aCharge({ paymentKey: 'sandbox:decline' });
    await sandbox.gateway.charge(charge);

    expect(await sandbox.gateway.void(charge, 'test')).toMatchObject({ outcome: 'voided' });
    expect(await bookedUnder(charge.idempotencyKey)).toMatchObject([{ status: 'DECLINED' }]);
  });

  it('racing the charge leaves no money taken', async () => {
    const charges = Array.from({ length: 30 }, () => aCharge());
    await Promise.all(
      charges.flatMap((charge) => [sandbox.gateway.charge(charge), sandbox.gateway.void(charge, 'race')]),
    );

    const outcomes = await Promise.all(charges.map((charge) => sandbox.gateway.lookUp(charge)));
    expect(outcomes).toEqual(charges.map(() => voided));
  });
});

describe('the book', () => {
  it('is the same in pages of any size', async () => {
    await Promise.all(Array.from({ length: 7 }, () => sandbox.gateway.charge(aCharge())));

    const whole = await readBook(sandbox.url, 1_000);
    expect(whole.length).toBeGreaterThanOrEqual(7);
    expect(await readBook(sandbox.url, 3)).toEqual(whole);
  });
});

describe('the server', () => {
  it.each(['', 'Bearer wrong', 'Basic abc'])(
    'rejects the authorization %p on every path',
    async (authorization) => {
      const responses = await Promise.all(
        ['/v1/book', '/v1/charges/by-key/x', '/nowhere'].map((path) =>
          sandbox.send(path, { headers: { authorization } }),
        ),
      );
      expect(responses.map(({ status }) => status)).toEqual([401, 401, 401]);
    },
  );

  it('shows its health without authentication', async () => {
    expect((await fetch(`${sandbox.url}/healthz`)).status).toBe(200);
  });

  it.each([
    ['malformed JSON', '{'],
    ['no body', ''],
    ['an array', '[]'],
    ['a negative amount', JSON.stringify({ ...aCharge(), amount: -1 })],
    ['a fraction', JSON.stringify({ ...aCharge(), amount: 1.5 })],
    ['no currency', JSON.stringify({ ...aCharge(), currency: undefined })],
  ])('returns 400 for %s', async (_name, body) => {
    const response = await post('some-key', body);

    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: 'bad-request' });
  });

  it('returns 413 for a body of a megabyte, and 400 for a charge without a key', async () => {
    expect((await post('some-key', JSON.stringify({ x: 'x'.repeat(1_000_000) }))).status).toBe(413);
    expect((await post('', aCharge())).status).toBe(400);
  });

  it('returns 404 for an unknown path', async () => {
    expect((await sandbox.send('/v1/nowhere')).status).toBe(404);
  });
});
