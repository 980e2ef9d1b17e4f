import { unknown, type PaymentGateway } from '../../domain/payments/gateway';
import { createTossApi, type TossApiOptions } from './api';
import { readBook } from './book';
import { createCharges } from './charge';
import { createRefunds } from './refunds';
import { readWebhook } from './webhook';

export interface TossGatewayOptions extends TossApiOptions {
  /** The `token` in the URL that is registered for webhooks. */
  webhookToken: string;
}

/**
 * Toss Payments. The payer's browser prepares a payment and gets its `paymentKey`. Money moves only when the server
 * confirms the payment. A payment key belongs to one attempt (the database enforces that) and is confirmed at most
 * once.
 */
export function createTossGateway({ webhookToken, ...options }: TossGatewayOptions): PaymentGateway {
  const api = createTossApi(options);
  const refunds = createRefunds(api);
  const { charge, lookUp } = createCharges(api, refunds);
  return {
    name: 'toss',
    needsPaymentKey: true,
    charge,
    lookUp,

    async capture(request) {
      // Confirming takes the money at once: there is nothing left to capture.
      const found = await lookUp(request);
      return found.outcome === 'absent' ? unknown('absent') : found;
    },

    void: (request, reason) => refunds.void(request, reason),
    refund: (request) => refunds.refund(request),
    readBook: (window) => readBook(api, window),
    readWebhook: (message) => readWebhook(message, webhookToken),

    async ping() {
      // Any payment key will do. Toss answers that there is no such payment only if it accepts our credentials.
      const answer = await api.look('ping');
      if ('outcome' in answer && answer.outcome === 'unknown') {
        throw new Error(`Toss Payments does not answer: ${answer.reason}`);
      }
    },

    close: () => api.close(),
  };
}
