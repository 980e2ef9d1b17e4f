import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { bodyParser } from '@koa/bodyparser';
import { Router } from '@koa/router';
import Koa, { type Context } from 'koa';
import { z } from 'zod';
import { listen } from '../../sandbox/server';
import { createTossBook, type TossBook, type TossError } from './tossBook';

export const SECRET_KEY = 'test_gsk_that_only_the_tests_know';

const AUTHORIZATION = `Basic ${Buffer.from(`${SECRET_KEY}:`).toString('base64')}`;

/** How long Toss remembers an idempotency key. */
const KEY_LIFE_MS = 15 * 24 * 3_600_000;

/** What happens to the next call of its kind. */
export type Fault =
  /** Toss refuses; nothing is done. */
  | ({ kind: 'refuse' } & TossError)
  /** The request never arrives. */
  | { kind: 'drop' }
  /** Toss carries it out, and then the connection breaks. */
  | { kind: 'lose' }
  /** Toss carries it out, and sends no response. */
  | { kind: 'silence' }
  /** Toss carries it out after this delay. */
  | { kind: 'delay'; milliseconds: number }
  /** A response that the real Toss would not give. */
  | { kind: 'lie'; status: number; body: unknown };

export type Call = 'look' | 'confirm' | 'cancel' | 'list';

export interface TossServer extends TossBook {
  url: string;
  /** What happens to the next calls of this kind, in order. */
  next(call: Call, ...faults: Fault[]): void;
  /** Every request since the last reset, such as `POST /v1/payments/confirm`. */
  readonly requests: readonly string[];
  reset(): void;
  /** Moves the clock of the server. */
  advance(milliseconds: number): void;
  stop(): Promise<void>;
}

interface Answer {
  status: number;
  body: unknown;
}

const confirmBody = z.object({ paymentKey: z.string(), orderId: z.string(), amount: z.number().positive() });
const cancelBody = z.object({
  cancelReason: z.string().min(1).max(200),
  cancelAmount: z.number().positive().optional(),
  refundableAmount: z.number().optional(),
});

/** A local Toss Payments with the calls that the service makes, as docs.tosspayments.com describes them. */
export async function startToss(): Promise<TossServer> {
  let ahead = 0;
  const now = (): Date => new Date(Date.now() + ahead);
  const book = createTossBook(now);
  const faults: Record<Call, Fault[]> = { look: [], confirm: [], cancel: [], list: [] };
  const requests: string[] = [];
  const known = new Map<string, { at: number; answer: Answer | null }>();

  /**
   * Repeats the first response to a key, whatever the later request contains. Returns 409 while the first request is
   * under way.
   */
  const once15Days = async (ctx: Context, work: () => Promise<Answer>): Promise<Answer> => {
    const key = `${ctx.method} ${ctx.path} ${ctx.get('Idempotency-Key')}`;
    if (ctx.get('Idempotency-Key') === '') return work();
    if (ctx.get('Idempotency-Key').length > 300) return errorOf(400, 'INVALID_IDEMPOTENCY_KEY');
    const earlier = known.get(key);
    if (earlier && now().getTime() - earlier.at < KEY_LIFE_MS) {
      return earlier.answer ?? errorOf(409, 'IDEMPOTENT_REQUEST_PROCESSING');
    }
    const entry: { at: number; answer: Answer | null } = { at: now().getTime(), answer: null };
    known.set(key, entry);
    entry.answer = await work();
    return entry.answer;
  };

  const handle = async (
    ctx: Context,
    call: Call,
    work: () => object | TossError,
    bound: boolean,
  ): Promise<void> => {
    const fault = faults[call].shift();
    if (fault?.kind === 'drop') return void ctx.req.socket.destroy();
    const run = async (): Promise<Answer> => {
      if (fault?.kind === 'refuse') return errorOf(fault.status, fault.code);
      if (fault?.kind === 'delay') await pause(fault.milliseconds, undefined, { ref: false });
      return answerOf(work());
    };
    const answer = bound ? await once15Days(ctx, run) : await run();
    if (fault?.kind === 'lose') return void ctx.req.socket.destroy();
    if (fault?.kind === 'silence') return void (ctx.respond = false);
    const { status, body } = fault?.kind === 'lie' ? fault : answer;
    ctx.status = status;
    ctx.body = body;
  };

  const router = new Router();
  router.post('/v1/payments/confirm', async (ctx) => {
    const body = confirmBody.safeParse(ctx.request.body);
    await handle(ctx, 'confirm', () => (body.success ? book.confirm(body.data) : BAD_REQUEST), true);
  });
  router.post('/v1/payments/:paymentKey/cancel', async (ctx) => {
    const { cancelAmount, refundableAmount, ...body } = cancelBody.parse(ctx.request.body);
    const amounts = {
      ...(cancelAmount === undefined ? {} : { cancelAmount }),
      ...(refundableAmount === undefined ? {} : { refundableAmount }),
    };
    const paymentKey = ctx.params['paymentKey'] ?? '';
    await handle(ctx, 'cancel', () => book.cancel(paymentKey, { ...body, ...amounts }), true);
  });
  router.get('/v1/payments/:paymentKey', (ctx) =>
    handle(ctx, 'look', () => book.look(ctx.params['paymentKey'] ?? ''), false),
  );
  router.get('/v1/transactions', (ctx) => {
    const { startDate, endDate, limit, startingAfter } = ctx.query;
    const range = { startDate: String(startDate), endDate: String(endDate), limit: Number(limit) };
    const query = typeof startingAfter === 'string' ? { ...range, startingAfter } : range;
    return handle(ctx, 'list', () => book.list(query), false);
  });

  const app = new Koa({ asyncLocalStorage: false });
  app.silent = true;
  app.use(async (ctx, next) => {
    requests.push(`${ctx.method} ${ctx.path}`);
    if (ctx.get('Authorization') === AUTHORIZATION) await next();
    else Object.assign(ctx, errorOf(401, 'UNAUTHORIZED_KEY'));
  });
  app.use(bodyParser());
  app.use(router.routes());
  const callback = app.callback();
  const server: Server = createServer((request, response) => void callback(request, response));
  const url = await listen(server);

  return {
    ...book,
    url,
    requests,
    next: (call, ...more) => void faults[call].push(...more),
    reset() {
      for (const queue of Object.values(faults)) queue.length = 0;
      requests.length = 0;
    },
    advance(milliseconds) {
      ahead += milliseconds;
    },
    async stop() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

const BAD_REQUEST: TossError = { status: 400, code: 'INVALID_REQUEST' };

const errorOf = (status: number, code: string): Answer => ({ status, body: { code, message: '…' } });

function answerOf(result: object | TossError): Answer {
  return 'code' in result ? errorOf(result.status, result.code) : { status: 200, body: result };
}
