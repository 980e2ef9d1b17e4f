/** The gateway's word on a charge. UNKNOWN is a state of its own: it is asked about, never guessed. */
export type ChargeOutcome =
  | { outcome: 'approved'; gatewayPaymentId: string; approvedAt: string }
  | { outcome: 'declined'; reason: string }
  | { outcome: 'unknown'; reason: string };

export interface ChargeRequest {
  /** Names the attempt, at most 255 characters; the same key never charges twice. */
  idempotencyKey: string;
  /** What is paid: a reservation or a top-up. Several attempts, each with a key of its own, may pay one order. */
  orderId: string;
  /** Whole currency units, more than 0. */
  amount: number;
  currency: string;
  /** The client's key for a payment that it has prepared; the sandbox takes behaviours here. */
  paymentKey?: string;
  /** What the payer reads on the statement. */
  description: string;
}

/** A payment gateway. No method throws for what the gateway says or fails to say; that is in the outcome. */
export interface PaymentGateway {
  readonly name: string;

  /** Takes the money. Times out on its own well below a workflow task's 10 s; no answer is `unknown`. */
  charge(request: ChargeRequest): Promise<ChargeOutcome>;

  /**
   * Looks a charge up by the key it was made with. A voided or refunded one is `declined`, reason `voided`.
   * `absent`: nothing is booked so far; a request still on its way may change that, so void before giving up.
   */
  lookUp(idempotencyKey: string): Promise<ChargeOutcome | { outcome: 'absent' }>;

  /**
   * Makes sure that no money stays taken under this key: refunds a charge whole, or bars the key where it
   * has none, so that a request still on its way is refused. Idempotent. `unknown`: ask again.
   */
  void(
    idempotencyKey: string,
    reason: string,
  ): Promise<{ outcome: 'voided' } | { outcome: 'unknown'; reason: string }>;

  /** Resolves when the gateway answers and accepts the credentials; rejects otherwise. For health checks. */
  ping(): Promise<void>;

  /** Closes connections, after the requests under way. */
  close(): Promise<void>;
}
