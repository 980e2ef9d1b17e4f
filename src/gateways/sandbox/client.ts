import { unknown, type PaymentGateway } from '../../domain/payments/gateway';
import { asBooked, readOutcome, readRefund, readVoid } from './answers';
import { createJsonHttp } from '../jsonHttp';
import { bookPageSchema, type ChargeBody } from './protocol';
import { readWebhook } from './webhook';

/**
 * The whole charge, from connecting to the last byte. A workflow task has 10 s for the charge and for database writes.
 * So a charge may take a third of that time before it counts as unanswered.
 */
const CHARGE_TIMEOUT_MS = 3_000;
/** Everything else is one read or write of the book, and its callers ask again. */
const ASK_TIMEOUT_MS = 2_000;

export interface SandboxGatewayOptions {
  /** Such as `http://127.0.0.1:3001`. */
  url: string;
  secret: string;
  /** The secret that signs its messages. */
  webhookSecret: string;
}

/** The sandbox gateway's client. */
export function createSandboxGateway({ url, secret, webhookSecret }: SandboxGatewayOptions): PaymentGateway {
  const http = createJsonHttp(url, `Bearer ${secret}`);
  return {
    name: 'sandbox',
    needsPaymentKey: false,

    async charge(charge) {
      const { idempotencyKey, orderId, amount, currency, paymentKey, description } = charge;
      const body: ChargeBody = { orderId, amount, currency, paymentKey, description };
      const answer = await http.ask('POST', '/v1/charges', {
        timeoutMs: CHARGE_TIMEOUT_MS,
        headers: { 'idempotency-key': idempotencyKey },
        body,
      });
      if ('outcome' in answer) return answer;
      const outcome = readOutcome(answer, charge);
      return outcome.outcome === 'absent' ? unknown('http-404') : outcome;
    },

    async capture(charge) {
      const answer = await http.ask('POST', `${pathOf(charge)}/capture`, { timeoutMs: ASK_TIMEOUT_MS });
      if ('outcome' in answer) return answer;
      const outcome = readOutcome(answer, charge);
      return outcome.outcome === 'absent' ? unknown('absent') : outcome;
    },

    async lookUp(charge) {
      const answer = await http.ask('GET', pathOf(charge), { timeoutMs: ASK_TIMEOUT_MS });
      return 'outcome' in answer ? answer : readOutcome(answer, charge);
    },

    async void(charge, reason) {
      const answer = await http.ask('POST', `${pathOf(charge)}/void`, {
        timeoutMs: ASK_TIMEOUT_MS,
        body: { reason },
      });
      return 'outcome' in answer ? answer : readVoid(answer, charge);
    },

    async refund(refund) {
      const { charge, refundKey, amount, reason } = refund;
      const answer = await http.ask('POST', `${pathOf(charge)}/refunds`, {
        timeoutMs: ASK_TIMEOUT_MS,
        headers: { 'idempotency-key': refundKey },
        body: { amount, reason },
      });
      return 'outcome' in answer ? answer : readRefund(answer, refund);
    },

    async readBook({ from, to }, cursor) {
      const query = new URLSearchParams({ from: String(from), to: String(to), limit: '1000' });
      if (cursor !== undefined) query.set('cursor', cursor);
      const { items, nextCursor } = bookPageSchema.parse(await readBook(query));
      return { items: items.flatMap(asBooked), nextCursor };
    },

    readWebhook: (message) => readWebhook(message, webhookSecret),

    async ping() {
      await readBook(new URLSearchParams({ limit: '1' }));
    },

    close: () => http.close(),
  };

  async function readBook(query: URLSearchParams): Promise<unknown> {
    const answer = await http.ask('GET', `/v1/book?${query.toString()}`, { timeoutMs: ASK_TIMEOUT_MS });
    if ('outcome' in answer) throw new Error(`the sandbox gateway does not answer: ${answer.reason}`);
    if (answer.status !== 200) throw new Error(`the sandbox gateway answers ${answer.status}`);
    return answer.body;
  }
}

const pathOf = ({ idempotencyKey }: { idempotencyKey: string }): string =>
  `/v1/charges/by-key/${encodeURIComponent(idempotencyKey)}`;
