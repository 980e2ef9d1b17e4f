import { createEndpoints, createListener } from '../../src/api/app';
import { createDependencies, type RunningDependencies } from '../../src/api/dependencies';
import type { Endpoint } from '../../src/api/http/endpoint';
import { startServer, type HttpServer } from '../../src/api/edge/server';
import { createLogger } from '../../src/config/logging';
import { loadSettings, type Settings } from '../../src/config/settings';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { testEnvironment } from '../support/environment';
import { createTestRedis, type TestRedis } from '../support/redis';
import { aString } from '../support/matchers';

export interface Reply {
  status: number;
  headers: Headers;
  /** The parsed JSON, or no fields if the response is not JSON. */
  body: Record<string, unknown>;
  text: string;
}

export interface CallOptions {
  body?: unknown;
  /** The access token. */
  token?: string | undefined;
  headers?: Record<string, string>;
}

export interface Edge {
  url: string;
  server: HttpServer;
  endpoints: readonly Endpoint[];
  dependencies: RunningDependencies;
  database: TestDatabase;
  redis: TestRedis;
  stopping: AbortController;
  call(method: string, path: string, options?: CallOptions): Promise<Reply>;
  stop(): Promise<void>;
}

export interface EdgeOptions {
  settings?: Record<string, string>;
  /** Endpoints that are mounted too. They do what the endpoints of the service never do, such as crash. */
  extra?: readonly Endpoint[];
  /**
   * Starts another process of the same service. It shares the database and the Redis of this edge and does not drop
   * them.
   */
  beside?: Edge;
}

/** The API in this process, on real Postgres, Redis and Temporal, without a worker. */
export async function startEdge(options: EdgeOptions = {}): Promise<Edge> {
  const { database, redis } = options.beside ?? {
    database: await createTestDatabase(),
    redis: await createTestRedis(),
  };
  const settings = testSettings(database, redis, options.settings);
  const stopping = new AbortController();
  const dependencies = await createDependencies(settings, createLogger('test', 'silent'), stopping.signal);
  const endpoints = [...createEndpoints(dependencies), ...(options.extra ?? [])];
  const server = await startServer(createListener(dependencies, endpoints), {
    host: '127.0.0.1',
    port: 0,
    connections: dependencies.bounds.connections,
  });
  return {
    url: server.url,
    server,
    endpoints,
    dependencies,
    database,
    redis,
    stopping,
    call: async (method, path, call) => request(server.url, method, path, call),
    async stop() {
      stopping.abort();
      await server.stop(1_000);
      await dependencies.close();
      if (!options.beside) await Promise.all([database.drop(), redis.drop()]);
    },
  };
}

async function request(url: string, method: string, path: string, options: CallOptions = {}): Promise<Reply> {
  const { body, token, headers } = options;
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
      ...(token !== undefined && { Authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('Content-Type')?.includes('json') ?? false;
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: isJson && text !== '' ? parse(text) : {},
  };
}

/** The fields of a JSON object. */
export function parse(text: string): Record<string, unknown> {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null) throw new Error(`not a JSON object: ${text}`);
  return Object.fromEntries(Object.entries(value));
}

function testSettings(database: TestDatabase, redis: TestRedis, more: Record<string, string> = {}): Settings {
  return loadSettings({
    NODE_ENV: 'test',
    DATABASE_URL: database.url,
    REDIS_URL: redis.url,
    TEMPORAL_ADDRESS: testEnvironment('TEST_TEMPORAL_ADDRESS'),
    SANDBOX_SECRET: 'x'.repeat(32),
    SANDBOX_WEBHOOK_SECRET: 'y'.repeat(32),
    RATE_LIMIT_FACTOR: '0',
    ...more,
  });
}

export interface Account {
  id: string;
  password: string;
  userId: string;
  accessToken: string;
  refreshToken: string;
  queueToken: string;
}

let accounts = 0;

/** Signs up and logs in. */
export async function logIn(edge: Edge): Promise<Account> {
  accounts += 1;
  const credentials = { id: `user-${accounts}`, password: 'correct horse' };
  const signedUp = await edge.call('POST', '/v1/users', { body: credentials });
  const { body } = await edge.call('POST', '/v1/auth/login', { body: credentials });
  return {
    ...credentials,
    userId: String(signedUp.body['userId']),
    accessToken: String(body['accessToken']),
    refreshToken: String(body['refreshToken']),
    queueToken: String(body['queueToken']),
  };
}

/** Logs in the account `operator`. */
export async function logInOperator(edge: Edge): Promise<string> {
  const password = 'operator-password';
  await edge.dependencies.accounts.ensureOperator(password);
  const { body } = await edge.call('POST', '/v1/auth/login', { body: { id: 'operator', password } });
  return String(body['accessToken']);
}

/** Asserts the shape that every error has, and its status and type. */
export function expectProblem(reply: Reply, status: number, slug: string): void {
  expect({ status: reply.status, type: reply.body['type'] }).toEqual({ status, type: `/problems/${slug}` });
  expect(reply.headers.get('Content-Type')).toBe('application/problem+json');
  expect(reply.headers.get('X-Request-Id')).toMatch(/^[\w.:-]+$/);
  expect(reply.body).toMatchObject({
    status,
    title: aString,
    detail: aString,
    instance: aString,
  });
}
