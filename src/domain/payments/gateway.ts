/** The gateways that `PAYMENT_GATEWAY` can name. Database rows and webhook paths contain these names. */
export const GATEWAY_NAMES = ['sandbox', 'stripe', 'toss'] as const;
export type GatewayName = (typeof GATEWAY_NAMES)[number];

/** One attempt to charge a card. Every call about the charge gets the whole request as its argument. */
export interface ChargeRequest {
  /** The name of the gateway that the attempt was recorded with. The service never asks another gateway about it. */
  gateway: string;
  /**
   * Identifies the attempt, at most 240 characters. Gateways identify their steps with it. The same key never charges
   * twice.
   */
  idempotencyKey: string;
  /** The reservation or top-up that is paid. Several attempts, each with its own key, may pay for one order. */
  orderId: string;
  /** The user who pays. */
  payerId: string;
  /** Whole currency units, more than 0. */
  amount: number;
  currency: string;
  /** The client's key for a payment that the client has prepared. The sandbox reads test behaviours from it. */
  paymentKey?: string;
  /** The text that the payer sees on the statement. */
  description: string;
  /** When the attempt began, in milliseconds since 1970. Gateways forget idempotency keys after some time. */
  requestedAt: number;
}

/** The gateway has not reported the outcome. */
export interface Unknown {
  outcome: 'unknown';
  reason: string;
}

export const unknown = (reason: string): Unknown => ({ outcome: 'unknown', reason });

/**
 * The reason of an `unknown` for a request that was not sent, because the gateway is known to be down. It says nothing
 * about earlier requests under the same key.
 */
export const GATEWAY_UNAVAILABLE = 'gateway-unavailable';

/**
 * The gateway's response about a charge. UNKNOWN is a separate outcome: the service asks the gateway again and never
 * guesses.
 */
export type ChargeOutcome =
  /** The money is taken. */
  | { outcome: 'approved'; gatewayPaymentId: string; approvedAt: string }
  /** The money is reserved on the card, and `capture` takes it. Only gateways with two steps return this. */
  | { outcome: 'authorised'; gatewayPaymentId: string }
  /** Permanently declined under this key: no money is taken, and none will be. */
  | { outcome: 'declined'; reason: string }
  | Unknown;

/** Refunds a part of a charge, or all of it. */
export interface RefundRequest {
  /**
   * Identifies this refund, at most 100 characters. The same key never refunds twice. After `refused`, a new try needs
   * a new key.
   */
  refundKey: string;
  charge: ChargeRequest;
  gatewayPaymentId: string;
  /** In whole currency units, at most the part of the charge that is not refunded yet. */
  amount: number;
  reason: string;
}

export type RefundOutcome =
  | { outcome: 'refunded'; gatewayRefundId: string; refundedAt: string }
  /** Nothing was refunded under this key, and nothing will be. A refund under another key may succeed later. */
  | { outcome: 'refused'; reason: string }
  | Unknown;

/** A line of the gateway's book: a charge for which money has moved, or is reserved. */
export interface BookedCharge {
  gatewayPaymentId: string;
  /** Null if the gateway does not report it, or if another service made the charge. */
  idempotencyKey: string | null;
  orderId: string | null;
  status: 'AUTHORISED' | 'CAPTURED';
  amount: number;
  /** The refunded part. For a voided charge it is the whole amount. */
  refunded: number;
  currency: string;
  /** When the money was taken, or reserved. ISO 8601. */
  bookedAt: string;
}

export interface BookPage {
  items: BookedCharge[];
  nextCursor: string | null;
}

/** The trustworthy part of a message from the gateway: which charge to ask about, and nothing else. */
export type WebhookReading =
  | {
      kind: 'event';
      /** The gateway's id of the event. If the gateway sends a message twice, both have the same id. */
      eventId: string;
      type: string;
      /** At least one of the two names the charge. */
      idempotencyKey: string | null;
      gatewayPaymentId: string | null;
    }
  /** Correctly signed, but not relevant for this service. */
  | { kind: 'irrelevant' }
  | { kind: 'rejected'; reason: 'bad-signature' | 'too-old' | 'malformed' };

export interface WebhookMessage {
  /** The bytes as received. Signatures cover these bytes. */
  body: Buffer;
  headers: Readonly<Record<string, string | undefined>>;
  /** The `token` of the URL that was called. Gateways that do not sign messages prove their identity with it. */
  token: string | undefined;
  /** Milliseconds since 1970. */
  receivedAt: number;
}

/**
 * A payment gateway.
 *
 * - No method throws for a gateway's response or for a missing one. The outcome contains it.
 * - Each method has a timeout well below the 10 s of a workflow task.
 * - No method sends a request twice automatically. After `unknown`, the caller decides whether to look up, to ask again
 *   under the same key, or to void.
 * - The amount and the currency of every response are compared with the request. A different amount gives `unknown`.
 */
export interface PaymentGateway {
  readonly name: GatewayName;
  /** Whether a charge needs the client's `paymentKey`. */
  readonly needsPaymentKey: boolean;

  /** Takes the money, or reserves it if the gateway has two steps. */
  charge(request: ChargeRequest): Promise<ChargeOutcome>;

  /** Takes the reserved money. If it is called again, it returns that the money is taken. */
  capture(request: ChargeRequest, gatewayPaymentId: string): Promise<ChargeOutcome>;

  /**
   * Returns the outcome of a charge. A charge that is voided or fully refunded is `declined` with reason `voided`. A
   * partly refunded charge is still `approved`. `absent`: the gateway has booked nothing so far. A request that is
   * still under way may change that, so void before giving up.
   */
  lookUp(request: ChargeRequest): Promise<ChargeOutcome | { outcome: 'absent' }>;

  /**
   * Makes sure that no money stays taken under this key. It refunds a charge in full, or releases a reservation on the
   * card. If the key has no charge, it blocks the key, so that the gateway rejects a request that is still under way.
   * Idempotent. `unknown`: ask again. `returned` is the amount that was taken and went back, or 0.
   */
  void(request: ChargeRequest, reason: string): Promise<{ outcome: 'voided'; returned: number } | Unknown>;

  /** Refunds money, once for each key. `unknown`: ask again under the same key. */
  refund(request: RefundRequest): Promise<RefundOutcome>;

  /**
   * Returns the charges that were booked from `from` (included) to `to` (excluded), milliseconds since 1970, in pages.
   *
   * @throws if the book cannot be read; the caller asks again
   */
  readBook(window: { from: number; to: number }, cursor?: string): Promise<BookPage>;

  /**
   * Checks in constant time that a message is signed, and checks its age (at most 300 s). If the gateway does not sign,
   * it checks that the message came to the URL with the secret token. It sends no request to the gateway.
   */
  readWebhook(message: WebhookMessage): WebhookReading;

  /** Resolves if the gateway responds and accepts the credentials. Rejects otherwise. For health checks. */
  ping(): Promise<void>;

  /** Closes the connections after the current requests. */
  close(): Promise<void>;
}

/**
 * The maximum age of a signed message, and the maximum lead of the gateway's clock. Stripe's libraries allow the same.
 */
export const WEBHOOK_TOLERANCE_MS = 300_000;
