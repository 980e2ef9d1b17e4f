import { loadSettings, SettingsError } from '../../src/config/settings';

const SERVERS = {
  DATABASE_URL: 'postgres://127.0.0.1/holdfast',
  REDIS_URL: 'redis://127.0.0.1',
  TEMPORAL_ADDRESS: '127.0.0.1:7233',
};
const STRIPE = {
  PAYMENT_GATEWAY: 'stripe',
  STRIPE_SECRET_KEY: 'sk_test_0123456789',
  STRIPE_WEBHOOK_SECRET: 'whsec_0123456789',
};
const TOSS = {
  PAYMENT_GATEWAY: 'toss',
  TOSS_SECRET_KEY: 'test_gsk_0123456789',
  TOSS_WEBHOOK_SECRET: 'a-token_of-0123456789-0123456789',
};

const SANDBOX = {
  SANDBOX_SECRET: 'x'.repeat(32),
  SANDBOX_WEBHOOK_SECRET: 'y'.repeat(32),
};

const load = (env: Record<string, string>) => loadSettings({ ...SERVERS, ...env });

/** The one line for the operator, or null if the settings are good. */
function complaintOf(env: Record<string, string>): string | null {
  try {
    load(env);
    return null;
  } catch (error) {
    if (error instanceof SettingsError) return error.message;
    throw error;
  }
}

describe('the settings of a payment gateway', () => {
  it('are required only for the chosen gateway', () => {
    expect(load(STRIPE)).toMatchObject({
      PAYMENT_GATEWAY: 'stripe',
      gateways: {
        stripe: { STRIPE_SECRET_KEY: STRIPE.STRIPE_SECRET_KEY },
        toss: undefined,
        sandbox: undefined,
      },
    });
    expect(load(TOSS)).toMatchObject({
      PAYMENT_GATEWAY: 'toss',
      gateways: {
        toss: { TOSS_API_URL: 'https://api.tosspayments.com' },
        stripe: undefined,
        sandbox: undefined,
      },
    });
    expect(load(SANDBOX)).toMatchObject({
      PAYMENT_GATEWAY: 'sandbox',
      gateways: { sandbox: SANDBOX, stripe: undefined, toss: undefined },
    });
  });

  it('may be set for several gateways: one takes new payments, the others finish theirs', () => {
    const { PAYMENT_GATEWAY, gateways } = load({ ...STRIPE, ...TOSS, ...SANDBOX });
    expect(PAYMENT_GATEWAY).toBe('toss');
    expect(gateways).toMatchObject({
      sandbox: SANDBOX,
      stripe: { STRIPE_SECRET_KEY: STRIPE.STRIPE_SECRET_KEY },
      toss: { TOSS_SECRET_KEY: TOSS.TOSS_SECRET_KEY },
    });
  });

  it.each([
    [{ ...SANDBOX, STRIPE_SECRET_KEY: 'sk_test_0123456789' }, 'STRIPE_WEBHOOK_SECRET is not set'],
    [{ ...SANDBOX, STRIPE_WEBHOOK_SECRET: 'whsec_0123456789' }, 'STRIPE_SECRET_KEY is not set'],
    [{ ...STRIPE, TOSS_SECRET_KEY: 'live_pk_publishable' }, 'TOSS_SECRET_KEY is set to a bad value'],
    [{ ...TOSS, SANDBOX_SECRET: SANDBOX.SANDBOX_SECRET }, 'SANDBOX_WEBHOOK_SECRET is not set'],
  ])('stop the start if one is set and the others are not: %j', (env, complaint) => {
    expect(complaintOf(env)).toContain(complaint);
  });

  it('do not enable another gateway if only its address is set', () => {
    const { gateways } = load({ ...SANDBOX, STRIPE_API_URL: 'http://127.0.0.1:12111' });
    expect(gateways.stripe).toBeUndefined();
  });

  it.each([
    ['sandbox', {}, 'SANDBOX_SECRET is not set; allowed: a text of at least 32 characters'],
    [
      'stripe',
      { ...STRIPE, STRIPE_SECRET_KEY: '' },
      'STRIPE_SECRET_KEY is not set; allowed: a text that starts with sk_ or rk_',
    ],
    [
      'stripe',
      { ...STRIPE, STRIPE_WEBHOOK_SECRET: '' },
      'STRIPE_WEBHOOK_SECRET is not set; allowed: a text that starts with whsec_',
    ],
    [
      'toss',
      { ...TOSS, TOSS_SECRET_KEY: '' },
      'TOSS_SECRET_KEY is not set; allowed: a text that starts with test_sk_ or test_gsk_ or live_sk_ or live_gsk_',
    ],
    [
      'toss',
      { ...TOSS, TOSS_WEBHOOK_SECRET: '' },
      'TOSS_WEBHOOK_SECRET is not set; allowed: at least 32 letters, digits, - and _',
    ],
  ])('stop the start if one of %s is missing, with one line that names it', (_gateway, env, complaint) => {
    expect(complaintOf(env)).toBe(complaint);
  });

  it('are secrets and are not repeated if their values are bad', () => {
    expect(complaintOf({ ...STRIPE, STRIPE_SECRET_KEY: 'pk_live_publishable' })).toBe(
      'STRIPE_SECRET_KEY is set to a bad value; allowed: a text that starts with sk_ or rk_',
    );
    expect(
      complaintOf({ ...TOSS, TOSS_WEBHOOK_SECRET: 'a token with spaces & more than 32 characters' }),
    ).toBe('TOSS_WEBHOOK_SECRET is set to a bad value; allowed: at least 32 letters, digits, - and _');
  });

  it('are rejected for an unknown gateway', () => {
    expect(complaintOf({ PAYMENT_GATEWAY: 'paypal' })).toBe(
      'PAYMENT_GATEWAY is "paypal"; allowed: sandbox, stripe or toss',
    );
  });
});

const loadOrigins = (text: string) => load({ ...SANDBOX, CORS_ORIGINS: text }).CORS_ORIGINS;

describe('CORS_ORIGINS', () => {
  it('is an empty list if nothing is set, else a list', () => {
    expect(load(SANDBOX).CORS_ORIGINS).toEqual([]);
    expect(loadOrigins('https://shop.example.com, http://localhost:5173')).toEqual([
      'https://shop.example.com',
      'http://localhost:5173',
    ]);
  });

  it.each([
    '*',
    'shop.example.com',
    'https://shop.example.com/',
    'https://shop.example.com:443',
    'https://Shop.example.com',
    'ftp://shop.example.com',
    'https://good.example, null',
  ])('accepts only origins that a browser sends: %s', (text) => {
    expect(complaintOf({ ...SANDBOX, CORS_ORIGINS: text })).toBe(
      `CORS_ORIGINS is "${text}"; allowed: origins such as https://shop.example.com, separated by commas, each ` +
        'without a path or a slash',
    );
  });
});
