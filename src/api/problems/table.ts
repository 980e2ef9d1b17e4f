import type { ProblemSlug } from '../../domain/problems';

/** What the page of a problem tells, and the status it is answered with. */
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

/** The one table from a problem's name to its status and words. */
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
    'The path belongs to no endpoint.',
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
    'Wait as long as `Retry-After` says. `RateLimit` tells what is left before it comes to that.',
  ),
  'internal-error': entry(
    500,
    'Something broke',
    'The service failed in a way that it did not expect. The failure has been logged.',
    'Try again later. Tell the operator the value of `X-Request-Id` if it stays.',
  ),
  'temporarily-unavailable': entry(
    503,
    'Temporarily unavailable',
    'A part that the service needs for this answer is down or too busy.',
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
    'Check both. The answer does not tell which of them is wrong.',
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
    'Use the `userId` or the `id` that the sign-up answered with.',
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
    'This call needs a queue token, and none came, or one that this service has not issued.',
    'Get a queue token by login or POST /v1/queue/tokens; send it as `queueToken` or `X-Queue-Token`.',
  ),
  'queue-token-expired': entry(
    410,
    'The queue token has expired',
    'The time to buy that the token gave is over, or its place in the queue was given up.',
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
    'The queue token is good, but it is not its turn yet. `position` tells how many are ahead.',
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
    'The schedule is there, but it had no waiting room of its own before its sale opened: nobody is drawn.',
    'Read the schedule: a sale without a draw is first come, first served.',
  ),
  'show-not-cancelled': entry(
    404,
    'The show is not cancelled',
    'The schedule is there, and nobody has cancelled its show.',
    'Cancel it with POST on the same path, if that is what is wanted.',
  ),
  'show-cancellation-done': entry(
    409,
    'The cancellation of the show is done',
    'Everybody has been refunded, and there is nothing left to pause or to change.',
    'Read the result with GET on the same path.',
  ),
  'seat-not-found': entry(
    404,
    'No such seat',
    'At least one seat id is unknown.',
    "Read the schedule's seats again.",
  ),
  'sale-not-open': entry(
    403,
    'The sale is not open',
    'The sale has not opened yet, has closed, is paused by the operator, or the show was cancelled.',
    "Read the schedule's opening times and come back then; never where `cancelled` is true.",
  ),
  'seat-unavailable': entry(
    409,
    'A seat is not available',
    'At least one of the seats is held, sold or blocked. None was held. `unavailableSeatIds` names them; it is ' +
      'empty where the best available seats were asked for and nothing that fits is free.',
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
    'The account, or everybody at its address, has held these seats and let them go so often that others come first ' +
      'for a while. The wait grows each time. `seatIds` names the seats; without it, all of the schedule is concerned.',
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
    "The wallet's balance is less than the points to pay. The seats stay held.",
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
    'Read `reason`, then pay again before `expiresAt`, in another way if need be.',
  ),
  'webhook-rejected': entry(
    400,
    'The message is not believed',
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
    'Read the overview for the differences that there are.',
  ),
  'ticket-not-found': entry(
    404,
    'No such ticket',
    'The account has no ticket with this id.',
    'Read the reservation for its tickets.',
  ),
  'ticket-invalid': entry(
    400,
    'Not a ticket for here',
    'The code is damaged, forged, or that of a show that is not admitted to here.',
    'Scan again. If it stays, admit nobody with it: let its bearer show the ticket in the account that bought it.',
  ),
  'ticket-already-used': entry(
    409,
    'The ticket was used',
    'Somebody was admitted with this ticket before: `usedAt` and `gate` tell when and where.',
    'Admit nobody with it: a second visitor has a copy. An uploaded scan that was later is the duplicate.',
  ),
  'check-in-not-open': entry(
    403,
    'Check-in is not open',
    'Staff admit to a show only around its start: `opensAt` and `closesAt` tell when.',
    'Check the date on the ticket. An operator can admit at any time.',
  ),
  'ticket-void': entry(
    410,
    'The ticket is void',
    'The ticket was cancelled, or it was issued anew and this is the code from before.',
    'Admit nobody with it. After a re-issue the newest code is in the account that bought the ticket.',
  ),
  'not-cancellable': entry(
    409,
    'The reservation cannot be cancelled',
    'It is not paid, was cancelled before, one of its tickets was used, or it is too late. `reason` tells which.',
    "Read the reservation's cancellation with GET: it tells what a cancellation would give, and until when.",
  ),
};

export function isProblemSlug(name: unknown): name is ProblemSlug {
  return typeof name === 'string' && Object.hasOwn(PROBLEMS, name);
}
