import { createStripeGateway } from '../../../src/gateways/stripe/client';
import { aCardCharge, idOf, startStripe, takeMoney, WEBHOOK_SECRET, type OnStandIn } from './stripeGateway';
import { SECRET_KEY, type Fault } from './standIn';
import { CARD } from './standInAccount';

const HOUR_MS = 3_600_000;
const VOIDED = { outcome: 'declined', reason: 'voided' };

let stripe: OnStandIn['stripe'];
let gateway: OnStandIn['gateway'];

beforeEach(async () => {
  ({ stripe, gateway } = await startStripe());
});
afterEach(async () => stripe.stop());

const operations = () => stripe.sent.map(({ operation }) => operation);

/** The charge as a request a day later has it. */
const aDayOld = (charge: ReturnType<typeof aCardCharge>) => ({
  ...charge,
  requestedAt: charge.requestedAt - 25 * HOUR_MS,
});

describe('a charge', () => {
  it('reserves the money, and its capture takes it', async () => {
    const charge = aCardCharge();

    const authorised = await gateway.charge(charge);
    expect(authorised).toMatchObject({ outcome: 'authorised' });
    expect(stripe.account.kept).toBe(0);

    const approved = await gateway.capture(charge, idOf(authorised));
    expect(approved).toMatchObject({ outcome: 'approved', gatewayPaymentId: idOf(authorised) });
    expect(await gateway.lookUp(charge)).toEqual(approved);
    expect(stripe.account.kept).toBe(charge.amount);
  });

  it('names the attempt and the order, and each step has its own key', async () => {
    const { charge } = await takeMoney(gateway);
    const { idempotencyKey: attempt, orderId: order } = charge;

    expect(stripe.account.intents).toMatchObject([
      { amount: 2_000, currency: 'krw', metadata: { attempt, order } },
    ]);
    expect(stripe.sent.map(({ idempotencyKey }) => idempotencyKey)).toEqual([
      `${attempt}:create`,
      `${attempt}:confirm`,
      `${attempt}:capture`,
    ]);
  });

  it.each([
    [CARD.declined, 'generic-decline'],
    [CARD.insufficientFunds, 'insufficient-funds'],
    [CARD.authenticationRequired, 'authentication-required'],
  ])('of %s is declined as %s, also in a look-up', async (paymentKey, reason) => {
    const charge = aCardCharge({ paymentKey });
    const declined = { outcome: 'declined', reason };

    expect(await gateway.charge(charge)).toEqual(declined);
    expect(await gateway.lookUp(charge)).toEqual(declined);
    expect(await gateway.charge(charge)).toEqual(declined);
  });

  it('with a payment key that Stripe does not know is declined, and a look-up finds nothing', async () => {
    const charge = aCardCharge({ paymentKey: 'pm_unknown' });

    expect(await gateway.charge(charge)).toEqual({ outcome: 'declined', reason: 'resource-missing' });
    expect(await gateway.lookUp(charge)).toEqual({ outcome: 'absent' });
    expect(await gateway.void(charge, 'test')).toEqual({ outcome: 'voided', returned: 0 });
  });

  it('under one key reserves once, even if it is requested several times', async () => {
    const charge = aCardCharge();
    const outcomes = [
      await gateway.charge(charge),
      await gateway.charge(charge),
      await gateway.charge(charge),
    ];

    expect(new Set(outcomes.map(idOf)).size).toBe(1);
    expect(stripe.account.charges).toHaveLength(1);
  });

  it('of another amount under the same key is unknown, and reserves nothing more', async () => {
    const charge = aCardCharge();
    await gateway.charge(charge);

    expect(await gateway.charge({ ...charge, amount: 1 })).toEqual({
      outcome: 'unknown',
      reason: 'idempotency-error',
    });
    expect(stripe.account.charges).toHaveLength(1);
  });

  it('does not begin if it is too late to find it again', async () => {
    const charge = aCardCharge({ requestedAt: Date.now() - 22 * HOUR_MS });

    expect(await gateway.charge(charge)).toEqual({ outcome: 'unknown', reason: 'too-late' });
    expect(stripe.sent).toEqual([]);
  });
});

describe('without a response', () => {
  it.each<[Fault, string]>([
    ['cut', 'UND_ERR_SOCKET'],
    ['lose', 'UND_ERR_SOCKET'],
    ['hang', 'timeout'],
    ['error-500', 'http-500'],
    ['error-500-after', 'http-500'],
    ['busy', 'http-429'],
    ['in-use', 'http-409'],
  ])('a confirmation (%s) is unknown, within 4 s, and sent once', async (fault, reason) => {
    const charge = aCardCharge();
    stripe.disturb('confirm', fault);
    const startedAt = performance.now();

    expect(await gateway.charge(charge)).toEqual({ outcome: 'unknown', reason });
    expect(performance.now() - startedAt).toBeLessThan(4_000);
    expect(operations()).toEqual(['create', 'confirm']);
  });

  it.each<[Fault, object]>([
    ['cut', { outcome: 'absent' }],
    ['lose', { outcome: 'authorised' }],
    ['error-500', { outcome: 'absent' }],
    ['error-500-after', { outcome: 'authorised' }],
  ])('a confirmation (%s) is then looked up: %p', async (fault, found) => {
    const charge = aCardCharge();
    stripe.disturb('confirm', fault);
    await gateway.charge(charge);

    expect(await gateway.lookUp(charge)).toMatchObject(found);
  });

  it.each<Fault>(['cut', 'busy', 'in-use'])(
    'a confirmation (%s) works with the same key afterwards',
    async (fault) => {
      const charge = aCardCharge();
      stripe.disturb('confirm', fault);
      await gateway.charge(charge);

      expect(await gateway.charge(charge)).toMatchObject({ outcome: 'authorised' });
    },
  );

  it('an error 500 is kept for the key of the confirmation, and each repetition returns it', async () => {
    const charge = aCardCharge();
    stripe.disturb('confirm', 'error-500');

    expect(await gateway.charge(charge)).toEqual({ outcome: 'unknown', reason: 'http-500' });
    expect(await gateway.charge(charge)).toEqual({ outcome: 'unknown', reason: 'http-500' });
    expect(await gateway.void(charge, 'test')).toEqual({ outcome: 'voided', returned: 0 });
  });

  it.each<Fault>(['error-500', 'error-500-after'])(
    'an intent (%s) whose id never arrives is absent, and a void succeeds',
    async (fault) => {
      const charge = aCardCharge();
      stripe.disturb('create', fault);

      expect(await gateway.charge(charge)).toEqual({ outcome: 'unknown', reason: 'http-500' });
      expect(await gateway.lookUp(charge)).toEqual({ outcome: 'absent' });
      expect(await gateway.void(charge, 'test')).toEqual({ outcome: 'voided', returned: 0 });
    },
  );

  it.each<Fault>(['cut', 'error-500', 'busy', 'in-use'])(
    'a first look-up (%s) is unknown, never absent',
    async (fault) => {
      stripe.disturb('create', fault);
      const asked = await gateway.lookUp(aCardCharge());

      expect(asked).toMatchObject({ outcome: 'unknown' });
    },
  );

  it('a gateway that is not there is unknown in every call', async () => {
    const charge = aCardCharge();
    await stripe.stop();
    const unknown = { outcome: 'unknown', reason: 'ECONNREFUSED' };

    expect(await gateway.charge(charge)).toEqual(unknown);
    expect(await gateway.capture(charge, 'pi_1')).toEqual(unknown);
    expect(await gateway.lookUp(charge)).toEqual(unknown);
    expect(await gateway.void(charge, 'test')).toEqual(unknown);
    await expect(gateway.ping()).rejects.toThrow('Stripe does not answer: ECONNREFUSED');
    ({ stripe } = await startStripe());
  });

  it('wrong credentials give unknown, and no message repeats them', async () => {
    const secretKey = `${SECRET_KEY}_revoked`;
    const other = createStripeGateway({ url: stripe.url, secretKey, webhookSecret: WEBHOOK_SECRET });

    expect(await other.charge(aCardCharge())).toEqual({ outcome: 'unknown', reason: 'http-401' });
    await expect(other.ping()).rejects.toThrow(/^Stripe does not answer: http-401$/);
    await expect(gateway.ping()).resolves.toBeUndefined();
  });
});

describe('a response about something else is unknown', () => {
  it.each([
    ['another amount', { amount: 1 }, 'amount-differs'],
    ['another currency', { currency: 'usd' }, 'amount-differs'],
    ['another attempt', { metadata: { attempt: 'another', order: 'another' } }, 'another-charge'],
  ])('%s', async (_name, change, reason) => {
    const charge = aCardCharge();
    const id = idOf(await gateway.charge(charge));
    Object.assign(stripe.account.intent(id), change);

    expect(await gateway.lookUp(charge)).toEqual({ outcome: 'unknown', reason });
    expect(await gateway.capture(charge, id)).toEqual({ outcome: 'unknown', reason });
  });

  it('and so is a capture of less than the charge', async () => {
    const { charge, gatewayPaymentId } = await takeMoney(gateway);
    stripe.account.intent(gatewayPaymentId).amount_received = 1_000;

    expect(await gateway.lookUp(charge)).toEqual({ outcome: 'unknown', reason: 'amount-differs' });
  });

  it('and so is a repeated charge whose intent cannot be read', async () => {
    const charge = aCardCharge();
    await gateway.charge(charge);
    stripe.before('retrieve', () => void stripe.account.intents.splice(0));

    expect(await gateway.charge(charge)).toEqual({ outcome: 'unknown', reason: 'resource-missing' });
  });

  it.each(['processing', 'a_status_of_the_future'])('and so is the status %s', async (status) => {
    const charge = aCardCharge();
    stripe.account.intent(idOf(await gateway.charge(charge))).status = status;

    expect(await gateway.lookUp(charge)).toMatchObject({ outcome: 'unknown' });
  });
});

describe('a capture', () => {
  it('with a lost response is found by a look-up, and by a second request', async () => {
    const charge = aCardCharge();
    const id = idOf(await gateway.charge(charge));
    stripe.disturb('capture', 'lose');

    expect(await gateway.capture(charge, id)).toMatchObject({ outcome: 'unknown' });
    const found = await gateway.lookUp(charge);
    expect(found).toMatchObject({ outcome: 'approved' });
    expect(await gateway.capture(charge, id)).toEqual(found);
    expect(stripe.account.kept).toBe(charge.amount);
  });

  it('of a cancelled authorisation is declined', async () => {
    const charge = aCardCharge();
    const id = idOf(await gateway.charge(charge));
    stripe.account.cancel(id);

    expect(await gateway.capture(charge, id)).toEqual(VOIDED);
  });

  it('that is refused permanently cancels the authorisation', async () => {
    const charge = aCardCharge();
    const id = idOf(await gateway.charge(charge));
    // The intent is not ready for the capture, but it is ready again at the look-up.
    stripe.before('capture', () => void (stripe.account.intent(id).status = 'processing'));
    stripe.before('retrieve', () => void (stripe.account.intent(id).status = 'requires_capture'));

    expect(await gateway.capture(charge, id)).toEqual({
      outcome: 'declined',
      reason: 'payment-intent-unexpected-state',
    });
    expect(stripe.account.intent(id).status).toBe('canceled');
  });
});

describe('a look-up', () => {
  it('of a charge that was never requested is absent', async () => {
    expect(await gateway.lookUp(aCardCharge())).toEqual({ outcome: 'absent' });
  });

  it('returns the current state, not the first response', async () => {
    const { charge } = await takeMoney(gateway);

    expect(await gateway.lookUp(charge)).toMatchObject({ outcome: 'approved' });
  });

  it('of a charge refunded in part is approved, and refunded in full is declined', async () => {
    const { charge, gatewayPaymentId } = await takeMoney(gateway);
    const refund = (refundKey: string, amount: number) =>
      gateway.refund({ refundKey, charge, gatewayPaymentId, amount, reason: 'test' });

    await refund('first', 500);
    expect(await gateway.lookUp(charge)).toMatchObject({ outcome: 'approved' });
    await refund('second', 1_500);
    expect(await gateway.lookUp(charge)).toEqual(VOIDED);
  });

  it('finds an attempt whose key Stripe has forgotten, and makes no second intent', async () => {
    const { charge } = await takeMoney(gateway);
    stripe.pass(25 * HOUR_MS);

    expect(await gateway.lookUp(aDayOld(charge))).toMatchObject({ outcome: 'approved' });
    expect(operations().slice(3)).toEqual(['search', 'retrieve']);
    expect(stripe.account.intents).toHaveLength(1);
  });

  it('of an old attempt without an intent is absent, and makes no intent', async () => {
    expect(await gateway.lookUp(aDayOld(aCardCharge()))).toEqual({ outcome: 'absent' });
    expect(stripe.account.intents).toEqual([]);
  });
});

describe('a void', () => {
  const nothing = { outcome: 'voided', returned: 0 };

  it('before the charge blocks the key: the confirmation that arrives later is refused', async () => {
    const charge = aCardCharge();

    expect(await gateway.void(charge, 'the hold ended')).toEqual(nothing);
    expect(await gateway.charge(charge)).toEqual(VOIDED);
    expect(await gateway.lookUp(charge)).toEqual(VOIDED);
    expect(stripe.account.charges).toEqual([]);
  });

  it('cancels an authorisation', async () => {
    const charge = aCardCharge();
    const id = idOf(await gateway.charge(charge));

    expect(await gateway.void(charge, 'the hold ended')).toEqual(nothing);
    expect(stripe.account.intent(id).status).toBe('canceled');
    expect(await gateway.capture(charge, id)).toEqual(VOIDED);
  });

  it('refunds captured money in full, once', async () => {
    const { charge, gatewayPaymentId } = await takeMoney(gateway);
    const voided = { outcome: 'voided', returned: charge.amount };

    expect(await gateway.void(charge, 'first')).toEqual(voided);
    expect(await gateway.void(charge, 'second')).toEqual(voided);
    expect(await gateway.lookUp(charge)).toEqual(VOIDED);
    expect(await gateway.charge(charge)).toEqual(VOIDED);
    expect(await gateway.capture(charge, gatewayPaymentId)).toEqual(VOIDED);
    expect(stripe.account.refunds).toMatchObject([{ amount: charge.amount }]);
  });

  it('refunds the rest after a partial refund, and returns the total', async () => {
    const { charge, gatewayPaymentId } = await takeMoney(gateway);
    await gateway.refund({ refundKey: 'part', charge, gatewayPaymentId, amount: 500, reason: 'test' });

    expect(await gateway.void(charge, 'test')).toEqual({ outcome: 'voided', returned: charge.amount });
    expect(stripe.account.refunds.map(({ amount }) => amount)).toEqual([500, 1_500]);
  });

  it.each<Fault>(['lose', 'error-500-after', 'cut', 'error-500'])(
    'without a response to its refund (%s) is unknown, and refunds once when it is requested again',
    async (fault) => {
      const { charge } = await takeMoney(gateway);
      stripe.disturb('refund', fault);

      expect(await gateway.void(charge, 'test')).toMatchObject({ outcome: 'unknown' });
      expect(await gateway.void(charge, 'test')).toEqual({ outcome: 'voided', returned: charge.amount });
      expect(stripe.account.refunds).toHaveLength(1);
      expect(stripe.account.kept).toBe(0);
    },
  );

  it('refunds again if the bank has sent the refund back', async () => {
    const { charge } = await takeMoney(gateway);
    await gateway.void(charge, 'test');
    for (const refund of stripe.account.refunds) stripe.account.failRefund(refund);

    expect(await gateway.void(charge, 'test')).toEqual({ outcome: 'voided', returned: charge.amount });
    expect(stripe.account.kept).toBe(0);
  });

  it('racing a capture is unknown, and refunds when it is requested again', async () => {
    const charge = aCardCharge();
    const id = idOf(await gateway.charge(charge));
    stripe.before('cancel', () => void stripe.account.capture(id));

    expect(await gateway.void(charge, 'race')).toEqual({
      outcome: 'unknown',
      reason: 'payment-intent-unexpected-state',
    });
    expect(await gateway.void(charge, 'race')).toEqual({ outcome: 'voided', returned: charge.amount });
    expect(stripe.account.kept).toBe(0);
  });

  it('is not blocked by a temporary refusal', async () => {
    const charge = aCardCharge();
    const id = idOf(await gateway.charge(charge));
    stripe.account.intent(id).status = 'processing';
    expect(await gateway.void(charge, 'test')).toMatchObject({ outcome: 'unknown' });
    stripe.account.intent(id).status = 'requires_capture';

    expect(await gateway.void(charge, 'test')).toEqual(nothing);
  });

  it('racing many charges leaves no money taken', async () => {
    const charges = Array.from({ length: 20 }, () => aCardCharge());
    await Promise.all(charges.flatMap((charge) => [gateway.charge(charge), gateway.void(charge, 'race')]));

    const outcomes = await Promise.all(charges.map(async (charge) => gateway.void(charge, 'again')));
    expect(outcomes).toEqual(charges.map(() => nothing));
    expect(stripe.account.intents.every(({ status }) => status === 'canceled')).toBe(true);
  });

  it('finds an attempt whose key Stripe has forgotten', async () => {
    const { charge } = await takeMoney(gateway);
    stripe.pass(25 * HOUR_MS);

    expect(await gateway.void(aDayOld(charge), 'test')).toEqual({
      outcome: 'voided',
      returned: charge.amount,
    });
    expect(stripe.account.kept).toBe(0);
  });
});
