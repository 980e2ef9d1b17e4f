import { isIPv6 } from 'node:net';
import path from 'node:path';
import { z } from 'zod';
import { GATEWAY_NAMES, type GatewayName } from '../domain/payments/gateway';
import { instance } from './instance';

/** A setting from the environment is missing or malformed. The message is one line for the operator. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

export const port = z.coerce.number().int().min(1).max(65_535);
const listenAddress = 'an IP address, IPv6 without brackets, or a host name';
/** The address on which a process listens. A URL cannot name the zone of an IPv6 address. */
export const host = z
  .string()
  .refine((value) => /^[\w.-]+$/.test(value) || (isIPv6(value) && !value.includes('%')), {
    message: listenAddress,
  })
  .default('127.0.0.1');
const seconds = (min: number, max: number) => z.coerce.number().int().min(min).max(max);
/** Up to a year. */
const hours = z.coerce.number().int().min(0).max(8_784);
export const url = (protocols: readonly string[]) =>
  z.string().refine((value) => protocols.some((protocol) => value.startsWith(`${protocol}://`)), {
    message: `a URL that starts with ${protocols.map((protocol) => `${protocol}://`).join(' or ')}`,
  });
/** Whole holds, as `src/domain/reservations/unpaidHolds.ts` counts them. */
const holds = z.coerce.number().min(0).max(1_000_000);
const startsWith = (...prefixes: readonly string[]) => {
  const allowed = `a text that starts with ${prefixes.join(' or ')}`;
  return z
    .string(allowed)
    .refine((value) => prefixes.some((prefix) => value.startsWith(prefix)), { message: allowed });
};
/** The form in which browsers write the Origin header: without a path, and without the default port of the scheme. */
const isOrigin = (text: string): boolean =>
  /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text;
const origins = z
  .string()
  .default('')
  .transform((text) => text.split(',').map((origin) => origin.trim()))
  .transform((list) => list.filter((origin) => origin !== ''))
  .refine((list) => list.every(isOrigin), {
    message: 'origins such as https://shop.example.com, separated by commas, each without a path or a slash',
  });
/**
 * How the workers of a new version replace those of the version before.
 * - recreate: they take over automatically, with all open workflows.
 * - rolling: an operator makes their version current. The workers of the version before finish what they have begun.
 */
export const ROLLOUTS = ['recreate', 'rolling'] as const;
export type Rollout = (typeof ROLLOUTS)[number];
const flag = z.enum(['true', 'false']).transform((value) => value === 'true');

export const logLevel = z
  .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
  .default('info');
/**
 * A secret that the sandbox gateway shares with the programs that charge through it or get its messages. It has no
 * default.
 */
export const sandboxSecret = z
  .string('a text of at least 32 characters')
  .min(32, 'a text of at least 32 characters');

const urlToken = 'at least 32 letters, digits, - and _';

const sandboxSettings = z.object({
  SANDBOX_GATEWAY_URL: url(['http', 'https']).default('http://127.0.0.1:3001'),
  SANDBOX_SECRET: sandboxSecret,
  SANDBOX_WEBHOOK_SECRET: sandboxSecret,
});

const stripeSettings = z.object({
  STRIPE_SECRET_KEY: startsWith('sk_', 'rk_'),
  STRIPE_WEBHOOK_SECRET: startsWith('whsec_'),
  STRIPE_API_URL: url(['http', 'https']).default('https://api.stripe.com'),
});

const tossSettings = z.object({
  TOSS_SECRET_KEY: startsWith('test_sk_', 'test_gsk_', 'live_sk_', 'live_gsk_'),
  /** The token in the URL that is registered for webhooks. It appears there unchanged. */
  TOSS_WEBHOOK_SECRET: z.string(urlToken).regex(/^[\w-]{32,255}$/, urlToken),
  TOSS_API_URL: url(['http', 'https']).default('https://api.tosspayments.com'),
});

const serviceSettings = z.object({
  NODE_ENV: z.enum(['production', 'development', 'test']).default('production'),
  HOLDFAST_INSTANCE: instance,
  LOG_LEVEL: logLevel,
  HOST: host,
  PORT: port.default(3000),
  METRICS_PORT: port.default(9464),
  WORKER_METRICS_PORT: port.default(9465),
  DATA_DIR: z.string().min(1).default('.data'),
  DATABASE_URL: url(['postgres', 'postgresql']),
  DATABASE_POOL_SIZE: z.coerce.number().int().min(1).max(200).default(10),
  REDIS_URL: url(['redis', 'rediss']),
  TEMPORAL_ADDRESS: z.string().regex(/^([^\s/:]+|\[[\da-f:.]+\]):\d+$/i, 'host:port'),
  TEMPORAL_NAMESPACE: z.string().min(1).default('default'),
  TEMPORAL_API_KEY: z.string().min(1).optional(),
  TEMPORAL_TLS_CERT_FILE: z.string().min(1).optional(),
  TEMPORAL_TLS_KEY_FILE: z.string().min(1).optional(),
  TEMPORAL_TLS_CA_FILE: z.string().min(1).optional(),
  TEMPORAL_TASK_QUEUE: z.string().min(1).default('holdfast'),
  WORKER_ROLLOUT: z.enum(ROLLOUTS).default('recreate'),
  WORKFLOW_THREADS: z.enum(['lean', 'full']).default('lean'),
  TEMPORAL_UI_URL: url(['http', 'https']).default('http://127.0.0.1:8233'),
  HOLD_SECONDS: seconds(1, 3_600).default(300),
  QUEUE_TOKEN_TTL_SECONDS: seconds(1, 86_400).default(900),
  QUEUE_CAPACITY: z.coerce.number().int().min(1).max(1_000_000).default(10_000),
  SETTLE_SECONDS: seconds(1, 3_600).default(60),
  CHECK_IN_HOURS_BEFORE: hours.default(12),
  CHECK_IN_HOURS_AFTER: hours.default(6),
  RECONCILE_AFTER_SECONDS: seconds(1, 86_400).default(900),
  PAYMENT_GATEWAY: z.enum(GATEWAY_NAMES, 'sandbox, stripe or toss').default('sandbox'),
  RATE_LIMIT_FACTOR: z.coerce.number().min(0).max(1_000_000).default(1),
  UNPAID_HOLDS_PER_SEAT: holds.default(3),
  UNPAID_HOLDS_PER_SCHEDULE: holds.default(20),
  UNPAID_HOLDS_PER_ADDRESS: holds.default(12),
  TRUSTED_PROXIES: z.coerce.number().int().min(0).max(10).default(0),
  CORS_ORIGINS: origins,
  OPERATOR_PASSWORD: z.string().min(12).max(128).optional(),
  DEMO_DATA: flag.default(false),
});

const gatewaySettings = { sandbox: sandboxSettings, stripe: stripeSettings, toss: tossSettings };

/** The settings of each gateway that this process may use; undefined for the others. */
export type GatewaySettings = Readonly<{
  [Name in GatewayName]: z.infer<(typeof gatewaySettings)[Name]> | undefined;
}>;

/** All settings of the API and the worker, parsed. The names and defaults are those of the REST contract. */
export type Settings = Readonly<z.infer<typeof serviceSettings>> & { readonly gateways: GatewaySettings };

/**
 * Reads the settings of the API and the worker from an environment. The gateway for new payments needs its keys. If
 * another gateway has one of its keys, it needs all of them: it finishes what it has begun.
 *
 * @throws {SettingsError} like `parseEnvironment`
 */
export function loadSettings(env: NodeJS.ProcessEnv): Settings {
  const settings = parseEnvironment(serviceSettings, env);
  const ifWanted = <Schema extends z.ZodType>(name: GatewayName, shape: Schema) => {
    const isWanted = name === settings.PAYMENT_GATEWAY || keysOf(name).some((key) => env[key]);
    return isWanted ? parseEnvironment(shape, env) : undefined;
  };
  return {
    ...settings,
    DATA_DIR: path.resolve(settings.DATA_DIR),
    gateways: {
      sandbox: ifWanted('sandbox', sandboxSettings),
      stripe: ifWanted('stripe', stripeSettings),
      toss: ifWanted('toss', tossSettings),
    },
  };
}

/** The settings that a gateway needs, such as `STRIPE_SECRET_KEY`. */
export function keysOf(name: GatewayName): string[] {
  const issues = gatewaySettings[name].safeParse({}).error?.issues ?? [];
  return issues.map(({ path: [setting] }) => String(setting));
}

/** The names of all settings that an API or a worker reads. */
export function serviceSettingNames(): string[] {
  return [serviceSettings, sandboxSettings, stripeSettings, tossSettings].flatMap(({ shape }) =>
    Object.keys(shape),
  );
}

/**
 * Checks that no two servers share a port. Without this check, the second server of two would fail later with another
 * message.
 *
 * @throws {SettingsError} naming the first two settings with the same port
 */
export function refuseSharedPorts(listeners: readonly { setting: string; port: number }[]): void {
  const taken = new Map<number, string>();
  for (const { setting, port: number } of listeners) {
    const other = taken.get(number);
    if (other !== undefined) {
      throw new SettingsError(`${other} and ${setting} are both ${number}; allowed: a port for each`);
    }
    taken.set(number, setting);
  }
}

/**
 * Reads the variables of a schema from an environment.
 *
 * @throws {SettingsError} naming the first bad setting, its value and the allowed values; the values of settings that
 *   hold secrets are not shown
 */
export function parseEnvironment<Schema extends z.ZodType>(
  shape: Schema,
  env: NodeJS.ProcessEnv,
): z.infer<Schema> {
  // Compose files produce an empty variable for an unset one. So an empty variable means "not set".
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = shape.safeParse(given);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const name = String(issue?.path[0]);
  const secret = /PASSWORD|SECRET|KEY|DATABASE_URL|REDIS_URL/.test(name);
  const value = given[name] === undefined ? 'not set' : secret ? 'set to a bad value' : `"${given[name]}"`;
  throw new SettingsError(`${name} is ${value}; allowed: ${issue?.message ?? 'see the documentation'}`);
}
