/** Gateways that `PAYMENT_GATEWAY` can name; their names are in rows and in the path of their webhooks. */
export const GATEWAY_NAMES = ['sandbox', 'stripe', 'toss'] as const;
export type GatewayName = (typeof GATEWAY_NAMES)[number];

/** One attempt to take money by card. The whole of it is the argument of every call about the charge. */
export interface ChargeRequest {
  /** The name of the gateway that the attempt was recorded with; no other one is ever asked about it. */
  gateway: string;
  /** Names the attempt, at most 240 characters (gateways name its steps with it); the same key never charges twice. */
  idempotencyKey: string;
  /** What is paid: a reservation or a top-up. Several attempts, each with a key of its own, may pay one order. */
  orderId: string;
  /** The user who pays. */
  payerId: string;
  /** Whole currency units, more than 0. */
  amount: number;
  currency: string;
  /** The client's key for a payment that it has prepared; the sandbox takes behaviours here. */
  paymentKey?: string;
  /** What the payer reads on the statement. */
  description: string;
  /** When the attempt began, milliseconds since 1970: gateways forget idempotency keys after a while. */
  requestedAt: number;
}

/** The gateway has not said what happened. */
export interface Unknown {
  outcome: 'unknown';
  reason: string;
}

export const unknown = (reason: string): Unknown => ({ outcome: 'unknown', reason });

/**
 * The reason of an `unknown` that was not even sent now, because the gateway is known to be down. It says nothing
 * about earlier requests under the same key.
 */
export const GATEWAY_UNAVAILABLE = 'gateway-unavailable';

/** The gateway's word on a charge. UNKNOWN is a state of its own: it is asked about, never guessed. */
export type ChargeOutcome =
  /** The money is taken. */
  | { outcome: 'approved'; gatewayPaymentId: string; approvedAt: string }
  /** The money is reserved on the card, and `capture` takes it. Only gateways with two steps say so. */
  | { outcome: 'authorised'; gatewayPaymentId: string }
  /** Refused for good under this key: nothing is taken, and nothing will be. */
  | { outcome: 'declined'; reason: string }
  | Unknown;

/** Gives back a part of a charge, or all of it. */
export interface RefundRequest {
  /**
   * Names this refund, at most 100 characters; the same key never refunds twice. After `refused`, a new try needs
   * a new key.
   */
  refundKey: string;
  charge: ChargeRequest;
  gatewayPaymentId: string;
  /** Whole currency units, at most what is left of the charge. */
  amount: number;
  reason: string;
}

export type RefundOutcome =
  | { outcome: 'refunded'; gatewayRefundId: string; refundedAt: string }
  /** Nothing was given back under this key, and nothing will be: it may work later under another. */
  | { outcome: 'refused'; reason: string }
  | Unknown;

/** A line of the gateway's own book: a charge for which money has moved, or is reserved. */
export interface BookedCharge {
  gatewayPaymentId: string;
  /** Null where the gateway does not tell, or the charge was not made by this service. */
  idempotencyKey: string | null;
  orderId: string | null;
  status: 'AUTHORISED' | 'CAPTURED';
  amount: number;
  /** What of it was given back, the whole for a charge that was voided. */
  refunded: number;
  currency: string;
  /** When the money was taken, or reserved. ISO 8601. */
  bookedAt: string;
}

export interface BookPage {
  items: BookedCharge[];
  nextCursor: string | null;
}

/** A message from the gateway, as far as it can be believed: which charge to ask about, and nothing else. */
export type WebhookReading =
  | {
      kind: 'event';
      /** The gateway's own id of the event; a message that is sent twice has the same. */
      eventId: string;
      type: string;
      /** At least one of the two names the charge. */
      idempotencyKey: string | null;
      gatewayPaymentId: string | null;
    }
  /** Signed as it should be, but about nothing that this service has to do with. */
  | { kind: 'irrelevant' }
  | { kind: 'rejected'; reason: 'bad-signature' | 'too-old' | 'malformed' };

export interface WebhookMessage {
  /** As it came over the wire: signatures are over these bytes. */
  body: Buffer;
  headers: Readonly<Record<string, string | undefined>>;
  /** What the URL that was called has as its `token`: gateways that sign nothing show with it who they are. */
  token: string | undefined;
  /** Milliseconds since 1970. */
  receivedAt: number;
}

/**
 * A payment gateway. No method throws for what the gateway says or fails to say; that is in the outcome. Each
 * times out on its own well below a workflow task's 10 s, and none sends a request twice by itself: whoever
 * asked decides, after `unknown`, whether to look up, to ask again under the same key, or to void. Amount and
 * currency of every answer are compared with what was asked for; another amount is `unknown`.
 */
export interface PaymentGateway {
  readonly name: GatewayName;
  /** Whether a charge needs the client's `paymentKey`. */
  readonly needsPaymentKey: boolean;

  /** Takes the money, or reserves it where the gateway has two steps. */
  charge(request: ChargeRequest): Promise<ChargeOutcome>;

  /** Takes the money that was reserved; again, it tells that it is taken. */
  capture(request: ChargeRequest, gatewayPaymentId: string): Promise<ChargeOutcome>;

  /**
   * What became of a charge. A voided one, or one refunded whole, is `declined`, reason `voided`; one refunded
   * in part is still `approved`. `absent`: nothing is booked so far; a request still on its way may change that,
   * so void before giving up.
   */
  lookUp(request: ChargeRequest): Promise<ChargeOutcome | { outcome: 'absent' }>;

  /**
   * Makes sure that no money stays taken under this key: refunds a charge whole, gives a reservation on the card
   * up, or bars the key where it has none, so that a request still on its way is refused. Idempotent. `unknown`:
   * ask again. `returned` is what had been taken and went back, 0 where nothing had been.
   */
  void(request: ChargeRequest, reason: string): Promise<{ outcome: 'voided'; returned: number } | Unknown>;

  /** Gives money back, once for each key. `unknown`: ask again under the same key. */
  refund(request: RefundRequest): Promise<RefundOutcome>;

  /**
   * The charges that were booked from `from` (included) to `to` (excluded), milliseconds since 1970, in pages.
   *
   * @throws where the book cannot be read; the caller asks again
   */
  readBook(window: { from: number; to: number }, cursor?: string): Promise<BookPage>;

  /**
   * Checks in constant time that a message is signed, and its age (at most 300 s); where the gateway signs
   * nothing, that it came to the URL with the secret token. Nothing is asked.
   */
  readWebhook(message: WebhookMessage): WebhookReading;

  /** Resolves when the gateway answers and accepts the credentials; rejects otherwise. For health checks. */
  ping(): Promise<void>;

  /** Closes connections, after the requests under way. */
  close(): Promise<void>;
}

/** How old a signed message may be, and how far ahead of ours its clock: what Stripe's libraries allow. */
export const WEBHOOK_TOLERANCE_MS = 300_000;
