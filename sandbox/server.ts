import { createServer, type Server } from 'node:http';
import { bodyParser } from '@koa/bodyparser';
import Koa, { HttpError, type Context, type Middleware } from 'koa';
import type { Logger } from '../src/config/logging';
import { authenticate } from './access';
import { KeyReusedError, type Book } from './book';
import { refuse } from './refuse';
import { routes } from './routes';

export interface SandboxServerOptions {
  book: Book;
  /** The shared secret that callers send as bearer token. */
  secret: string;
  logger: Logger;
  /** Headers of the responses of `/healthz`. */
  healthHeaders?: Readonly<Record<string, string>>;
}

/**
 * A payment gateway over HTTP that can simulate failures. All responses are JSON. A charge that neither takes nor
 * reserves money gets 402 with its line of the book. Every other failure gets `{error, message}`.
 *
 * - `POST /v1/charges` with the header `Idempotency-Key`
 * - `GET /v1/charges/by-key/{key}`, `POST /v1/charges/by-key/{key}/capture` and `…/void`
 * - `POST /v1/charges/by-key/{key}/refunds` with the header `Idempotency-Key`
 * - `GET /v1/book?from=&to=&limit=&cursor=`: the book for auditors, in pages
 * - `GET /`: the book for people, one page of HTML at a time, with its own password
 * - `GET /healthz`, the only path without authentication
 */
export function createSandboxServer({
  book,
  secret,
  logger,
  healthHeaders = {},
}: SandboxServerOptions): Server {
  const app = new Koa();
  app.on('error', (error: unknown) => logger.error({ err: error }, 'request failed'));
  app.use(answerErrors);
  app.use(authenticate(secret));
  app.use(bodyParser({ enableTypes: ['json'], jsonLimit: '16kb', onError: refuseBody }));
  app.use(routes(book, healthHeaders).routes());
  const handle = app.callback();
  return createServer((request, response) => void handle(request, response));
}

/** Every rejected request gets a response of the same shape, whatever raised the error. */
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
