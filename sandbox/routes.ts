import { finished } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { Router, type RouterContext } from '@koa/router';
import helmet from 'koa-helmet';
import { behaviourOf, parseBehaviour, type Behaviour } from './behaviour';
import type { Book, Booking, RefundBooking } from './book';
import { bookedAtOf } from './lines';
import { bookPage } from './page/page';
import { STYLE_SOURCE } from './page/style';
import {
  CHARGE_NOT_FOUND,
  UNKNOWN_PAYMENT_KEY,
  bookQuerySchema,
  chargeBodySchema,
  idempotencyKeySchema,
  refundBodySchema,
  pageQuerySchema,
  voidBodySchema,
  type Charge,
} from '../src/gateways/sandbox/protocol';
import { parse, refuse } from './refuse';

/** Lines on one HTML page. */
const LINES_OF_A_PAGE = 50;

/** The page loads and runs nothing, and cannot be framed. */
const onlyOwnStyle = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      styleSrc: [STYLE_SOURCE],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
  },
  strictTransportSecurity: false,
});

/** The calls of {@link createSandboxServer}. The payment key of a charge decides how they behave. */
export function routes(book: Book, healthHeaders: Readonly<Record<string, string>>): Router {
  const router = new Router();

  router.get('/healthz', (ctx) => {
    ctx.set({ ...healthHeaders });
    ctx.body = { status: 'ok' };
  });

  router.post('/v1/charges', async (ctx) => {
    const key = parse(ctx, idempotencyKeySchema, ctx.get('Idempotency-Key'));
    const body = parse(ctx, chargeBodySchema, ctx.request.body);
    const behaviour = parseBehaviour(body.paymentKey);
    if (!behaviour)
      return refuse(ctx, 400, UNKNOWN_PAYMENT_KEY, 'the sandbox does not know this payment key');
    // The charge continues after the requester has hung up, as at any gateway.
    if (behaviour.delayMs > 0) await pause(behaviour.delayMs, undefined, { ref: false });
    const booking = await book.charge(key, body, behaviour);
    if ((booking === null || booking.fresh) && behaviour.answer === 'nothing') return neverAnswer(ctx);
    if (booking === null || (booking.fresh && behaviour.answer === 'error')) return fail(ctx);
    tell(ctx, booking);
  });

  router.get('/v1/charges/by-key/:key', (ctx) => {
    const charge = book.find(parse(ctx, idempotencyKeySchema, ctx.params['key']));
    if (!charge) return refuse(ctx, 404, CHARGE_NOT_FOUND, 'nothing is booked under this key');
    if (isOut(charge, 'lookUpsFailMs')) return refuseOut(ctx);
    ctx.body = charge;
  });

  router.post('/v1/charges/by-key/:key/capture', async (ctx) => {
    const key = readKey(ctx, book);
    if (key === null) return refuseOut(ctx);
    const booking = await book.capture(key);
    if (!booking) return refuse(ctx, 404, CHARGE_NOT_FOUND, 'nothing is booked under this key');
    if (booking.fresh && behaviourOf(booking.charge).capture === 'nothing') return neverAnswer(ctx);
    tell(ctx, booking);
  });

  router.post('/v1/charges/by-key/:key/void', async (ctx) => {
    const key = readKey(ctx, book);
    if (key === null) return refuseOut(ctx);
    const { reason } = parse(ctx, voidBodySchema, ctx.request.body);
    const booking = await book.void(key, reason);
    tell(ctx, booking, 200);
  });

  router.post('/v1/charges/by-key/:key/refunds', async (ctx) => {
    const key = readKey(ctx, book);
    if (key === null) return refuseOut(ctx);
    const refundKey = parse(ctx, idempotencyKeySchema, ctx.get('Idempotency-Key'));
    const body = parse(ctx, refundBodySchema, ctx.request.body);
    return answerRefund(ctx, await book.refund(key, { refundKey, ...body }));
  });

  router.get('/v1/book', (ctx) => {
    ctx.body = book.page(parse(ctx, bookQuerySchema, ctx.query));
  });

  router.get('/', onlyOwnStyle, (ctx) => {
    const { before } = parse(ctx, pageQuerySchema, ctx.query);
    const { lines, nextCursor } = book.latest({ limit: LINES_OF_A_PAGE, cursor: before });
    ctx.set('Cache-Control', 'no-store');
    ctx.type = 'html';
    ctx.body = bookPage(lines, nextCursor);
  });

  return router;

  /** A requester that has the response needs no message about the same. */
  function tell(ctx: RouterContext, { charge, message }: Booking, status = statusOf(charge)): void {
    ctx.status = status;
    ctx.body = charge;
    if (message) ctx.res.once('finish', () => void book.outbox.forget(message));
  }

  function answerRefund(ctx: RouterContext, booking: RefundBooking): Promise<void> | void {
    if (booking.kind === 'failed') return fail(ctx);
    if (booking.kind === 'refused') {
      const status = booking.error === 'refund-key-reused' ? 422 : 409;
      return refuse(ctx, status, booking.error, 'the gateway refused the refund');
    }
    if (booking.silent) return neverAnswer(ctx);
    tell(ctx, booking, 200);
  }
}

/** The key of a charge that a request changes; null while its payment key allows no change. */
function readKey(ctx: RouterContext, book: Book): string | null {
  const key = parse(ctx, idempotencyKeySchema, ctx.params['key']);
  const charge = book.find(key);
  return charge && isOut(charge, 'changesFailMs') ? null : key;
}

function isOut(charge: Charge, what: keyof Pick<Behaviour, 'lookUpsFailMs' | 'changesFailMs'>): boolean {
  return Date.now() < bookedAtOf(charge) + behaviourOf(charge)[what];
}

/** A charge that neither takes nor reserves money gets 402. */
const statusOf = ({ status }: Charge): number =>
  status === 'CAPTURED' || status === 'AUTHORISED' ? 200 : 402;

const fail = (ctx: RouterContext): void =>
  refuse(ctx, 500, 'gateway-error', 'the gateway failed, as the payment key demands');

const refuseOut = (ctx: RouterContext): void =>
  refuse(ctx, 503, 'temporarily-unavailable', 'the gateway cannot answer yet, as the payment key demands');

/** Keeps the connection open until the requester gives up or the server stops. */
async function neverAnswer(ctx: RouterContext): Promise<void> {
  ctx.respond = false;
  await finished(ctx.res).catch(() => undefined);
}
