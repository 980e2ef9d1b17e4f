/**
 * Compares four records of money that moved by card: the row of the attempt, the ledger, the gateway's book and the
 * sale. Amounts are in whole currency units.
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

/** Only our own books show whether an attempt still has one of these differences. */
export const OWN_BOOKS_KINDS: readonly DifferenceKind[] = ['ledger-differs', 'attempt-stuck'];

/**
 * OPEN: an operator must look at it. MENDING: the service is fixing it. RESOLVED: it is gone, or an operator has closed
 * it.
 */
export const DIFFERENCE_STATUSES = ['OPEN', 'MENDING', 'RESOLVED'] as const;
export type DifferenceStatus = (typeof DIFFERENCE_STATUSES)[number];

/** A charge in the gateway's book. */
export interface BookLine {
  gatewayPaymentId: string;
  status: 'AUTHORISED' | 'CAPTURED';
  amount: number;
  refunded: number;
  currency: string;
}

/** One attempt to charge a card, with what every record says about it. */
export interface Attempt {
  kind: 'PAYMENT' | 'TOP_UP';
  attemptId: string;
  /** The name of the gateway that charges it. */
  gateway: string;
  /** The reservation, or the top-up itself. */
  orderId: string;
  /** UNDOING: failed, and its charge is not known to be refunded. PAID: it bought something. */
  state: 'OPEN' | 'UNDOING' | 'FAILED' | 'PAID';
  /** By card. */
  amount: number;
  currency: string;
  /** Refunds by our records: done, and still on their way to the card. */
  refunds: { done: number; due: number };
  /** Whether its order was ever sold, and whether another attempt paid for the order. */
  order: { sold: boolean; paidByAnother: boolean };
  /**
   * By the ledger: the amount that the card has paid and not got back, and the points that are reserved for this
   * attempt.
   */
  ledger: { taken: number; pending: number };
  /** Null if the book of this attempt's gateway was not read. */
  lines: readonly BookLine[] | null;
  createdAt: Date;
}

/** A charge in the gateway's book without a payment or top-up of ours. */
export interface StrangeLine extends BookLine {
  /** The name of the gateway whose book contains the charge. */
  gateway: string;
  idempotencyKey: string | null;
  orderId: string | null;
  bookedAt: Date;
  /** The reservation or top-up that it names: paid by another charge, not paid, or unknown to us. */
  order: 'PAID' | 'UNPAID' | 'UNKNOWN';
}

/** A difference that a comparison found. The kind and the subject identify it. */
export interface Finding {
  kind: DifferenceKind;
  subject: string;
  /** The gateway of the money. Null if no gateway is concerned, or none is known. */
  gateway: string | null;
  amount: number;
  currency: string;
  /** When the money moved, or should have moved. ISO 8601. */
  aroseAt: string;
  /**
   * The figures. The same facts always give the same detail. So a difference that was closed by hand returns if it
   * changes.
   */
  detail: Readonly<Record<string, unknown>>;
  /** The service may refund the charge: by every record, no sale depends on it. */
  mendable: boolean;
}

/**
 * Returns the differences between the records of an attempt. The attempt is settled: nothing about it changed for the
 * grace period.
 */
export function compareAttempt(attempt: Attempt): Finding[] {
  const told = attempt.state === 'PAID' ? faultsOfPaid(attempt) : faultsOfUnpaid(attempt);
  const ledger = attempt.state === 'OPEN' ? 0 : ledgerFault(attempt);
  const all = ledger > 0 ? [...told, { kind: 'ledger-differs' as const, amount: ledger }] : told;
  return all.map(({ kind, amount, mendable = false }) => ({
    kind,
    subject: attempt.attemptId,
    gateway: attempt.gateway,
    // A book with impossible figures, such as more refunds than money, still gives a finding.
    amount: Math.max(0, amount),
    currency: attempt.currency,
    aroseAt: attempt.createdAt.toISOString(),
    detail: figuresOf(attempt),
    mendable,
  }));
}

/** A charge that keeps money and that our records do not know. */
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

/** A journal that may concern the gateway's money. */
export interface GatewayJournal {
  journalId: string;
  key: string;
  kind: string;
  /** The amount that it moves at the gateway. 0 if it concerns other accounts. */
  amount: number;
  currency: string;
  bookedAt: Date;
}

/** A journal about the gateway's money without a payment and without a top-up. */
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

/** The amount of money that a comparison of this attempt covers. */
export function moneyOf(attempt: Attempt): number {
  const bought = attempt.state === 'PAID' ? attempt.amount : 0;
  return Math.max(bought, attempt.ledger.taken, keptOf(attempt.lines ?? []));
}

/**
 * The part of these charges that was not refunded. An authorised amount counts too, because its owner cannot use it.
 */
export function keptOf(lines: readonly BookLine[]): number {
  return lines.reduce((sum, line) => sum + line.amount - line.refunded, 0);
}

/**
 * The share of the money on which all records agree, from 0 to 1.
 *
 * @param compared the amount that the last run compared
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
  // If only the ledger or the seats show a sale, an operator must decide. A refund is not the solution.
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
  // A refund that is under way may be in the gateway's book before it is in our records.
  const unknown = line.refunded - refunds.done - refunds.due;
  return unknown > 0 ? [{ kind: 'refund-unknown', amount: unknown }] : [];
}

function figuresOf(attempt: Attempt): Finding['detail'] {
  const { kind, orderId, state, amount, refunds, order, ledger, lines } = attempt;
  return { attempt: kind, orderId, state, amount, refunds, order, ledger, gateway: lines };
}
