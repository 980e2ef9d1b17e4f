import { types } from 'node:util';
import { status } from '@grpc/grpc-js';
import { isGrpcServiceError, WorkflowUpdateRPCTimeoutOrCancelledError } from '@temporalio/client';

/** The codes of Node, pg, knex and ioredis for a connection that is refused, lost or never came. */
const CONNECTION_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

const ERROR_NAMES = new Set(['KnexTimeoutError', 'MaxRetriesPerRequestError']);

/**
 * The messages of pg and ioredis that have no code and no class of their own. knex puts the statement before the
 * message.
 */
const MESSAGES = [
  'Connection terminated',
  'Connection ended unexpectedly',
  'Client has encountered a connection error',
  'timeout exceeded when trying to connect',
  // pg: the server accepted the connection and did not respond, as when it is frozen.
  'timeout expired',
  "Stream isn't writeable",
  'Connection is closed',
  'Connection is in closing state',
  'Command timed out',
];

/**
 * Redis replies that it cannot serve the command now: loading, read only, out of memory or disk, a cluster without its
 * slots.
 */
const REDIS_REPLIES = /^(LOADING|READONLY|MISCONF|OOM|CLUSTERDOWN|MASTERDOWN|TRYAGAIN|BUSY) /;

/**
 * SQLSTATE of a server that is away, full or too slow, and of a transaction that may simply be tried again:
 * class 08, 57P01 to 57P03, 53xxx, 57014 (statement timeout), 40001, 40P01, 25P03 (idle in transaction).
 */
const SQLSTATES = /^(08\w{3}|57P0[123]|53\w{3}|57014|40001|40P01|25P03)$/;

/**
 * Every gRPC status that Temporal may return, decided one by one. `away`: the same request may succeed later, so the
 * client gets 503. `fault`: a repeat does not help, so it is a fault of the service, 500. A status with a meaning of
 * its own, such as a workflow that is not found, is caught where it is expected.
 */
const GRPC_STATUSES: Readonly<Record<number, 'away' | 'fault'>> = {
  [status.CANCELLED]: 'away',
  // The server does not know what went wrong, for example while its database is down.
  [status.UNKNOWN]: 'away',
  [status.INVALID_ARGUMENT]: 'fault',
  [status.DEADLINE_EXCEEDED]: 'away',
  // The namespace does not exist yet.
  [status.NOT_FOUND]: 'away',
  [status.ALREADY_EXISTS]: 'fault',
  // An operator has to correct the credentials.
  [status.PERMISSION_DENIED]: 'away',
  [status.UNAUTHENTICATED]: 'away',
  [status.RESOURCE_EXHAUSTED]: 'away',
  // The workflow task that had taken an update was lost.
  [status.FAILED_PRECONDITION]: 'away',
  [status.ABORTED]: 'away',
  [status.OUT_OF_RANGE]: 'fault',
  [status.UNIMPLEMENTED]: 'fault',
  [status.INTERNAL]: 'away',
  [status.UNAVAILABLE]: 'away',
  [status.DATA_LOSS]: 'fault',
} satisfies Record<Exclude<status, status.OK>, 'away' | 'fault'>;

/**
 * Whether an error means that Postgres, Redis or Temporal is down, unreachable or too busy, so that the same request
 * may succeed later. It also looks at the causes of the error, because each client wraps errors.
 */
export function isDependencyFailure(error: unknown): boolean {
  for (let current = error; types.isNativeError(current); current = current.cause) {
    if (isUnavailable(current)) return true;
  }
  return false;
}

function isUnavailable(error: Error): boolean {
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) return true;
  if (isGrpcServiceError(error)) return GRPC_STATUSES[error.code] === 'away';
  if (ERROR_NAMES.has(error.name)) return true;
  if ('code' in error && typeof error.code === 'string') {
    return CONNECTION_CODES.has(error.code) || SQLSTATES.test(error.code);
  }
  return REDIS_REPLIES.test(error.message) || MESSAGES.some((message) => error.message.includes(message));
}
