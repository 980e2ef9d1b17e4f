import { z } from 'zod';
import { unknown, type Unknown } from '../../domain/payments/gateway';
import { createJsonHttp, type Answer } from '../jsonHttp';
import { CANCEL_CODES, CONFIRM_CODES, LOOK_UP_CODES, refusalReasonOf, type Codes } from './codes';
import { paymentSchema, refusalSchema, transactionsSchema, type Payment, type Transaction } from './protocol';

/*
 * A charge is a look-up and then a confirmation, inside one local activity of 4 s. A call that takes longer counts as
 * unanswered, and the workflow looks it up. Large shops allow 1 s to connect and 5 s to answer if no workflow task
 * waits.
 */
const LOOK_TIMEOUT_MS = 1_200;
const CHANGE_TIMEOUT_MS = 2_500;
/** The reference asks for at least 60 s. */
const LIST_TIMEOUT_MS = 65_000;

/** Toss has refused, for a certain reason. */
export interface Refused {
  outcome: 'refused';
  reason: string;
}

export type PaymentAnswer = Payment | Refused | Unknown;

/** What the service asks Toss to confirm. */
export interface Confirmation {
  paymentKey: string;
  orderId: string;
  amount: number;
}

/** What the service asks Toss to refund; without an amount, everything that is left. */
export interface Cancellation {
  cancelReason: string;
  cancelAmount?: number;
  /** Toss refuses if the amount that can still be refunded is not this one. */
  refundableAmount?: number;
}

/** `startDate` and `endDate` are included, in Korean time and without an offset. */
export interface TransactionQuery {
  startDate: string;
  endDate: string;
  limit: number;
  /** The last transaction of the page before. */
  startingAfter?: string;
}

/** The calls to Toss Payments that this service makes. Each is sent once. */
export interface TossApi {
  look(paymentKey: string): Promise<PaymentAnswer>;

  /**
   * Takes the money. For 15 days, Toss answers a known key with its first response to that key, whatever the request
   * asks for. So the response may be about another payment key than that of the confirmation.
   */
  confirm(confirmation: Confirmation, idempotencyKey: string): Promise<PaymentAnswer>;

  cancel(paymentKey: string, cancellation: Cancellation, idempotencyKey: string): Promise<PaymentAnswer>;

  /** @throws if the list cannot be read */
  transactions(query: TransactionQuery): Promise<Transaction[]>;

  close(): Promise<void>;
}

export interface TossApiOptions {
  /** Such as `https://api.tosspayments.com`. */
  url: string;
  secretKey: string;
}

export function createTossApi({ url, secretKey }: TossApiOptions): TossApi {
  // The key is the user of Basic authentication, and there is no password.
  const http = createJsonHttp(url, `Basic ${Buffer.from(`${secretKey}:`).toString('base64')}`);

  const change = async (path: string, body: object, idempotencyKey: string, codes: Codes) => {
    const headers = { 'idempotency-key': idempotencyKey };
    return readPayment(await http.ask('POST', path, { timeoutMs: CHANGE_TIMEOUT_MS, headers, body }), codes);
  };

  return {
    async look(paymentKey) {
      const answer = await http.ask('GET', pathOf(paymentKey), { timeoutMs: LOOK_TIMEOUT_MS });
      return aboutKey(paymentKey, readPayment(answer, LOOK_UP_CODES));
    },

    confirm: (confirmation, key) => change('/v1/payments/confirm', confirmation, key, CONFIRM_CODES),

    async cancel(paymentKey, cancellation, key) {
      const path = `${pathOf(paymentKey)}/cancel`;
      return aboutKey(paymentKey, await change(path, cancellation, key, CANCEL_CODES));
    },

    async transactions({ limit, ...query }) {
      const parameters = new URLSearchParams({ ...query, limit: String(limit) });
      const answer = await http.ask('GET', `/v1/transactions?${parameters.toString()}`, {
        timeoutMs: LIST_TIMEOUT_MS,
      });
      if ('outcome' in answer) throw new Error(`the transactions cannot be read: ${answer.reason}`);
      if (answer.status !== 200) throw new Error(`the transactions cannot be read: ${faultOf(answer)}`);
      return transactionsSchema.parse(answer.body);
    },

    close: () => http.close(),
  };
}

const pathOf = (paymentKey: string): string => `/v1/payments/${encodeURIComponent(paymentKey)}`;

function readPayment(answer: Answer | Unknown, codes: Codes): PaymentAnswer {
  if ('outcome' in answer) return answer;
  if (answer.status === 200) return paymentSchema.safeParse(answer.body).data ?? unknown('malformed-answer');
  const { code = '' } = refusalSchema.safeParse(answer.body).data ?? {};
  const reason = answer.status < 500 ? refusalReasonOf(codes, code) : null;
  return reason === null ? unknown(faultOf(answer)) : { outcome: 'refused', reason };
}

function aboutKey(paymentKey: string, answer: PaymentAnswer): PaymentAnswer {
  if ('outcome' in answer || answer.paymentKey === paymentKey) return answer;
  return unknown('malformed-answer');
}

const codeSchema = z.object({ code: z.string().regex(/^[A-Z0-9_]{1,64}$/) });

/** The code in the form of our own reasons, such as `provider-error`; without a code, `http-502`. */
function faultOf({ status, body }: Answer): string {
  const code = codeSchema.safeParse(body).data?.code;
  return code === undefined ? `http-${status}` : code.toLowerCase().replaceAll('_', '-');
}
