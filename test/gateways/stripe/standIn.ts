import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { listen } from '../../sandbox/server';
import { StandInAccount, StripeRefusal } from './standInAccount';

export const SECRET_KEY = 'sk_test_of_the_stand_in';

/** The minimum time that Stripe keeps a key, and the maximum delay of its search under normal conditions. */
const KEEPS_KEYS_MS = 24 * 3_600_000;
const SEARCHABLE_AFTER_MS = 60_000;

export type Operation =
  | 'create'
  | 'confirm'
  | 'capture'
  | 'cancel'
  | 'retrieve'
  | 'search'
  | 'refund'
  | 'refunds'
  | 'charges'
  | 'intents';

/**
 * What goes wrong with a request. `lose` carries it out and cuts the connection, `cut` only cuts the connection, and
 * `hang` never responds. `error-500` does nothing and `error-500-after` carries it out; Stripe keeps that response
 * for the key. `busy` and `in-use` are refused before any endpoint runs, so nothing is kept.
 */
export type Fault = 'lose' | 'cut' | 'hang' | 'error-500' | 'error-500-after' | 'busy' | 'in-use';

export interface SentRequest {
  operation: Operation;
  method: string;
  path: string;
  body: string;
  idempotencyKey: string | undefined;
}

/** A local Stripe that behaves as its documentation says, with faults on demand. */
export interface StandIn {
  url: string;
  account: StandInAccount;
  /** Every request, in order. */
  sent: SentRequest[];
  /** What goes wrong with the next requests of a kind, in order. */
  disturb(operation: Operation, ...faults: readonly Fault[]): void;
  /** Runs before the next request of a kind is carried out. */
  before(operation: Operation, work: () => void): void;
  /** Changes only the response to the next request of a kind. */
  alter(operation: Operation, change: object): void;
  /** Moves its clock forward. */
  pass(milliseconds: number): void;
  stop(): Promise<void>;
}

interface Answer {
  status: number;
  body: object;
}

interface Kept extends Answer {
  request: string;
  at: number;
}

export async function startStandIn(): Promise<StandIn> {
  let ahead = 0;
  const now = (): number => Date.now() + ahead;
  const account = new StandInAccount(now);
  const kept = new Map<string, Kept>();
  const faults = new Map<Operation, Fault[]>();
  const works = new Map<Operation, () => void>();
  const changes = new Map<Operation, object>();
  const sent: SentRequest[] = [];

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://stand-in');
    const method = request.method ?? '';
    const { operation, run } = routeOf(
      method,
      pathname,
      method === 'GET' ? searchParams : new URLSearchParams(body),
    );
    const key = request.headers['idempotency-key']?.toString();
    sent.push({ operation, method, path: request.url ?? '', body, idempotencyKey: key });
    works.get(operation)?.();
    works.delete(operation);
    const fault = faults.get(operation)?.shift();
    if (fault === 'hang') return;
    if (fault === 'cut') return void request.socket.destroy();
    const {
      status,
      body: answer,
      replayed,
    } = request.headers.authorization === `Bearer ${SECRET_KEY}`
      ? answerOnce(key, `${method} ${pathname} ${body}`, fault, run)
      : { ...failure(401, { type: 'invalid_request_error' }), replayed: false };
    if (fault === 'lose') return void request.socket.destroy();
    response.writeHead(status, {
      'content-type': 'application/json',
      'request-id': 'req_1',
      ...(replayed && { 'idempotent-replayed': 'true' }),
    });
    response.end(JSON.stringify({ ...answer, ...changes.get(operation) }));
    changes.delete(operation);
  }

  /** The first response for a key is the response for a day. */
  function answerOnce(key: string | undefined, request: string, fault: Fault | undefined, run: () => object) {
    if (fault === 'busy')
      return { ...failure(429, { type: 'invalid_request_error', code: 'lock_timeout' }), replayed: false };
    if (fault === 'in-use')
      return {
        ...failure(409, { type: 'idempotency_error', code: 'idempotency_key_in_use' }),
        replayed: false,
      };
    const first = key === undefined ? undefined : kept.get(key);
    if (first && now() - first.at < KEEPS_KEYS_MS) {
      return first.request === request
        ? { ...first, replayed: true }
        : { ...failure(400, { type: 'idempotency_error' }), replayed: false };
    }
    const answer = fault === 'error-500' ? failure(500, { type: 'api_error' }) : carryOut(run);
    const told = fault === 'error-500-after' ? failure(500, { type: 'api_error' }) : answer;
    if (key !== undefined) kept.set(key, { ...told, request, at: now() });
    return { ...told, replayed: false };
  }

  function routeOf(
    method: string,
    path: string,
    fields: URLSearchParams,
  ): { operation: Operation; run: () => object } {
    const [, resource, id = '', action] = /^\/v1\/(\w+)(?:\/(\w+))?(?:\/(\w+))?$/.exec(path) ?? [];
    const expanded = (intent: { latest_charge: string | null }): object => {
      const charge = account.charges.find((one) => one.id === intent.latest_charge);
      return fields.get('expand[0]') === 'latest_charge' && charge
        ? { ...intent, latest_charge: charge }
        : intent;
    };
    switch (`${method} ${resource} ${action ?? (id && (id === 'search' ? id : 'one'))}`.trim()) {
      case 'POST payment_intents':
        return { operation: 'create', run: () => account.createIntent(fields) };
      case 'POST payment_intents confirm':
        return { operation: 'confirm', run: () => account.confirm(id, fields) };
      case 'POST payment_intents capture':
        return { operation: 'capture', run: () => expanded(account.capture(id)) };
      case 'POST payment_intents cancel':
        return { operation: 'cancel', run: () => account.cancel(id) };
      case 'GET payment_intents one':
        return { operation: 'retrieve', run: () => expanded(account.intent(id)) };
      case 'GET payment_intents search':
        return { operation: 'search', run: () => search(fields) };
      case 'GET payment_intents':
        return { operation: 'intents', run: () => page(account.intents, fields) };
      case 'POST refunds':
        return { operation: 'refund', run: () => account.refund(fields) };
      case 'GET refunds':
        return {
          operation: 'refunds',
          run: () =>
            page(
              account.refunds.filter((one) => one.payment_intent === fields.get('payment_intent')),
              fields,
            ),
        };
      case 'GET charges':
        return { operation: 'charges', run: () => page(account.charges, fields) };
      default:
        throw new Error(`no such endpoint: ${method} ${path}`);
    }
  }

  function search(fields: URLSearchParams): object {
    const [, attempt] = /^metadata\["attempt"\]:"(.*)"$/.exec(fields.get('query') ?? '') ?? [];
    const data = account.intents.filter(
      ({ metadata, created }) =>
        metadata['attempt'] === attempt && now() - created * 1000 > SEARCHABLE_AFTER_MS,
    );
    return { object: 'search_result', data, has_more: false };
  }

  const server = createServer((request, response) => void handle(request, response));
  return {
    url: await listen(server),
    account,
    sent,
    disturb: (operation, ...more) => void faults.set(operation, [...(faults.get(operation) ?? []), ...more]),
    before: (operation, work) => void works.set(operation, work),
    alter: (operation, change) => void changes.set(operation, change),
    pass: (milliseconds) => void (ahead += milliseconds),
    async stop() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function carryOut(run: () => object): Answer {
  try {
    return { status: 200, body: structuredClone(run()) };
  } catch (error) {
    if (error instanceof StripeRefusal) return failure(error.status, error.error);
    throw error;
  }
}

const failure = (status: number, error: object): Answer => ({ status, body: structuredClone({ error }) });

/** The newest first, as in all lists of Stripe. */
function page(all: readonly { id: string; created: number }[], fields: URLSearchParams): object {
  const from = Number(fields.get('created[gte]') ?? 0);
  const to = Number(fields.get('created[lt]') ?? Infinity);
  const within = all.toReversed().filter(({ created }) => from <= created && created < to);
  const start = within.findIndex(({ id }) => id === fields.get('starting_after')) + 1;
  const limit = Number(fields.get('limit') ?? 10);
  const data = within.slice(start, start + limit);
  return { object: 'list', data, has_more: start + limit < within.length };
}
