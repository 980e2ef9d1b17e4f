import { randomUUID } from 'node:crypto';
import { GATEWAY_UNAVAILABLE } from '../../src/domain/payments/gateway';
import type {
  BookedCharge,
  ChargeOutcome,
  ChargeRequest,
  GatewayName,
  PaymentGateway,
  RefundOutcome,
  RefundRequest,
} from '../../src/domain/payments/gateway';

/**
 * What one charge does.
 *
 * - `approve` and `decline` return the outcome.
 * - `lose-…` books the outcome and gives no response.
 * - `fail` books nothing and gives no response.
 * - `authorise` only reserves the money, and `capture` takes it later.
 * - `authorise-in-vain` reserves money whose capture the gateway will refuse and then give up.
 * - `hold-back` sends nothing, because the gateway is known to be down.
 * - `hold-back-again` also sends nothing, but an earlier run of the same step, which nothing remembers, has charged.
 */
export type ChargeScript =
  | 'approve'
  | 'decline'
  | 'lose-approval'
  | 'lose-decline'
  | 'fail'
  | 'authorise'
  | 'authorise-in-vain'
  | 'hold-back'
  | 'hold-back-again';

/** What one refund does: `lose` refunds the money without a response, `fail` does neither. */
export type RefundScript = 'refund' | 'refuse' | 'lose' | 'fail';

interface Line {
  status: 'AUTHORISED' | 'CAPTURED' | 'DECLINED' | 'BARRED';
  refusesCapture: boolean;
  request: ChargeRequest | null;
  gatewayPaymentId: string;
  bookedAt: string;
  refunds: Map<string, { gatewayRefundId: string; amount: number; refundedAt: string }>;
}

/** A gateway with an honest book. Its responses follow a script. */
export interface ScriptedGateway extends PaymentGateway {
  /** What the next charges do, in order. After them, every charge is approved. */
  script(...charges: readonly ChargeScript[]): void;
  /** What the next refunds do, in order. After them, every refund is done. */
  scriptRefunds(...refunds: readonly RefundScript[]): void;
  /** The number of next look-ups, voids and captures that get no response. */
  unanswered: { lookUps: number; voids: number; captures: number };
  /** Runs while the next look-up is under way, before it responds. */
  duringLookUp(work: () => void): void;
  /** Takes the money of a charge after all, as a gateway can do that cannot block a key. */
  captureLate(request: ChargeRequest): void;
  /** What the book reports of a charge until the next reset, instead of the truth. Null: the charge is missing. */
  misstate(idempotencyKey: string, told: Partial<BookedCharge> | null): void;
  /** Until the next reset, the book reports a charge that was never made here. */
  invent(charge: BookedCharge): void;
  /** The number of lines on one page of the book. */
  bookPageSize: number;
  /** Every call since the last reset, such as `charge <key>`. */
  readonly calls: readonly string[];
  /** The amount captured under this key, minus the refunds. */
  taken(idempotencyKey: string): number;
  /** Whether money is reserved under this key, and neither taken nor given up. */
  reserves(idempotencyKey: string): boolean;
  /** The amount captured under all keys, minus the refunds. */
  takenInAll(): number;
  /** Forgets the script and the calls, but keeps the book. */
  reset(): void;
}

const NO_ANSWER = { outcome: 'unknown', reason: 'no-answer' } as const;
const NOT_SENT = { outcome: 'unknown', reason: GATEWAY_UNAVAILABLE } as const;
const ANSWERED = { lookUps: 0, voids: 0, captures: 0 };

export function createScriptedGateway(name: GatewayName = 'sandbox'): ScriptedGateway {
  const book = new Map<string, Line>();
  let charges: ChargeScript[] = [];
  let refunds: RefundScript[] = [];
  let calls: string[] = [];
  let workDuringLookUp: (() => void) | null = null;
  let invented: BookedCharge[] = [];
  const misstated = new Map<string, Partial<BookedCharge> | null>();
  const unanswered = { ...ANSWERED };

  return {
    name,
    needsPaymentKey: false,
    unanswered,
    bookPageSize: 1_000,
    get calls() {
      return calls;
    },

    script: (...more) => void charges.push(...more),
    scriptRefunds: (...more) => void refunds.push(...more),

    duringLookUp(work) {
      workDuringLookUp = work;
    },

    misstate: (idempotencyKey, told) => void misstated.set(idempotencyKey, told),
    invent: (charge) => void invented.push(charge),

    captureLate(request) {
      book.set(request.idempotencyKey, newLine(request, 'CAPTURED'));
    },

    async charge(request) {
      calls.push(`charge ${request.idempotencyKey}`);
      const step = charges.shift() ?? 'approve';
      if (step === 'fail') return NO_ANSWER;
      if (step === 'hold-back') return NOT_SENT;
      const line = bookOnce(request, STATUS_AFTER[step]);
      line.refusesCapture = step === 'authorise-in-vain';
      if (step === 'hold-back-again') return NOT_SENT;
      return step === 'lose-approval' || step === 'lose-decline' ? NO_ANSWER : outcomeOf(line);
    },

    async capture({ idempotencyKey }) {
      calls.push(`capture ${idempotencyKey}`);
      const line = book.get(idempotencyKey);
      if (!line || isUnanswered('captures')) return NO_ANSWER;
      if (line.status === 'AUTHORISED') line.status = line.refusesCapture ? 'DECLINED' : 'CAPTURED';
      return outcomeOf(line);
    },

    async lookUp({ idempotencyKey }) {
      calls.push(`lookUp ${idempotencyKey}`);
      workDuringLookUp?.();
      workDuringLookUp = null;
      if (isUnanswered('lookUps')) return NO_ANSWER;
      const line = book.get(idempotencyKey);
      return line ? outcomeOf(line) : { outcome: 'absent' };
    },

    async void({ idempotencyKey }) {
      calls.push(`void ${idempotencyKey}`);
      if (isUnanswered('voids')) return NO_ANSWER;
      const line = book.get(idempotencyKey) ?? newLine(null, 'BARRED');
      book.set(idempotencyKey, line);
      if (line.status === 'AUTHORISED') line.status = 'BARRED';
      if (takenOf(line) > 0) line.refunds.set('void', newRefund(takenOf(line)));
      return { outcome: 'voided', returned: line.refunds.get('void')?.amount ?? 0 };
    },

    async refund(refund) {
      calls.push(`refund ${refund.refundKey} ${refund.amount}`);
      const step = refunds.shift() ?? 'refund';
      if (step === 'fail') return NO_ANSWER;
      if (step === 'refuse') return { outcome: 'refused', reason: 'scripted' };
      const made = refundOnce(refund);
      return step === 'lose' ? NO_ANSWER : made;
    },

    async readBook({ from, to }, cursor = '0') {
      const told = [...bookedCharges(), ...invented].flatMap((charge) => {
        const lie = misstated.get(charge.idempotencyKey ?? '');
        return lie === null ? [] : [{ ...charge, ...lie }];
      });
      const items = told.filter(({ bookedAt }) => from <= Date.parse(bookedAt) && Date.parse(bookedAt) < to);
      const end = Number(cursor) + this.bookPageSize;
      return {
        items: items.slice(Number(cursor), end),
        nextCursor: end < items.length ? String(end) : null,
      };
    },

    readWebhook: () => ({ kind: 'irrelevant' }),

    taken: (idempotencyKey) => takenOf(book.get(idempotencyKey)),
    reserves: (idempotencyKey) => book.get(idempotencyKey)?.status === 'AUTHORISED',
    takenInAll: () => [...book.values()].reduce((sum, line) => sum + takenOf(line), 0),

    reset() {
      charges = [];
      refunds = [];
      calls = [];
      workDuringLookUp = null;
      invented = [];
      misstated.clear();
      Object.assign(unanswered, ANSWERED);
    },

    ping: async () => {},
    close: async () => {},
  };

  function bookedCharges(): BookedCharge[] {
    return [...book].flatMap(([idempotencyKey, line]) => {
      const { status, request, gatewayPaymentId, bookedAt } = line;
      if (status !== 'CAPTURED' && status !== 'AUTHORISED') return [];
      const { orderId = null, amount = 0, currency = 'KRW' } = request ?? {};
      const refunded = sumOf(line.refunds);
      return [{ gatewayPaymentId, idempotencyKey, orderId, status, amount, refunded, currency, bookedAt }];
    });
  }

  function isUnanswered(what: keyof typeof ANSWERED): boolean {
    if (unanswered[what] === 0) return false;
    unanswered[what] -= 1;
    return true;
  }

  /** The same key never charges twice. */
  function bookOnce(request: ChargeRequest, status: Line['status']): Line {
    const line = book.get(request.idempotencyKey) ?? newLine(request, status);
    book.set(request.idempotencyKey, line);
    return line;
  }

  function refundOnce({ refundKey, charge, amount }: RefundRequest): RefundOutcome {
    const line = book.get(charge.idempotencyKey);
    if (!line) return { outcome: 'refused', reason: 'no-such-charge' };
    const made = line.refunds.get(refundKey) ?? newRefund(amount);
    if (!line.refunds.has(refundKey) && amount > takenOf(line)) {
      return { outcome: 'refused', reason: 'more-than-left' };
    }
    line.refunds.set(refundKey, made);
    return { outcome: 'refunded', gatewayRefundId: made.gatewayRefundId, refundedAt: made.refundedAt };
  }
}

const STATUS_AFTER = {
  approve: 'CAPTURED',
  'lose-approval': 'CAPTURED',
  'hold-back-again': 'CAPTURED',
  authorise: 'AUTHORISED',
  'authorise-in-vain': 'AUTHORISED',
  decline: 'DECLINED',
  'lose-decline': 'DECLINED',
} as const;

function newLine(request: ChargeRequest | null, status: Line['status']): Line {
  const gatewayPaymentId = `scripted-${randomUUID()}`;
  const bookedAt = new Date().toISOString();
  return { status, refusesCapture: false, request, gatewayPaymentId, bookedAt, refunds: new Map() };
}

function newRefund(amount: number) {
  return { gatewayRefundId: `scripted-refund-${randomUUID()}`, amount, refundedAt: new Date().toISOString() };
}

const sumOf = (refunds: Line['refunds']): number =>
  [...refunds.values()].reduce((sum, { amount }) => sum + amount, 0);

function takenOf(line: Line | undefined): number {
  return line?.status === 'CAPTURED' ? (line.request?.amount ?? 0) - sumOf(line.refunds) : 0;
}

function outcomeOf(line: Line): ChargeOutcome {
  const { status, gatewayPaymentId, bookedAt } = line;
  if (status === 'DECLINED') return { outcome: 'declined', reason: 'card-declined' };
  if (status === 'AUTHORISED') return { outcome: 'authorised', gatewayPaymentId };
  if (status === 'BARRED' || takenOf(line) === 0) return { outcome: 'declined', reason: 'voided' };
  return { outcome: 'approved', gatewayPaymentId, approvedAt: bookedAt };
}
