import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { finished } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { bodyParser } from '@koa/bodyparser';
import { Router, type RouterContext } from '@koa/router';
import Koa, { HttpError, type Context, type Middleware } from 'koa';
import type { z } from 'zod';
import type { Logger } from '../../config/logging';
import { parseBehaviour } from './behaviour';
import { KeyReusedError, type Book } from './book';
import {
  UNKNOWN_PAYMENT_KEY,
  bookQuerySchema,
  chargeBodySchema,
  idempotencyKeySchema,
  refundBodySchema,
  voidBodySchema,
  type Refusal,
} from './protocol';

export interface SandboxServerOptions {
  book: Book;
  /** The shared secret that callers send as bearer token. */
  secret: string;
  logger: Logger;
}

/**
 * A payment gateway over HTTP that can be told to misbehave. All answers are JSON; a charge that is not
 * captured answers 402 with its line of the book, everything else that fails `{error, message}`.
 *
 * - `POST /v1/charges` with the header `Idempotency-Key`
 * - `GET /v1/charges/by-key/{key}`, `POST /v1/charges/by-key/{key}/void`
 * - `POST /v1/charges/by-key/{key}/refunds` with the header `Idempotency-Key`
 * - `GET /v1/book?limit=&cursor=`: the whole book for auditors, in pages
 * - `GET /healthz`, the one path without authentication
 */
export function createSandboxServer({ book, secret, logger }: SandboxServerOptions): Server {
  const app = new Koa();
  app.on('error', (error: unknown) => logger.error({ err: error }, 'request failed'));
  app.use(answerErrors);
  app.use(authenticate(secret));
  app.use(bodyParser({ enableTypes: ['json'], jsonLimit: '16kb', onError: refuseBody }));
  app.use(routes(book).routes());
  const handle = app.callback();
  return createServer((request, response) => void handle(request, response));
}

function routes(book: Book): Router {
  const router = new Router();

  router.get('/healthz', (ctx) => {
    ctx.body = { status: 'ok' };
  });

  router.post('/v1/charges', async (ctx) => {
    const key = parse(ctx, idempotencyKeySchema, ctx.get('Idempotency-Key'));
    const body = parse(ctx, chargeBodySchema, ctx.request.body);
    const behaviour = parseBehaviour(body.paymentKey);
    if (!behaviour) return refuse(ctx, 400, UNKNOWN_PAYMENT_KEY, 'no behaviour has this payment key');
    // The charge goes on when the requester has hung up, as it would at any gateway.
    if (behaviour.delayMs > 0) await pause(behaviour.delayMs, undefined, { ref: false });
    const { charge, fresh } = await book.charge(key, body, behaviour);
    if (fresh && behaviour.answer === 'nothing') return neverAnswer(ctx);
    if (!charge || (fresh && behaviour.answer === 'error')) {
      return refuse(ctx, 500, 'gateway-error', 'the gateway failed, as it was told to');
    }
    ctx.status = charge.status === 'CAPTURED' ? 200 : 402;
    ctx.body = charge;
  });

  router.get('/v1/charges/by-key/:key', (ctx) => {
    const charge = book.find(parse(ctx, idempotencyKeySchema, ctx.params['key']));
    if (!charge) return refuse(ctx, 404, 'charge-not-found', 'nothing is booked under this key');
    ctx.body = charge;
  });

  router.post('/v1/charges/by-key/:key/void', async (ctx) => {
    const key = parse(ctx, idempotencyKeySchema, ctx.params['key']);
    const { reason } = parse(ctx, voidBodySchema, ctx.request.body);
    ctx.body = await book.void(key, reason);
  });

  router.post('/v1/charges/by-key/:key/refunds', async (ctx) => {
    const key = parse(ctx, idempotencyKeySchema, ctx.params['key']);
    const refundKey = parse(ctx, idempotencyKeySchema, ctx.get('Idempotency-Key'));
    const charge = await book.refund(key, { refundKey, ...parse(ctx, refundBodySchema, ctx.request.body) });
    if (!charge) return refuse(ctx, 409, 'refund-refused', 'so much is not left of the charge');
    ctx.body = charge;
  });

  router.get('/v1/book', (ctx) => {
    const { limit, cursor } = parse(ctx, bookQuerySchema, ctx.query);
    ctx.body = book.page(limit, cursor);
  });

  return router;
}

/** One shape for every refusal, whatever raised it. */
const answerErrors: Middleware = async (ctx, next) => {
  try {
    await next();
    if (ctx.status === 404 && ctx.body === undefined) refuse(ctx, 404, 'not-found', 'no such path');
  } catch (error) {
    if (error instanceof KeyReusedError) return refuse(ctx, 422, 'idempotency-key-reused', error.message);
    if (error instanceof HttpError && error.expose) {
      return refuse(ctx, error.status, 'bad-request', error.message);
    }
    ctx.app.emit('error', error, ctx);
    refuse(ctx, 500, 'internal-error', 'the gateway failed');
  }
};

const refuseBody = (error: Error, ctx: Context): never => {
  const status = 'status' in error && error.status === 413 ? 413 : 400;
  return ctx.throw(status, status === 413 ? 'the body is too large' : 'the body is not JSON');
};

function authenticate(secret: string): Middleware {
  const expected = digest(`Bearer ${secret}`);
  return (ctx, next) => {
    if (ctx.path === '/healthz' || timingSafeEqual(digest(ctx.get('Authorization')), expected)) return next();
    ctx.set('WWW-Authenticate', 'Bearer');
    refuse(ctx, 401, 'unauthenticated', 'the shared secret is missing or wrong');
    return Promise.resolve();
  };
}

/** Digests are of equal length, so that their comparison takes equal time for every guess. */
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

function parse<Schema extends z.ZodType>(
  ctx: RouterContext,
  schema: Schema,
  value: unknown,
): z.infer<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  return ctx.throw(400, faults.join('; '));
}

function refuse(ctx: Context, status: number, error: string, message: string): void {
  ctx.status = status;
  ctx.body = { error, message } satisfies Refusal;
}

/** Holds the connection until the requester gives up or the server stops. */
async function neverAnswer(ctx: RouterContext): Promise<void> {
  ctx.respond = false;
  await finished(ctx.res).catch(() => undefined);
}
