import type { ProblemSlug } from '../../domain/problems';

/** What the page of a problem shows, and the status of its response. */
export interface ProblemEntry {
  status: number;
  title: string;
  /** What happened. */
  explanation: string;
  /** What the client should do. */
  advice: string;
}

const entry = (status: number, title: string, explanation: string, advice: string): ProblemEntry => ({
  status,
  title,
  explanation,
  advice,
});

/** The only table from the name of a problem to its status and texts. */
export const PROBLEMS: Readonly<Record<ProblemSlug, ProblemEntry>> = {
  'validation-failed': entry(
    400,
    'The request is not valid',
    'One or more fields are missing, malformed, unknown or out of range.',
    'Read `errors`: it lists every fault with its path. Correct the request before sending it again.',
  ),
  'malformed-request': entry(
    400,
    'The request cannot be read',
    'The request is not well-formed HTTP, or it ended before its body did.',
    'Send a well-formed HTTP/1.1 request, with the whole body.',
  ),
  'malformed-json': entry(
    400,
    'The body is not JSON',
    'The body cannot be parsed as a JSON object.',
    'Send one JSON object in UTF-8.',
  ),
  'body-too-large': entry(
    413,
    'The body is too large',
    'The body is larger than this endpoint takes.',
    'Send less at once.',
  ),
  'headers-too-large': entry(
    431,
    'The headers are too large',
    'The request line and the headers together are larger than the service takes.',
    'Send fewer or shorter headers.',
  ),
  'request-timeout': entry(
    408,
    'The request took too long',
    'The request did not arrive completely in time.',
    'Send the request again.',
  ),
  'unsupported-media-type': entry(
    415,
    'The media type is not supported',
    'The body is of a type or an encoding that this endpoint does not take.',
    'Send JSON, with `Content-Type: application/json`.',
  ),
  'not-found': entry(
    404,
    'There is nothing here',
    'No endpoint has this path.',
    'Compare the path with the API document at /docs.',
  ),
  'method-not-allowed': entry(
    405,
    'The method is not allowed',
    'The path exists, but not with this method.',
    'Use one of the methods in the header `Allow`.',
  ),
  unauthenticated: entry(
    401,
    'Log in first',
    'The access token is missing, expired or not valid.',
    'Log in, or refresh the tokens, and send `Authorization: Bearer <accessToken>`.',
  ),
  forbidden: entry(
    403,
    'Not allowed',
    'The account has no right to do this.',
    'Use an account with the role that the API document names.',
  ),
  'rate-limited': entry(
    429,
    'Too many requests',
    'More requests came than the limit allows.',
    'Wait as long as `Retry-After` says. `RateLimit` shows how many requests are left.',
  ),
  'internal-error': entry(
    500,
    'Something broke',
    'The service failed in a way that it did not expect. The failure has been logged.',
    'Try again later. If it fails again, send the operator the value of `X-Request-Id`.',
  ),
  'temporarily-unavailable': entry(
    503,
    'Temporarily unavailable',
    'A part that the service needs for this response is down or too busy.',
    'Try again after `Retry-After`, with the same `Idempotency-Key` if one was sent.',
  ),
  'idempotency-key-reused': entry(
    422,
    'The idempotency key was used before',
    'The same `Idempotency-Key` came with another request body.',
    'Use a fresh key for every new request.',
  ),
  'id-taken': entry(
    409,
    'The id is taken',
    'Another account has this id. Upper and lower case are the same.',
    'Choose another id.',
  ),
  'invalid-credentials': entry(
    401,
    'Wrong id or password',
    'No account has this id with this password.',
    'Check both. The response does not say which of them is wrong.',
  ),
  'account-disabled': entry(
    403,
    'The account is disabled',
    'The id and the password are right, but an operator has disabled the account.',
    'Ask the operator of the service.',
  ),
  'account-not-found': entry(
    404,
    'There is no such account',
    'No account has this user id or id.',
    'Use the `userId` or the `id` that the sign-up returned.',
  ),
  'invalid-refresh-token': entry(
    401,
    'The refresh token is not valid',
    'The token is unknown, expired, revoked or used before. Using one twice ends the whole session.',
    'Log in again.',
  ),
  'invalid-queue-token': entry(
    401,
    'The queue token is missing or not valid',
    'This call needs a queue token. The request has none, or one that this service has not issued.',
    'Get a queue token with a login or POST /v1/queue/tokens. Send it as `queueToken` or `X-Queue-Token`.',
  ),
  'queue-token-expired': entry(
    410,
    'The queue token has expired',
    'The time to buy is over, or the place of the token in the queue was given up.',
    'Enter the queue again with POST /v1/queue/tokens.',
  ),
  'queue-token-mismatch': entry(
    403,
    'The queue token belongs to another user',
    'The queue token was issued to another account than the access token.',
    'Use the queue token of the account that is logged in.',
  ),
  'queue-token-wrong-room': entry(
    403,
    'The queue token is for another room',
    'The schedule has a waiting room of its own, or the token is for the room of another schedule.',
    'Enter the right room: POST /v1/queue/tokens with the `scheduleId`, or without one for the service.',
  ),
  'queue-not-admitted': entry(
    403,
    'Still waiting',
    'The queue token is valid, but it is not its turn yet. `position` shows its place in line.',
    'Poll GET /v1/queue/status as often as `pollAfterSeconds` says, or follow GET /v1/queue/events.',
  ),
  'concert-not-found': entry(404, 'No such concert', 'No concert has this id.', 'List the concerts.'),
  'schedule-not-found': entry(
    404,
    'No such schedule',
    'No schedule has this id.',
    'List the schedules of the concert.',
  ),
  'venue-not-found': entry(404, 'No such venue', 'No venue has this id.', 'Create the venue first.'),
  'draw-not-found': entry(
    404,
    'The sale has no draw',
    'The schedule exists, but it had no waiting room of its own before its sale opened. So there is no draw.',
    'Read the schedule: a sale without a draw is first come, first served.',
  ),
  'show-not-cancelled': entry(
    404,
    'The show is not cancelled',
    'The schedule exists, and its show is not cancelled.',
    'To cancel it, use POST on the same path.',
  ),
  'show-cancellation-done': entry(
    409,
    'The cancellation of the show is done',
    'All buyers have been refunded. There is nothing left to pause or to change.',
    'Read the result with GET on the same path.',
  ),
  'seat-not-found': entry(
    404,
    'No such seat',
    'At least one seat id is unknown.',
    'Read the seats of the schedule again.',
  ),
  'sale-not-open': entry(
    403,
    'The sale is not open',
    'The sale has not opened yet, has closed, is paused by the operator, or the show was cancelled.',
    'Read the opening times of the schedule and come back then. If `cancelled` is true, the sale never opens again.',
  ),
  'seat-unavailable': entry(
    409,
    'A seat is not available',
    'At least one of the seats is held, sold or blocked. The request has held none of them. `unavailableSeatIds` ' +
      'names the seats that are not available. It is empty if the request asked for the best available seats and ' +
      'nothing that fits is free.',
    'Choose other seats, or ask for fewer.',
  ),
  'seat-limit-exceeded': entry(
    409,
    'Too many seats',
    'The seats would be more than one account may have for this schedule.',
    'Ask for fewer seats, or release a hold.',
  ),
  'hold-limit-exceeded': entry(
    429,
    'Held too often without a purchase',
    'The account, or all users at its address together, held these seats too often without buying them. Others ' +
      'come first for a while, and the wait grows each time. `seatIds` names the seats. Without it, the wait is ' +
      'for all seats of the schedule.',
    'Choose other seats, or come back after `Retry-After` and buy. A purchase ends the wait of the account.',
  ),
  'reservation-not-found': entry(
    404,
    'No such reservation',
    'The account has no reservation with this id.',
    "List the account's reservations.",
  ),
  'reservation-not-releasable': entry(
    409,
    'The reservation cannot be released',
    'It is being paid, or it is paid already.',
    'Wait for the payment to end; a paid reservation can be cancelled instead.',
  ),
  'reservation-expired': entry(
    410,
    'The hold has ended',
    'The reservation was not paid in time, or it was released. Its seats are free for others.',
    'Choose seats again.',
  ),
  'reservation-already-confirmed': entry(
    409,
    'Paid already',
    'The reservation has been paid before, and nothing was charged this time.',
    'Read the reservation for its tickets.',
  ),
  'insufficient-points': entry(
    402,
    'Not enough points',
    'The balance of the wallet is less than the points to pay. The seats stay held.',
    'Top up, or pay with fewer points, before `expiresAt`.',
  ),
  'payment-in-progress': entry(
    409,
    'A payment is under way',
    'Another payment of this reservation has not ended yet.',
    'Wait for it, then read the reservation.',
  ),
  'payment-failed': entry(
    500,
    'The payment failed',
    'The gateway refused the payment or failed. Points are back in the wallet, and seats stay held.',
    'Read `reason`, then pay again before `expiresAt`. If necessary, pay in another way.',
  ),
  'webhook-rejected': entry(
    400,
    'The message is not trusted',
    "The message does not carry the gateway's signature, is older than five minutes, or cannot be read.",
    'Sign the bytes of the body as the gateway does, with the secret that is configured here.',
  ),
  'payment-not-found': entry(
    404,
    'No such payment',
    'The account has no payment with this id.',
    'Read the reservation for its payment.',
  ),
  'difference-not-found': entry(
    404,
    'No such difference',
    'Reconciliation has found no difference with this id.',
    'Read the overview. It lists all differences.',
  ),
  'ticket-not-found': entry(
    404,
    'No such ticket',
    'The account has no ticket with this id.',
    'Read the reservation for its tickets.',
  ),
  'ticket-invalid': entry(
    400,
    'The ticket is not valid here',
    'The code is damaged or forged, or it is for a show that this gate does not admit to.',
    'Scan again. If the problem stays, do not admit the visitor. Ask to see the ticket in the account that ' +
      'bought it.',
  ),
  'ticket-already-used': entry(
    409,
    'The ticket was used',
    'A visitor was admitted with this ticket before. `usedAt` and `gate` show when and where.',
    'Do not admit the visitor: a second visitor has a copy. An uploaded scan that was later is the duplicate.',
  ),
  'check-in-not-open': entry(
    403,
    'Check-in is not open',
    'Staff admit to a show only around its start. `opensAt` and `closesAt` show when.',
    'Check the date on the ticket. An operator can admit at any time.',
  ),
  'ticket-void': entry(
    410,
    'The ticket is void',
    'The ticket was cancelled, or it was issued again and this is its old code.',
    'Do not admit the visitor. After a re-issue, the newest code is in the account that bought the ticket.',
  ),
  'not-cancellable': entry(
    409,
    'The reservation cannot be cancelled',
    'It is not paid, was cancelled before, one of its tickets was used, or it is too late. `reason` says which.',
    'Read the cancellation of the reservation with GET. It shows what would be refunded, and until when.',
  ),
};
