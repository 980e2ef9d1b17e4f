import { randomUUID } from 'node:crypto';

/** Some of the payment methods for tests in Stripe's documentation, https://docs.stripe.com/testing */
export const CARD = {
  visa: 'pm_card_visa',
  declined: 'pm_card_visa_chargeDeclined',
  insufficientFunds: 'pm_card_visa_chargeDeclinedInsufficientFunds',
  authenticationRequired: 'pm_card_authenticationRequired',
  pendingRefund: 'pm_card_pendingRefund',
} as const;
export type Card = (typeof CARD)[keyof typeof CARD];

const DECLINES: Readonly<Record<string, { code: string; decline_code: string }>> = {
  [CARD.declined]: { code: 'card_declined', decline_code: 'generic_decline' },
  [CARD.insufficientFunds]: { code: 'card_declined', decline_code: 'insufficient_funds' },
  [CARD.authenticationRequired]: { code: 'authentication_required', decline_code: 'authentication_required' },
};

export interface Intent {
  id: string;
  object: 'payment_intent';
  status: string;
  amount: number;
  amount_received: number;
  currency: string;
  description: string | null;
  payment_method: string | null;
  last_payment_error: object | null;
  latest_charge: string | null;
  metadata: Record<string, string>;
  created: number;
}

export interface Charge {
  id: string;
  object: 'charge';
  status: 'succeeded' | 'failed';
  amount: number;
  amount_captured: number;
  amount_refunded: number;
  captured: boolean;
  currency: string;
  payment_intent: string;
  metadata: Record<string, string>;
  created: number;
}

export interface Refund {
  id: string;
  object: 'refund';
  status: 'succeeded' | 'pending' | 'failed';
  amount: number;
  currency: string;
  payment_intent: string;
  metadata: Record<string, string>;
  failure_reason?: string;
  created: number;
}

/** An error response of Stripe: the `error` of its body. */
export class StripeRefusal extends Error {
  constructor(
    readonly status: number,
    readonly error: Record<string, unknown>,
  ) {
    super(`${status}`);
  }
}

/** Fields of a form in the format of Stripe, such as `metadata[attempt]`. */
type Fields = URLSearchParams;

/** The intents, charges and refunds of a Stripe account, with the state changes that its documentation describes. */
export class StandInAccount {
  readonly intents: Intent[] = [];
  readonly charges: Charge[] = [];
  readonly refunds: Refund[] = [];
  /** The payment methods that Stripe.js has made from cards in the browsers of payers. */
  private readonly paymentMethods = new Map<string, Card>(Object.values(CARD).map((card) => [card, card]));

  constructor(private readonly now: () => number) {}

  /** The id of a new payment method. Each pays once. */
  aPaymentMethod(card: Card = CARD.visa): string {
    const { id } = this.named('pm', 'payment_method');
    this.paymentMethods.set(id, card);
    return id;
  }

  createIntent(fields: Fields): Intent {
    const payment_method = fields.get('payment_method');
    if (payment_method !== null && !this.paymentMethods.has(payment_method)) {
      throw refusal(400, 'resource_missing', { param: 'payment_method' });
    }
    const intent: Intent = {
      ...this.named('pi', 'payment_intent'),
      status: payment_method === null ? 'requires_payment_method' : 'requires_confirmation',
      amount: Number(fields.get('amount')),
      amount_received: 0,
      currency: fields.get('currency') ?? '',
      description: fields.get('description'),
      payment_method,
      last_payment_error: null,
      latest_charge: null,
      metadata: metadataOf(fields),
    };
    this.intents.push(intent);
    return intent;
  }

  confirm(id: string, fields: Fields): Intent {
    const intent = this.intent(id, 'requires_confirmation');
    const card = this.cardOf(intent);
    const decline = DECLINES[card];
    if (card === CARD.authenticationRequired && !fields.has('error_on_requires_action')) {
      return Object.assign(intent, { status: 'requires_action' });
    }
    this.charge(intent, decline ? 'failed' : 'succeeded');
    if (!decline) return Object.assign(intent, { status: 'requires_capture' });
    const last_payment_error = { type: 'card_error', ...decline };
    Object.assign(intent, { status: 'requires_payment_method', payment_method: null, last_payment_error });
    throw new StripeRefusal(402, { ...last_payment_error, payment_intent: intent });
  }

  capture(id: string): Intent {
    const intent = this.intent(id, 'requires_capture');
    Object.assign(this.chargeOf(intent), { captured: true, amount_captured: intent.amount });
    return Object.assign(intent, { status: 'succeeded', amount_received: intent.amount });
  }

  cancel(id: string): Intent {
    const intent = this.intent(
      id,
      'requires_payment_method',
      'requires_confirmation',
      'requires_action',
      'requires_capture',
    );
    // A cancelled authorisation counts as refunded.
    if (intent.status === 'requires_capture') this.chargeOf(intent).amount_refunded = intent.amount;
    return Object.assign(intent, { status: 'canceled' });
  }

  refund(fields: Fields): Refund {
    const intent = this.intent(fields.get('payment_intent') ?? '', 'succeeded');
    const charge = this.chargeOf(intent);
    const left = charge.amount_captured - charge.amount_refunded;
    const amount = fields.has('amount') ? Number(fields.get('amount')) : left;
    if (left === 0) throw refusal(400, 'charge_already_refunded');
    if (amount > left) throw new StripeRefusal(400, { type: 'invalid_request_error', param: 'amount' });
    charge.amount_refunded += amount;
    const refund: Refund = {
      ...this.named('re', 'refund'),
      status: this.cardOf(intent) === CARD.pendingRefund ? 'pending' : 'succeeded',
      amount,
      currency: intent.currency,
      payment_intent: intent.id,
      metadata: metadataOf(fields),
    };
    this.refunds.push(refund);
    return refund;
  }

  /** A bank sends a refund back: the amount returns to the balance of the account. */
  failRefund(refund: Refund): void {
    Object.assign(refund, { status: 'failed', failure_reason: 'expired_or_canceled_card' });
    this.chargeOf(this.intent(refund.payment_intent)).amount_refunded -= refund.amount;
  }

  intent(id: string, ...allowed: readonly string[]): Intent {
    const intent = this.intents.find((one) => one.id === id);
    if (!intent) throw refusal(404, 'resource_missing', { param: 'intent' });
    if (allowed.length > 0 && !allowed.includes(intent.status)) {
      throw refusal(400, 'payment_intent_unexpected_state', { payment_intent: intent });
    }
    return intent;
  }

  /** The captured amount minus the refunds. */
  get kept(): number {
    return this.charges.reduce((sum, { amount_captured, amount_refunded, captured }) => {
      return captured ? sum + amount_captured - amount_refunded : sum;
    }, 0);
  }

  chargeOf({ latest_charge }: Intent): Charge {
    const charge = this.charges.find(({ id }) => id === latest_charge);
    if (!charge) throw new Error('the intent has no charge');
    return charge;
  }

  private cardOf({ payment_method }: Intent): string {
    return this.paymentMethods.get(payment_method ?? '') ?? '';
  }

  private charge(intent: Intent, status: Charge['status']): void {
    const { id, amount, currency, metadata } = intent;
    const charge: Charge = {
      ...this.named('ch', 'charge'),
      status,
      amount,
      amount_captured: 0,
      amount_refunded: 0,
      captured: false,
      currency,
      payment_intent: id,
      metadata: { ...metadata },
    };
    this.charges.push(charge);
    intent.latest_charge = charge.id;
  }

  private named<Kind extends string>(prefix: string, object: Kind) {
    const id = `${prefix}_${randomUUID().replaceAll('-', '')}`;
    return { id, object, created: Math.floor(this.now() / 1000) };
  }
}

const refusal = (status: number, code: string, more: object = {}): StripeRefusal =>
  new StripeRefusal(status, { type: 'invalid_request_error', code, message: `refused: ${code}`, ...more });

function metadataOf(fields: Fields): Record<string, string> {
  return Object.fromEntries(
    [...fields].flatMap(([name, value]) => {
      const [, key] = /^metadata\[(.+)\]$/.exec(name) ?? [];
      return key === undefined ? [] : [[key, value]];
    }),
  );
}
