import { randomUUID } from 'node:crypto';
import { decodeJwt } from 'jose';
import { z } from 'zod';
import type { ClientLine } from '../../audit/evidence/clientLog';
import { linesOf } from './clientLines';
import * as contract from './contract';
import { createOpenApiCheck, type OpenApiCheck } from './openApi';
import type { Reply } from './reply';

export interface CallOptions {
  /** Text is sent as it is, anything else as JSON. */
  body?: unknown;
  headers?: Record<string, string>;
}

export interface Attempt {
  /** The header `Idempotency-Key`. */
  key?: string;
  /** Replaces the queue token of the user; null sends none. */
  queueToken?: string | null;
}

/** A logged-in user, and the calls of that user. */
export interface User {
  userId: string;
  id: string;
  password: string;
  accessToken: string;
  refreshToken: string;
  queueToken: string;
  call(method: string, path: string, options?: CallOptions): Promise<Reply>;
  get(path: string): Promise<Reply>;
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Reply>;
  hold(seatIds: readonly string[], attempt?: Attempt): Promise<Reply>;
  release(reservationId: string): Promise<Reply>;
  pay(reservationId: string, payment?: Attempt & { points?: number; paymentKey?: string }): Promise<Reply>;
  /**
   * Previews a cancellation that would happen now.
   *
   * @param seatIds omitted for all seats that are left
   */
  cancellation(
    reservationId: string,
    seatIds?: string[],
  ): Promise<z.output<typeof contract.cancellationPreview>>;
  cancel(reservationId: string, attempt?: { key?: string; seatIds?: string[] }): Promise<Reply>;
  topUp(amount: number, attempt?: { key?: string; paymentKey?: string }): Promise<Reply>;
  reservation(reservationId: string): Promise<z.output<typeof contract.reservation>>;
  balance(): Promise<number>;
}

/**
 * A client of the whole service. It checks every response against the OpenAPI document of the service, and it checks
 * that no error contains what an error must not reveal.
 */
export interface Client {
  openApi: OpenApiCheck;
  call(method: string, path: string, options?: CallOptions): Promise<Reply>;
  /** Signs up under a new name and logs in. */
  join(): Promise<User>;
  logIn(id: string, password: string): Promise<User>;
  /** Every secret that was sent or received. None of them may be in a log. */
  secrets: Set<string>;
  /** What responses promised, for the auditor. */
  lines: ClientLine[];
}

/** Text that reveals internals: stack lines, SQL, addresses of servers, folders. */
const INSIDE =
  /\bat \S+ \(|node_modules|\/(src|dist)\/|\b(SELECT|INSERT|UPDATE) .*\b(FROM|INTO|SET)\b|postgres:|redis:/;

/** A reply with the code of a ticket. Anyone who has the code can enter. */
const withCode = z.object({ qr: z.string() });

/** @param evidence of another client: both then write to the same secrets and lines */
export async function connectClient(
  apiUrl: string,
  { secrets, lines }: Pick<Client, 'secrets' | 'lines'> = { secrets: new Set(), lines: [] },
): Promise<Client> {
  const document: unknown = await (await fetch(`${apiUrl}/openapi.json`)).json();
  const openApi = createOpenApiCheck(document);

  const call = async (
    method: string,
    target: string,
    { body, headers }: CallOptions = {},
  ): Promise<Reply> => {
    const response = await fetch(`${apiUrl}${target}`, {
      method,
      headers: { ...(body !== undefined && { 'Content-Type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const bytes = new Uint8Array(await response.arrayBuffer());
    const text = new TextDecoder().decode(bytes);
    const isJson = response.headers.get('Content-Type')?.includes('json') ?? false;
    const reply = {
      method,
      path: target.replace(/\?.*/, ''),
      status: response.status,
      headers: response.headers,
      body: isJson ? parseJson(text) : undefined,
      text,
      bytes,
    };
    const { data: ticket } = withCode.safeParse(reply.body);
    if (ticket) secrets.add(ticket.qr);
    openApi.check(reply);
    if (reply.status >= 400) assertTellsNothing(reply);
    return reply;
  };

  const logIn = async (id: string, password: string): Promise<User> => {
    const reply = await call('POST', '/v1/auth/login', { body: { id, password } });
    const { accessToken, refreshToken, queueToken } = expectAnswer(reply, 200, contract.login);
    for (const secret of [password, accessToken, refreshToken, queueToken]) secrets.add(secret);
    return createUser(
      call,
      { id, password, accessToken, refreshToken, queueToken },
      (more) => void lines.push(...more),
    );
  };

  return {
    openApi,
    call,
    logIn,
    secrets,
    lines,
    async join() {
      const id = `fan-${randomUUID()}`;
      const password = `password ${randomUUID()}`;
      expectAnswer(await call('POST', '/v1/users', { body: { id, password } }), 201, contract.account);
      return logIn(id, password);
    },
  };

  function assertTellsNothing({ method, path, status, text }: Reply): void {
    const told = [...secrets].find((secret) => text.includes(secret));
    if (told !== undefined || INSIDE.test(text)) {
      throw new Error(`${method} ${path} ${status} reveals what no error may reveal: ${text}`);
    }
  }
}

type Credentials = Pick<User, 'id' | 'password' | 'accessToken' | 'refreshToken' | 'queueToken'>;

function createUser(
  anonymous: Client['call'],
  credentials: Credentials,
  write: (lines: ClientLine[]) => void,
): User {
  const { accessToken, queueToken: ownQueueToken } = credentials;
  const userId = decodeJwt(accessToken).sub ?? '';
  const call: Client['call'] = async (method, path, options = {}) => {
    const headers = { Authorization: `Bearer ${accessToken}`, ...options.headers };
    const askedAt = Date.now();
    const reply = await anonymous(method, path, { ...options, headers });
    write(linesOf(reply, { userId, askedAt, headers }));
    return reply;
  };
  const post: User['post'] = async (path, body, headers = {}) => call('POST', path, { body, headers });
  const attempt = async (path: string, body: object, { key, queueToken = ownQueueToken }: Attempt) =>
    post(
      path,
      { ...body, ...(queueToken !== null && { queueToken }) },
      key === undefined ? {} : { 'Idempotency-Key': key },
    );
  return {
    ...credentials,
    userId,
    call,
    post,
    get: async (path) => call('GET', path),
    hold: async (seatIds, options = {}) => attempt('/v1/reservations', { seatIds }, options),
    release: async (reservationId) => call('DELETE', `/v1/reservations/${reservationId}`),
    pay: async (reservationId, { key, queueToken, ...payment } = {}) =>
      attempt(
        '/v1/payments',
        { reservationId, ...payment },
        { ...(key !== undefined && { key }), ...(queueToken !== undefined && { queueToken }) },
      ),
    cancellation: async (reservationId, seatIds = []) =>
      expectAnswer(
        await call(
          'GET',
          `/v1/reservations/${reservationId}/cancellation?${seatIds.map((seatId) => `seatId=${seatId}`).join('&')}`,
        ),
        200,
        contract.cancellationPreview,
      ),
    cancel: async (reservationId, { key, seatIds } = {}) =>
      call('POST', `/v1/reservations/${reservationId}/cancellation`, {
        ...(seatIds && { body: { seatIds } }),
        headers: key === undefined ? {} : { 'Idempotency-Key': key },
      }),
    topUp: async (amount, { key, ...payment } = {}) =>
      attempt(
        '/v1/wallet/top-ups',
        { amount, ...payment },
        { queueToken: null, ...(key !== undefined && { key }) },
      ),
    reservation: async (reservationId) =>
      expectAnswer(await call('GET', `/v1/reservations/${reservationId}`), 200, contract.reservation),
    balance: async () => expectAnswer(await call('GET', '/v1/wallet'), 200, contract.wallet).balance,
  };
}

function parseJson(text: string): unknown {
  return text === '' ? undefined : JSON.parse(text);
}

/** The body of a response, which must match the page of the contract exactly. */
export function expectAnswer<Schema extends z.ZodType>(
  reply: Reply,
  status: number,
  schema: Schema,
): z.output<Schema> {
  expectStatus(reply, status);
  const parsed = schema.safeParse(reply.body);
  if (!parsed.success) {
    throw new Error(`${reply.method} ${reply.path} is not as in the contract: ${parsed.error.message}`);
  }
  return parsed.data;
}

/** A failure shows the whole response. */
export function expectStatus(reply: Reply, status: number): void {
  const shown = reply.status === status ? '' : reply.text;
  expect(`${reply.method} ${reply.path} ${reply.status} ${shown}`).toBe(
    `${reply.method} ${reply.path} ${status} `,
  );
}

/** Checks the shape that every error has, and its status and type. `members` are those of this problem only. */
export function expectProblem(
  reply: Reply,
  status: number,
  slug: string,
  members: Record<string, unknown> = {},
): contract.Problem {
  const body = expectAnswer(reply, status, contract.problem);
  expect(body).toMatchObject({ type: `/problems/${slug}`, status, instance: reply.path, ...members });
  expect(reply.headers.get('Content-Type')).toBe('application/problem+json');
  expect(reply.headers.get('X-Request-Id')).toMatch(/^[\w.:-]+$/);
  expect(reply.headers.has('Retry-After')).toBe(status === 429 || status === 503);
  return body;
}
