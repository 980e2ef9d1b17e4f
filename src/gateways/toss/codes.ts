/**
 * What the error codes of Toss Payments mean for a payment. The lists are those of its reference
 * (docs.tosspayments.com/reference/error-codes), one for each call. A code is a refusal only if its text says that the
 * payer, the issuer or a rule refused. Everything else leaves the outcome unknown: temporary errors, faults of our
 * credentials (which say nothing about an earlier request), and every code that is not listed.
 */
const UNKNOWN = null;

/** A refusal's reason as clients read it, or {@link UNKNOWN}. */
export type Codes = ReadonlyMap<string, string | typeof UNKNOWN>;

/** `POST /v1/payments/confirm`. Refused: nothing was taken, and nothing can be taken under this idempotency key. */
export const CONFIRM_CODES: Codes = new Map([
  ['ALREADY_PROCESSED_PAYMENT', UNKNOWN],
  ['PROVIDER_ERROR', UNKNOWN],
  ['EXCEED_MAX_CARD_INSTALLMENT_PLAN', 'installments-not-supported'],
  ['INVALID_REQUEST', 'invalid-request'],
  ['NOT_ALLOWED_POINT_USE', 'card-points-not-allowed'],
  ['INVALID_API_KEY', UNKNOWN],
  ['INVALID_REJECT_CARD', 'card-declined'],
  ['BELOW_MINIMUM_AMOUNT', 'below-minimum-amount'],
  ['INVALID_CARD_EXPIRATION', 'card-expired'],
  ['INVALID_STOPPED_CARD', 'card-blocked'],
  ['EXCEED_MAX_DAILY_PAYMENT_COUNT', 'limit-exceeded'],
  ['NOT_SUPPORTED_INSTALLMENT_PLAN_CARD_OR_MERCHANT', 'installments-not-supported'],
  ['INVALID_CARD_INSTALLMENT_PLAN', 'installments-not-supported'],
  ['NOT_SUPPORTED_MONTHLY_INSTALLMENT_PLAN', 'installments-not-supported'],
  ['EXCEED_MAX_PAYMENT_AMOUNT', 'limit-exceeded'],
  ['NOT_FOUND_TERMINAL_ID', 'merchant-not-set-up'],
  ['INVALID_AUTHORIZE_AUTH', 'merchant-not-set-up'],
  ['INVALID_CARD_LOST_OR_STOLEN', 'card-blocked'],
  ['RESTRICTED_TRANSFER_ACCOUNT', 'account-not-usable'],
  ['INVALID_CARD_NUMBER', 'card-number-invalid'],
  ['INVALID_UNREGISTERED_SUBMALL', 'merchant-not-set-up'],
  ['NOT_REGISTERED_BUSINESS', 'merchant-not-set-up'],
  ['EXCEED_MAX_ONE_DAY_WITHDRAW_AMOUNT', 'limit-exceeded'],
  ['EXCEED_MAX_ONE_TIME_WITHDRAW_AMOUNT', 'limit-exceeded'],
  ['CARD_PROCESSING_ERROR', UNKNOWN],
  ['EXCEED_MAX_AMOUNT', 'limit-exceeded'],
  ['INVALID_ACCOUNT_INFO_RE_REGISTER', 'account-not-usable'],
  ['NOT_AVAILABLE_PAYMENT', 'not-available-now'],
  ['UNAPPROVED_ORDER_ID', UNKNOWN],
  ['EXCEED_MAX_MONTHLY_PAYMENT_AMOUNT', 'limit-exceeded'],
  ['UNAUTHORIZED_KEY', UNKNOWN],
  ['REJECT_ACCOUNT_PAYMENT', 'insufficient-funds'],
  ['REJECT_CARD_PAYMENT', 'insufficient-funds'],
  ['REJECT_CARD_COMPANY', 'card-declined'],
  ['FORBIDDEN_REQUEST', UNKNOWN],
  ['REJECT_TOSSPAY_INVALID_ACCOUNT', 'account-not-usable'],
  ['EXCEED_MAX_AUTH_COUNT', 'too-many-attempts'],
  ['EXCEED_MAX_ONE_DAY_AMOUNT', 'limit-exceeded'],
  ['NOT_AVAILABLE_BANK', 'not-available-now'],
  ['INVALID_PASSWORD', 'wrong-password'],
  ['INCORRECT_BASIC_AUTH_FORMAT', UNKNOWN],
  ['FDS_ERROR', 'verification-required'],
  ['INVALID_PAYMENT_KEY', 'unknown-payment-key'],
  ['NOT_FOUND_PAYMENT', 'unknown-payment-key'],
  ['NOT_FOUND_PAYMENT_SESSION', 'payment-expired'],
  ['FAILED_PAYMENT_INTERNAL_SYSTEM_PROCESSING', UNKNOWN],
  ['FAILED_INTERNAL_SYSTEM_PROCESSING', UNKNOWN],
  ['UNKNOWN_PAYMENT_ERROR', UNKNOWN],
  ['INVALID_IDEMPOTENCY_KEY', UNKNOWN],
  ['IDEMPOTENT_REQUEST_PROCESSING', UNKNOWN],
]);

/**
 * `POST /v1/payments/{paymentKey}/cancel`. Refused: nothing was refunded. Some codes say that the payment is cancelled
 * already or has another balance. An earlier request whose response was lost may have caused that; the payment itself
 * shows it.
 */
export const CANCEL_CODES: Codes = new Map([
  ['ALREADY_CANCELED_PAYMENT', UNKNOWN],
  ['INVALID_REFUND_ACCOUNT_INFO', 'refund-account-invalid'],
  ['EXCEED_CANCEL_AMOUNT_DISCOUNT_AMOUNT', 'below-discount'],
  ['INVALID_REQUEST', 'invalid-request'],
  ['INVALID_REFUND_ACCOUNT_NUMBER', 'refund-account-invalid'],
  ['INVALID_BANK', 'refund-account-invalid'],
  ['NOT_MATCHES_REFUNDABLE_AMOUNT', UNKNOWN],
  ['PROVIDER_ERROR', UNKNOWN],
  ['REFUND_REJECTED', 'refund-rejected'],
  ['ALREADY_REFUND_PAYMENT', UNKNOWN],
  ['FORBIDDEN_BANK_REFUND_REQUEST', 'refund-account-invalid'],
  ['UNAUTHORIZED_KEY', UNKNOWN],
  ['NOT_CANCELABLE_AMOUNT', UNKNOWN],
  ['FORBIDDEN_CONSECUTIVE_REQUEST', UNKNOWN],
  ['FORBIDDEN_REQUEST', UNKNOWN],
  ['NOT_CANCELABLE_PAYMENT', 'not-refundable'],
  ['EXCEED_MAX_REFUND_DUE', 'refund-too-late'],
  ['NOT_ALLOWED_PARTIAL_REFUND_WAITING_DEPOSIT', 'partial-refund-not-allowed'],
  ['NOT_ALLOWED_PARTIAL_REFUND', 'partial-refund-not-allowed'],
  ['NOT_AVAILABLE_BANK', 'not-available-now'],
  ['INCORRECT_BASIC_AUTH_FORMAT', UNKNOWN],
  ['NOT_CANCELABLE_PAYMENT_FOR_DORMANT_USER', 'not-refundable'],
  ['EXCEED_CANCEL_LIMIT', 'refund-limit-exceeded'],
  ['NOT_FOUND_PAYMENT', UNKNOWN],
  ['FAILED_INTERNAL_SYSTEM_PROCESSING', UNKNOWN],
  ['FAILED_REFUND_PROCESS', UNKNOWN],
  ['FAILED_METHOD_HANDLING_CANCEL', UNKNOWN],
  ['FAILED_PARTIAL_REFUND', UNKNOWN],
  ['COMMON_ERROR', UNKNOWN],
  ['FAILED_PAYMENT_INTERNAL_SYSTEM_PROCESSING', UNKNOWN],
  ['INVALID_IDEMPOTENCY_KEY', UNKNOWN],
  ['IDEMPOTENT_REQUEST_PROCESSING', UNKNOWN],
]);

/** `GET /v1/payments/{paymentKey}`. The only certain answer is that there is no such payment. */
export const LOOK_UP_CODES: Codes = new Map([
  ['INVALID_PAYMENT_KEY', 'unknown-payment-key'],
  ['NOT_FOUND_PAYMENT', 'unknown-payment-key'],
  ['NOT_FOUND', 'unknown-payment-key'],
  ['UNAUTHORIZED_KEY', UNKNOWN],
  ['FORBIDDEN_CONSECUTIVE_REQUEST', UNKNOWN],
  ['INCORRECT_BASIC_AUTH_FORMAT', UNKNOWN],
  ['FAILED_PAYMENT_INTERNAL_SYSTEM_PROCESSING', UNKNOWN],
]);

/** @returns the reason of a refusal that is certain; null if the outcome is unknown */
export function refusalReasonOf(codes: Codes, code: string): string | null {
  return codes.get(code) ?? UNKNOWN;
}
