import type { Charge } from '../src/gateways/sandbox/protocol';

/** How the sandbox treats one charge, and later requests about it. */
export interface Behaviour {
  /** The pause before the charge reaches the book, so that a void may overtake it. */
  delayMs: number;
  /** `authorise`: the money is reserved until a capture. `fail`: nothing is booked. */
  booking:
    { kind: 'capture' } | { kind: 'authorise' } | { kind: 'decline'; reason: string } | { kind: 'fail' };
  /** This number of requests of one order fail, with nothing booked, before `booking` applies. */
  failFirst: number;
  /** What the requester gets after `booking`. */
  answer: 'tell' | 'error' | 'nothing';
  /** `refuse`: the reserved money is released. `nothing`: the money is captured, but no response is sent. */
  capture: 'tell' | 'refuse' | 'nothing';
  /**
   * The fault of the first refunds. `refuse`: this number of refund keys are refused permanently. `error`: this
   * number of requests fail with nothing refunded. `nothing`: this number of refunds are made, but no response is sent.
   */
  refunds: { meet: 'refuse' | 'error' | 'nothing'; first: number };
  /** Look-ups get 503 until this long after the charge was booked. */
  lookUpsFailMs: number;
  /** The same for captures, voids and refunds. */
  changesFailMs: number;
  webhooks: Webhooks;
}

/** The messages about a charge. */
export interface Webhooks {
  /** `untold`: only what no response has reported, which is what a shop needs to know. `all`: everything. */
  about: 'untold' | 'all';
  delayMs: number;
  /** The additional delay of the first message, so that the next one overtakes it. */
  firstDelayMs: number;
  /** How often each message has to arrive. */
  copies: number;
  signature: 'good' | 'bad';
}

/** Enough time for a refund after a charge. */
const OVERTAKEN_MS = 3_000;

const webhooks: Webhooks = {
  about: 'untold',
  delayMs: 0,
  firstDelayMs: 0,
  copies: 1,
  signature: 'good',
};
const allByWebhook: Webhooks = { ...webhooks, about: 'all' };

const approve: Behaviour = {
  delayMs: 0,
  booking: { kind: 'capture' },
  failFirst: 0,
  answer: 'tell',
  capture: 'tell',
  refunds: { meet: 'refuse', first: 0 },
  lookUpsFailMs: 0,
  changesFailMs: 0,
  webhooks,
};
const authorise: Behaviour = { ...approve, booking: { kind: 'authorise' } };

const NAMED: Readonly<Record<string, Behaviour>> = {
  'sandbox:approve': approve,
  'sandbox:decline': { ...approve, booking: { kind: 'decline', reason: 'card-declined' } },
  'sandbox:insufficient-funds': { ...approve, booking: { kind: 'decline', reason: 'insufficient-funds' } },
  'sandbox:error-500': { ...approve, booking: { kind: 'fail' }, answer: 'error' },
  'sandbox:error-after-charge': { ...approve, answer: 'error' },
  'sandbox:timeout': { ...approve, booking: { kind: 'fail' }, answer: 'nothing' },
  'sandbox:timeout-after-charge': { ...approve, answer: 'nothing' },
  'sandbox:authorise': authorise,
  'sandbox:authorise-refused': { ...authorise, capture: 'refuse' },
  'sandbox:authorise-timeout': { ...authorise, capture: 'nothing' },
  'sandbox:webhook': { ...approve, webhooks: allByWebhook },
  'sandbox:webhook-twice': { ...approve, webhooks: { ...allByWebhook, copies: 2 } },
  'sandbox:webhook-out-of-order': { ...approve, webhooks: { ...allByWebhook, firstDelayMs: OVERTAKEN_MS } },
  'sandbox:webhook-badly-signed': { ...approve, webhooks: { ...allByWebhook, signature: 'bad' } },
};

const WITH_NUMBER: Readonly<Record<string, (number: number) => Behaviour>> = {
  'sandbox:slow': (delayMs) => ({ ...approve, delayMs }),
  'sandbox:flaky': (failFirst) => ({ ...approve, failFirst }),
  'sandbox:refund-refused': (first) => ({ ...approve, refunds: { meet: 'refuse', first } }),
  'sandbox:refund-error': (first) => ({ ...approve, refunds: { meet: 'error', first } }),
  'sandbox:refund-timeout': (first) => ({ ...approve, refunds: { meet: 'nothing', first } }),
  'sandbox:late-look-up': (ms) => ({ ...outOfReach(ms), changesFailMs: 0 }),
  'sandbox:outage': outOfReach,
  'sandbox:webhook-late': (delayMs) => ({ ...approve, webhooks: { ...allByWebhook, delayMs } }),
};

/** The charge is visible, also by a message, only this long after it was booked. */
function outOfReach(ms: number): Behaviour {
  const told = { ...webhooks, delayMs: ms };
  return { ...approve, answer: 'nothing', lookUpsFailMs: ms, changesFailMs: ms, webhooks: told };
}

/**
 * Reads a sandbox payment key (docs/sandbox.md). Without a key, the charge is approved.
 *
 * @returns null for a key that is not a sandbox key
 */
export function parseBehaviour(paymentKey = 'sandbox:approve'): Behaviour | null {
  // At most 7 digits: below 2^31 ms, the longest that a Node timer can wait.
  const [, name = paymentKey, number] = /^(.+):(\d{1,7})$/.exec(paymentKey) ?? [];
  if (number !== undefined) return read(WITH_NUMBER, name)?.(Number(number)) ?? null;
  return read(NAMED, name) ?? null;
}

/** The behaviour of the payment key of a line. The key was checked before the line was booked. */
export function behaviourOf(line: Charge): Behaviour {
  const behaviour = parseBehaviour('paymentKey' in line ? line.paymentKey : undefined);
  if (!behaviour) throw new Error('a line of the book has an invalid payment key');
  return behaviour;
}

function read<Value>(table: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
