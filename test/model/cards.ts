import * as fc from 'fast-check';

/** How a payment with a card ends (docs/sandbox.md). */
export interface Card {
  /** `paid later`: the first response is 202. */
  end: 'paid' | 'paid later' | 'refused';
  /** The reason of the refusal, where the gateway names one. */
  reason?: string;
  /** How often the card appears in the sequences. */
  weight: number;
}

/** A card without a response takes the worker 3 to 7 s. It asks about the charge after 3 s for the first time. */
const SLOW = 0.3;

export const CARDS: Readonly<Record<string, Card>> = {
  'sandbox:approve': { end: 'paid', weight: 20 },
  'sandbox:slow:300': { end: 'paid', weight: 2 },
  'sandbox:flaky:1': { end: 'paid', weight: 2 },
  'sandbox:flaky:2': { end: 'paid', weight: 1 },
  'sandbox:error-after-charge': { end: 'paid', weight: 2 },
  'sandbox:timeout-after-charge': { end: 'paid', weight: SLOW },
  'sandbox:authorise': { end: 'paid', weight: 2 },
  'sandbox:authorise-timeout': { end: 'paid', weight: SLOW },
  'sandbox:webhook': { end: 'paid', weight: 1 },
  'sandbox:webhook-twice': { end: 'paid', weight: 1 },
  'sandbox:webhook-late:500': { end: 'paid', weight: 1 },
  'sandbox:webhook-badly-signed': { end: 'paid', weight: 0.5 },
  'sandbox:refund-error:1': { end: 'paid', weight: 1 },
  'sandbox:refund-refused:1': { end: 'paid', weight: SLOW },
  'sandbox:refund-timeout:1': { end: 'paid', weight: 0.5 },
  'sandbox:late-look-up:5000': { end: 'paid later', weight: SLOW },
  'sandbox:outage:5000': { end: 'paid later', weight: SLOW },
  'sandbox:decline': { end: 'refused', reason: 'card-declined', weight: 4 },
  'sandbox:insufficient-funds': { end: 'refused', reason: 'insufficient-funds', weight: 2 },
  'sandbox:authorise-refused': { end: 'refused', reason: 'capture-refused', weight: 1 },
  'sandbox:no-such-key': { end: 'refused', reason: 'unknown-payment-key', weight: 1 },
  'sandbox:error-500': { end: 'refused', weight: 2 },
  'sandbox:flaky:9': { end: 'refused', weight: 1 },
  'sandbox:timeout': { end: 'refused', weight: SLOW },
  'sandbox:slow:8000': { end: 'refused', weight: SLOW },
};

export const card: fc.Arbitrary<string> = fc.oneof(
  ...Object.entries(CARDS).map(([key, { weight }]) => ({ weight: weight * 10, arbitrary: fc.constant(key) })),
);

export const approvingCard: fc.Arbitrary<string> = fc.constantFrom(
  'sandbox:approve',
  'sandbox:slow:300',
  'sandbox:flaky:1',
  'sandbox:error-after-charge',
  'sandbox:authorise',
);

export function cardOf(paymentKey: string): Card {
  const found = CARDS[paymentKey];
  if (!found) throw new Error(`${paymentKey} is no card of the model`);
  return found;
}
