/**
 * What must agree about money that moved by card: the attempt's row, the ledger, the gateway's book and what was
 * sold. Amounts are whole currency units.
 */

export const DIFFERENCE_KINDS = [
  'captured-without-sale',
  'captured-twice',
  'charged-but-absent',
  'amount-differs',
  'refund-missing',
  'refund-unknown',
  'charge-without-top-up',
  'top-up-without-charge',
  'ledger-differs',
  'attempt-stuck',
  'unknown-charge',
  'sale-without-payment',
] as const;
export type DifferenceKind = (typeof DIFFERENCE_KINDS)[number];

/** Our own books alone show whether an attempt still has one of these. */
export const OWN_BOOKS_KINDS: readonly DifferenceKind[] = ['ledger-differs', 'attempt-stuck'];

/** OPEN waits for an operator; MENDING is being put right by the service; RESOLVED is gone, or closed by hand. */
export const DIFFERENCE_STATUSES = ['OPEN', 'MENDING', 'RESOLVED'] as const;
export type DifferenceStatus = (typeof DIFFERENCE_STATUSES)[number];

/** A charge as the gateway's book has it. */
export interface BookLine {
  gatewayPaymentId: string;
  status: 'AUTHORISED' | 'CAPTURED';
  amount: number;
  refunded: number;
  currency: string;
}

/** One attempt to charge a card, with everything that is said about it. */
export interface Attempt {
  kind: 'PAYMENT' | 'TOP_UP';
  attemptId: string;
  /** The name of the gateway that charges it. */
  gateway: string;
  /** The reservation, or the top-up itself. */
  orderId: string;
  /** UNDOING: failed, and its charge is not known to be given back. PAID: it bought something. */
  state: 'OPEN' | 'UNDOING' | 'FAILED' | 'PAID';
  /** By card. */
  amount: number;
  currency: string;
  /** What we say went back to the card, and what is on its way there. */
  refunds: { done: number; due: number };
  /** Whether its order was ever sold, and whether another attempt paid for it. */
  order: { sold: boolean; paidByAnother: boolean };
  /** What the ledger says the card has paid and not got back, and the points it keeps aside for this attempt. */
  ledger: { taken: number; pending: number };
  /** Null where the book of this attempt's gateway was not read. */
  lines: readonly BookLine[] | null;
  createdAt: Date;
}

/** A charge in the gateway's book that no payment or top-up of ours has made. */
export interface StrangeLine extends BookLine {
  /** The name of the gateway in whose book it is. */
  gateway: string;
  idempotencyKey: string | null;
  orderId: string | null;
  bookedAt: Date;
  /** The reservation or top-up that it names: paid by another charge, not paid, or none of ours. */
  order: 'PAID' | 'UNPAID' | 'UNKNOWN';
}

/** A difference, as one comparison finds it. A kind and a subject name it. */
export interface Finding {
  kind: DifferenceKind;
  subject: string;
  /** Whose money it is about; null where no gateway is concerned, or none is known. */
  gateway: string | null;
  amount: number;
  currency: string;
  /** When the money moved, or was to move. ISO 8601. */
  aroseAt: string;
  /** The figures. The same facts give the same detail: a difference closed by hand comes back when it changes. */
  detail: Readonly<Record<string, unknown>>;
  /** The service may give the charge back: no sale stands on it, by any of the books. */
  mendable: boolean;
}

/** What an attempt's books say differently. The attempt is settled: nothing of it changed for the grace period. */
export function compareAttempt(attempt: Attempt): Finding[] {
  const told = attempt.state === 'PAID' ? faultsOfPaid(attempt) : faultsOfUnpaid(attempt);
  const ledger = attempt.state === 'OPEN' ? 0 : ledgerFault(attempt);
  const all = ledger > 0 ? [...told, { kind: 'ledger-differs' as const, amount: ledger }] : told;
  return all.map(({ kind, amount, mendable = false }) => ({
    kind,
    subject: attempt.attemptId,
    gateway: attempt.gateway,
    // A book that says nonsense, such as more refunds than money, is told all the same.
    amount: Math.max(0, amount),
    currency: attempt.currency,
    aroseAt: attempt.createdAt.toISOString(),
    detail: figuresOf(attempt),
    mendable,
  }));
}

/** A charge that keeps money, and of which our books know nothing. */
export function strangeCharge(line: StrangeLine): Finding {
  const { gateway, gatewayPaymentId, bookedAt, order, ...charge } = line;
  return {
    kind: STRANGE_KINDS[order],
    subject: gatewayPaymentId,
    gateway,
    amount: keptOf([line]),
    currency: line.currency,
    aroseAt: bookedAt.toISOString(),
    detail: charge,
    mendable: false,
  };
}

/** A reservation that was confirmed although no payment paid for it. */
export function unpaidSale(sale: {
  reservationId: string;
  total: number;
  currency: string;
  confirmedAt: Date;
}): Finding {
  const { reservationId, total, currency, confirmedAt } = sale;
  return {
    kind: 'sale-without-payment',
    subject: reservationId,
    gateway: null,
    amount: total,
    currency,
    aroseAt: confirmedAt.toISOString(),
    detail: { total },
    mendable: false,
  };
}

/** A journal that may be about the gateway's money. */
export interface GatewayJournal {
  journalId: string;
  key: string;
  kind: string;
  /** What it moves at the gateway; 0 where it is about other accounts. */
  amount: number;
  currency: string;
  bookedAt: Date;
}

/** A journal about the gateway's money that belongs to no payment and no top-up. */
export function strangeJournal(journal: GatewayJournal): Finding {
  const { journalId, key, kind, amount, currency, bookedAt } = journal;
  return {
    kind: 'ledger-differs',
    subject: journalId,
    gateway: null,
    amount,
    currency,
    aroseAt: bookedAt.toISOString(),
    detail: { journal: key, kind },
    mendable: false,
  };
}

const STRANGE_KINDS = {
  PAID: 'captured-twice',
  UNPAID: 'captured-without-sale',
  UNKNOWN: 'unknown-charge',
} as const;

/** The money that a comparison of this attempt is about. */
export function moneyOf(attempt: Attempt): number {
  const bought = attempt.state === 'PAID' ? attempt.amount : 0;
  return Math.max(bought, attempt.ledger.taken, keptOf(attempt.lines ?? []));
}

/** What of these charges was not given back; what is only authorised is kept from its owner too. */
export function keptOf(lines: readonly BookLine[]): number {
  return lines.reduce((sum, line) => sum + line.amount - line.refunded, 0);
}

/**
 * The share of the money that all books agree on, from 0 to 1.
 *
 * @param compared what the last run compared
 * @param unexplained the sum of the differences that are not resolved
 */
export function moneyExplained(compared: number, unexplained: number): number {
  if (unexplained === 0) return 1;
  return compared === 0 ? 0 : Math.max(0, 1 - unexplained / compared);
}

interface Fault {
  kind: DifferenceKind;
  amount: number;
  mendable?: boolean;
}

function ledgerFault({ state, amount, refunds, ledger }: Attempt): number {
  const expected = state === 'PAID' ? amount - refunds.done : 0;
  return Math.abs(ledger.taken - expected) + Math.abs(ledger.pending);
}

function faultsOfUnpaid(attempt: Attempt): Fault[] {
  const kept = keptOf(attempt.lines ?? []);
  const { sold, paidByAnother } = attempt.order;
  // A sale that only the ledger or the seats remember is a question for an operator: no refund answers it.
  const mendable = attempt.ledger.taken === 0 && (paidByAnother || !sold);
  if (attempt.state === 'OPEN') {
    return [{ kind: 'attempt-stuck', amount: kept + attempt.ledger.pending, mendable }];
  }
  if (kept > 0) return [{ kind: withoutSale(attempt), amount: kept, mendable }];
  return attempt.state === 'UNDOING' ? [{ kind: 'attempt-stuck', amount: 0, mendable }] : [];
}

function withoutSale({ kind, order }: Attempt): DifferenceKind {
  if (kind === 'TOP_UP') return 'charge-without-top-up';
  return order.paidByAnother ? 'captured-twice' : 'captured-without-sale';
}

function faultsOfPaid(attempt: Attempt): Fault[] {
  const faults: Fault[] = [];
  if (!attempt.order.sold) faults.push({ kind: 'captured-without-sale', amount: attempt.amount });
  if (attempt.lines === null) return faults;
  const [line, ...more] = attempt.lines.filter(({ status }) => status === 'CAPTURED');
  const twice = keptOf(more);
  if (twice > 0) faults.push({ kind: 'captured-twice', amount: twice });
  if (line) return [...faults, ...faultsOfCharge(attempt, line)];
  if (attempt.amount === 0) return faults;
  const kind = attempt.kind === 'TOP_UP' ? 'top-up-without-charge' : 'charged-but-absent';
  return [...faults, { kind, amount: attempt.amount }];
}

function faultsOfCharge({ amount, currency, refunds }: Attempt, line: BookLine): Fault[] {
  if (line.currency !== currency) return [{ kind: 'amount-differs', amount: line.amount }];
  if (line.amount !== amount) return [{ kind: 'amount-differs', amount: Math.abs(line.amount - amount) }];
  const missing = refunds.done - line.refunded;
  if (missing > 0) return [{ kind: 'refund-missing', amount: missing }];
  // A refund on its way may be in the gateway's book before it is in ours.
  const unknown = line.refunded - refunds.done - refunds.due;
  return unknown > 0 ? [{ kind: 'refund-unknown', amount: unknown }] : [];
}

function figuresOf(attempt: Attempt): Finding['detail'] {
  const { kind, orderId, state, amount, refunds, order, ledger, lines } = attempt;
  return { attempt: kind, orderId, state, amount, refunds, order, ledger, gateway: lines };
}
