/**
 * A failure that no retry fixes: an id without a record, or records that contradict each other. A failure that a client
 * may see is a `Problem` instead.
 */
export class PermanentError extends Error {
  override readonly name = 'PermanentError';
}
