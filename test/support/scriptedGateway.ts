import { randomUUID } from 'node:crypto';
import type { ChargeOutcome, ChargeRequest, PaymentGateway } from '../../src/gateways/gateway';

/**
 * What one charge does. `approve` and `decline` tell the outcome; `lose-…` books it and gives no answer;
 * `fail` books nothing and gives no answer.
 */
export type ChargeScript = 'approve' | 'decline' | 'lose-approval' | 'lose-decline' | 'fail';

type Line =
  | { status: 'CAPTURED' | 'REFUNDED'; amount: number; gatewayPaymentId: string }
  | { status: 'DECLINED' | 'BARRED'; amount: 0 };

/** A gateway with an honest book whose answers follow a script. */
export interface ScriptedGateway extends PaymentGateway {
  /** What the next charges do, in order; after them every charge is approved. */
  script(...charges: readonly ChargeScript[]): void;
  /** How many of the next look-ups and voids get no answer. */
  unanswered: { lookUps: number; voids: number };
  /** Runs while the next look-up is under way, before it answers. */
  duringLookUp(work: () => void): void;
  /** Every call since the last reset, such as `charge <key>`. */
  readonly calls: readonly string[];
  /** What was captured under this key and not given back. */
  taken(idempotencyKey: string): number;
  /** What was captured under all keys and not given back. */
  takenInAll(): number;
  /** Forgets the script and the calls, but nothing of the book. */
  reset(): void;
}

const NO_ANSWER = { outcome: 'unknown', reason: 'no-answer' } as const;
const DECLINED = { outcome: 'declined', reason: 'card-declined' } as const;

export function createScriptedGateway(): ScriptedGateway {
  const book = new Map<string, Line>();
  let scripted: ChargeScript[] = [];
  let calls: string[] = [];
  let workDuringLookUp: (() => void) | null = null;
  const unanswered = { lookUps: 0, voids: 0 };

  return {
    name: 'scripted',
    unanswered,
    get calls() {
      return calls;
    },

    script(...charges) {
      scripted.push(...charges);
    },

    duringLookUp(work) {
      workDuringLookUp = work;
    },

    async charge(request) {
      calls.push(`charge ${request.idempotencyKey}`);
      const step = scripted.shift() ?? 'approve';
      if (step === 'fail') return NO_ANSWER;
      const line = bookOnce(request, step === 'approve' || step === 'lose-approval');
      return step === 'approve' || step === 'decline' ? outcomeOf(line) : NO_ANSWER;
    },

    async lookUp(idempotencyKey) {
      calls.push(`lookUp ${idempotencyKey}`);
      workDuringLookUp?.();
      workDuringLookUp = null;
      if (unanswered.lookUps > 0) {
        unanswered.lookUps -= 1;
        return NO_ANSWER;
      }
      const line = book.get(idempotencyKey);
      return line ? outcomeOf(line) : { outcome: 'absent' };
    },

    async void(idempotencyKey) {
      calls.push(`void ${idempotencyKey}`);
      if (unanswered.voids > 0) {
        unanswered.voids -= 1;
        return NO_ANSWER;
      }
      const line = book.get(idempotencyKey);
      if (!line) book.set(idempotencyKey, { status: 'BARRED', amount: 0 });
      else if (line.status === 'CAPTURED') book.set(idempotencyKey, { ...line, status: 'REFUNDED' });
      return { outcome: 'voided' };
    },

    taken: (idempotencyKey) => takenOf(book.get(idempotencyKey)),
    takenInAll: () => [...book.values()].reduce((sum, line) => sum + takenOf(line), 0),

    reset() {
      scripted = [];
      calls = [];
      workDuringLookUp = null;
      Object.assign(unanswered, { lookUps: 0, voids: 0 });
    },

    ping: async () => {},
    close: async () => {},
  };

  /** The same key never charges twice. */
  function bookOnce({ idempotencyKey, amount }: ChargeRequest, capture: boolean): Line {
    const line = book.get(idempotencyKey) ?? newLine(amount, capture);
    book.set(idempotencyKey, line);
    return line;
  }
}

function newLine(amount: number, capture: boolean): Line {
  if (!capture) return { status: 'DECLINED', amount: 0 };
  return { status: 'CAPTURED', amount, gatewayPaymentId: `scripted-${randomUUID()}` };
}

function takenOf(line: Line | undefined): number {
  return line?.status === 'CAPTURED' ? line.amount : 0;
}

function outcomeOf(line: Line): ChargeOutcome {
  if (line.status === 'DECLINED') return DECLINED;
  if (line.status !== 'CAPTURED') return { outcome: 'declined', reason: 'voided' };
  const approvedAt = new Date().toISOString();
  return { outcome: 'approved', gatewayPaymentId: line.gatewayPaymentId, approvedAt };
}
