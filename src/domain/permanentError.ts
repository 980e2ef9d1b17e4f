/**
 * A failure that no repetition mends: an id under which nothing is recorded, or records that contradict each other. A
 * refusal that a client may hear is a `Problem` instead.
 */
export class PermanentError extends Error {
  override readonly name = 'PermanentError';
}
