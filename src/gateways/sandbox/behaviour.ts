/** How the sandbox treats one charge request whose key is not in the book yet. */
export interface Behaviour {
  /** Pause before the book is touched, so that a void may overtake the charge. */
  delayMs: number;
  /** `fail`: nothing is booked. */
  booking: { kind: 'capture' } | { kind: 'decline'; reason: string } | { kind: 'fail' };
  /** Requests of one order that fail, with nothing booked, before `booking` is done. */
  failFirst: number;
  /** What the requester gets once `booking` is done. */
  answer: 'tell' | 'error' | 'nothing';
}

const approve: Behaviour = { delayMs: 0, booking: { kind: 'capture' }, failFirst: 0, answer: 'tell' };

const NAMED: Readonly<Record<string, Behaviour>> = {
  'sandbox:approve': approve,
  'sandbox:decline': { ...approve, booking: { kind: 'decline', reason: 'card-declined' } },
  'sandbox:insufficient-funds': { ...approve, booking: { kind: 'decline', reason: 'insufficient-funds' } },
  'sandbox:error-500': { ...approve, booking: { kind: 'fail' }, answer: 'error' },
  'sandbox:error-after-charge': { ...approve, answer: 'error' },
  'sandbox:timeout': { ...approve, booking: { kind: 'fail' }, answer: 'nothing' },
  'sandbox:timeout-after-charge': { ...approve, answer: 'nothing' },
};

/**
 * Reads a sandbox payment key (REST contract, Sandbox payment keys).
 *
 * @returns null for a key that is not in the contract; left out, the charge is approved
 */
export function parseBehaviour(paymentKey = 'sandbox:approve'): Behaviour | null {
  const named = Object.hasOwn(NAMED, paymentKey) ? NAMED[paymentKey] : undefined;
  if (named) return named;
  // At most 7 digits: below 2^31 ms, the longest that a Node timer can wait.
  const [, kind, count] = /^sandbox:(slow|flaky):(\d{1,7})$/.exec(paymentKey) ?? [];
  if (kind === 'slow') return { ...approve, delayMs: Number(count) };
  if (kind === 'flaky') return { ...approve, failFirst: Number(count) };
  return null;
}
