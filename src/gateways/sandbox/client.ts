import { Agent, request } from 'undici';
import type { BookedCharge, ChargeOutcome, ChargeRequest, PaymentGateway, RefundRequest } from '../gateway';
import {
  UNKNOWN_PAYMENT_KEY,
  bookPageSchema,
  chargeSchema,
  refusalSchema,
  type Charge,
  type ChargeBody,
} from './protocol';
import { readWebhook } from './webhook';

/**
 * The whole of a charge, from connecting to the last byte. A workflow task has 10 s and holds the charge
 * beside database writes, so a charge may take a third of it before it counts as unanswered.
 */
const CHARGE_TIMEOUT_MS = 3_000;
/** Look-ups and voids are one read or write of the book, and their callers ask again. */
const ASK_TIMEOUT_MS = 2_000;
/** What large shops allow for connecting to their payment gateway. */
const CONNECT_TIMEOUT_MS = 1_000;

export interface SandboxGatewayOptions {
  /** Such as `http://127.0.0.1:3001`. */
  url: string;
  secret: string;
}

type Unknown = Extract<ChargeOutcome, { outcome: 'unknown' }>;

interface Answer {
  status: number;
  body: unknown;
}

/**
 * The sandbox gateway's client. It never sends a request twice: whoever asked decides, after `unknown`,
 * whether to look up, to charge again under the same key, or to void.
 */
export function createSandboxGateway({ url, secret }: SandboxGatewayOptions): PaymentGateway {
  // Connections are not capped: a request that hangs must not keep another one waiting for its socket. A
  // timeout destroys its socket, so there are never more than requests of the last 3 s.
  const agent = new Agent({ connect: { timeout: CONNECT_TIMEOUT_MS } });

  const ask = async (
    method: 'GET' | 'POST',
    path: string,
    options: AskOptions,
  ): Promise<Answer | Unknown> => {
    try {
      const response = await request(new URL(path, url), {
        method,
        dispatcher: agent,
        signal: AbortSignal.timeout(options.timeoutMs),
        headers: {
          authorization: `Bearer ${secret}`,
          ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
          ...options.headers,
        },
        body: options.body === undefined ? null : JSON.stringify(options.body),
      });
      return { status: response.statusCode, body: await response.body.json() };
    } catch (error) {
      return unknown(nameOf(error));
    }
  };

  async function lookUp(charge: ChargeRequest): Promise<ChargeOutcome | { outcome: 'absent' }> {
    const answer = await ask('GET', pathOf(charge.idempotencyKey), { timeoutMs: ASK_TIMEOUT_MS });
    if ('outcome' in answer) return answer;
    if (answer.status === 404 && refusalSchema.safeParse(answer.body).data?.error === 'charge-not-found') {
      return { outcome: 'absent' };
    }
    if (answer.status !== 200) return unknown(`http-${answer.status}`);
    const booked = readCharge(answer, charge.idempotencyKey);
    if (!booked) return unknown('malformed-answer');
    if (booked.status === 'CAPTURED' && !isFor(booked, charge)) return unknown('amount-differs');
    return outcomeOf(booked);
  }

  return {
    name: 'sandbox',
    needsPaymentKey: false,

    async charge(charge) {
      const { idempotencyKey, payerId: _payerId, requestedAt: _requestedAt, ...body } = charge;
      const answer = await ask('POST', '/v1/charges', {
        timeoutMs: CHARGE_TIMEOUT_MS,
        headers: { 'idempotency-key': idempotencyKey },
        body: body satisfies ChargeBody,
      });
      if ('outcome' in answer) return answer;
      if (answer.status === 400 && refusalSchema.safeParse(answer.body).data?.error === UNKNOWN_PAYMENT_KEY) {
        return { outcome: 'declined', reason: UNKNOWN_PAYMENT_KEY };
      }
      if (answer.status !== 200 && answer.status !== 402) return unknown(`http-${answer.status}`);
      const booked = readCharge(answer, idempotencyKey);
      if (!booked) return unknown('malformed-answer');
      if (booked.status === 'CAPTURED' && !isFor(booked, charge)) return unknown('amount-differs');
      return outcomeOf(booked);
    },

    async capture(charge) {
      // The sandbox takes the money at once: there is nothing left to capture.
      const found = await lookUp(charge);
      return found.outcome === 'absent' ? unknown('absent') : found;
    },

    lookUp,

    async void({ idempotencyKey }, reason) {
      const answer = await ask('POST', `${pathOf(idempotencyKey)}/void`, {
        timeoutMs: ASK_TIMEOUT_MS,
        body: { reason },
      });
      if ('outcome' in answer) return answer;
      if (answer.status !== 200) return unknown(`http-${answer.status}`);
      const booked = readCharge(answer, idempotencyKey);
      if (!booked || booked.status === 'CAPTURED') return unknown('malformed-answer');
      return { outcome: 'voided', returned: booked.status === 'REFUNDED' ? booked.amount : 0 };
    },

    async refund(refund) {
      const { charge, refundKey, amount, reason } = refund;
      const answer = await ask('POST', `${pathOf(charge.idempotencyKey)}/refunds`, {
        timeoutMs: ASK_TIMEOUT_MS,
        headers: { 'idempotency-key': refundKey },
        body: { amount, reason },
      });
      if ('outcome' in answer) return answer;
      if (answer.status === 409) {
        return {
          outcome: 'refused',
          reason: refusalSchema.safeParse(answer.body).data?.error ?? 'refund-refused',
        };
      }
      if (answer.status !== 200) return unknown(`http-${answer.status}`);
      const made = readRefund(readCharge(answer, charge.idempotencyKey), refund);
      if (!made) return unknown('malformed-answer');
      return { outcome: 'refunded', gatewayRefundId: made.gatewayRefundId, refundedAt: made.refundedAt };
    },

    async readBook({ from, to }, cursor) {
      const page = cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const answer = await ask('GET', `/v1/book?limit=1000${page}`, { timeoutMs: ASK_TIMEOUT_MS });
      if ('outcome' in answer) throw new Error(`the gateway's book cannot be read: ${answer.reason}`);
      if (answer.status !== 200) throw new Error(`the gateway's book answers ${answer.status}`);
      const { items, nextCursor } = bookPageSchema.parse(answer.body);
      const booked = items.flatMap(asBooked);
      return { items: booked.filter((line) => isWithin(line, from, to)), nextCursor };
    },

    readWebhook: (message) => readWebhook(message, secret),

    async ping() {
      const answer = await ask('GET', '/v1/book?limit=1', { timeoutMs: ASK_TIMEOUT_MS });
      if ('outcome' in answer) throw new Error(`the sandbox gateway does not answer: ${answer.reason}`);
      if (answer.status !== 200) throw new Error(`the sandbox gateway answers ${answer.status}`);
    },

    close: () => agent.close(),
  };
}

interface AskOptions {
  timeoutMs: number;
  headers?: Record<string, string>;
  body?: unknown;
}

const pathOf = (idempotencyKey: string): string => `/v1/charges/by-key/${encodeURIComponent(idempotencyKey)}`;

function readCharge({ body }: Answer, idempotencyKey: string): Charge | null {
  const { data } = chargeSchema.safeParse(body);
  return data?.idempotencyKey === idempotencyKey ? data : null;
}

function isFor(charge: Charge & { status: 'CAPTURED' }, asked: ChargeRequest): boolean {
  return charge.amount === asked.amount && charge.currency === asked.currency;
}

function outcomeOf(charge: Charge): ChargeOutcome {
  if (charge.status === 'DECLINED') return { outcome: 'declined', reason: charge.reason };
  if (charge.status !== 'CAPTURED') return { outcome: 'declined', reason: 'voided' };
  return { outcome: 'approved', gatewayPaymentId: charge.gatewayPaymentId, approvedAt: charge.approvedAt };
}

function readRefund(charge: Charge | null, { refundKey, amount }: RefundRequest) {
  if (charge?.status !== 'CAPTURED' && charge?.status !== 'REFUNDED') return undefined;
  return charge.refunds.find((refund) => refund.refundKey === refundKey && refund.amount === amount);
}

function asBooked(charge: Charge): BookedCharge[] {
  if (charge.status !== 'CAPTURED' && charge.status !== 'REFUNDED') return [];
  const { gatewayPaymentId, idempotencyKey, orderId, amount, currency, approvedAt, refunds } = charge;
  const refunded = refunds.reduce((sum, refund) => sum + refund.amount, 0);
  const names = { gatewayPaymentId, idempotencyKey, orderId };
  return [{ ...names, status: 'CAPTURED', amount, refunded, currency, bookedAt: approvedAt }];
}

function isWithin({ bookedAt }: BookedCharge, from: number, to: number): boolean {
  const at = Date.parse(bookedAt);
  return from <= at && at < to;
}

const unknown = (reason: string): Unknown => ({ outcome: 'unknown', reason });

/** `timeout`, or the transport's error code; never its message, which can quote what was sent. */
function nameOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'no-answer';
  if ('name' in error && error.name === 'TimeoutError') return 'timeout';
  return 'code' in error && typeof error.code === 'string' ? error.code : 'no-answer';
}
