import { open } from 'lmdb';
import type { z } from 'zod';
import { behaviourOf, type Behaviour } from './behaviour';
import {
  barred,
  bookedAtOf,
  captureRefused,
  captured,
  decideRefund,
  isCapture,
  newLine,
  voided,
  type Capture,
  type RefundOrder,
  type RefundRefusal,
} from './lines';
import type { BookPage, Charge, ChargeBody, bookQuerySchema } from './protocol';

/** The key names a charge of another amount, currency or order. */
export class KeyReusedError extends Error {
  override readonly name = 'KeyReusedError';
}

/** `charge` is null where the request was made to fail; `fresh` where this very request booked it. */
export interface Booking {
  charge: Charge | null;
  fresh: boolean;
}

export type RefundBooking =
  /** `silent`: it is done, and nobody shall hear of it. */
  | { kind: 'refunded'; charge: Capture; silent: boolean }
  | { kind: 'refused'; error: RefundRefusal }
  /** It was made to fail; nothing was given back. */
  | { kind: 'failed' };

/**
 * The gateway's book: one line for each idempotency key, on disk. Every change is one LMDB transaction;
 * they run one after another, so requests with one key can never both capture. A promise resolves only
 * after its transaction is synced to disk: whatever was answered survives `kill -9` and a power cut.
 */
export interface Book {
  /**
   * Books a charge as the behaviour says, unless the key has a line already: then that line is the answer,
   * whatever the behaviour.
   *
   * @throws {KeyReusedError} where the line is of another amount, currency or order
   */
  charge(idempotencyKey: string, body: ChargeBody, behaviour: Behaviour): Promise<Booking>;

  find(idempotencyKey: string): Charge | null;

  /** Takes reserved money, or lets it go where its payment key says so. Again: no further effect. */
  capture(idempotencyKey: string): Promise<Booking>;

  /** Refunds what is left of the capture under the key, or bars a key that has no line. Again: no further effect. */
  void(idempotencyKey: string, reason: string): Promise<Charge>;

  /**
   * Gives back a part of a capture, once for each refund key, as the charge's payment key says. A key that was
   * refused stays so.
   */
  refund(idempotencyKey: string, refund: RefundOrder): Promise<RefundBooking>;

  /** The lines that were booked from `from` (included) to `to` (excluded), milliseconds since 1970, oldest first. */
  page(window: z.infer<typeof bookQuerySchema>): BookPage;

  close(): Promise<void>;
}

/** @param directory made where it is missing */
export function openBook(directory: string): Book {
  // overlappingSync would tell of a commit before the disk has it.
  const environment = open({ path: directory, overlappingSync: false });
  const charges = environment.openDB<Charge, string>('charges', { encoding: 'json' });
  /** Every line's key under the time when it was booked, so that a window costs what it holds. */
  const byTime = environment.openDB<true, [number, string]>('charges-by-time', { encoding: 'json' });
  const failures = environment.openDB<number, string>('failures', { encoding: 'json' });
  indexByTime();

  // Inside a transaction a put is done at once; its promise is that of the transaction.
  const mustFail = (what: string, first: number): boolean => {
    const failed = failures.get(what) ?? 0;
    if (failed >= first) return false;
    void failures.put(what, failed + 1);
    return true;
  };

  const write = <Line extends Charge>(line: Line): Line => {
    void charges.put(line.idempotencyKey, line);
    return line;
  };

  const writeFirst = (line: Charge): Charge => {
    void byTime.put([bookedAtOf(line), line.idempotencyKey], true);
    return write(line);
  };

  return {
    charge(idempotencyKey, body, behaviour) {
      return environment.transaction(() => {
        const existing = charges.get(idempotencyKey);
        if (existing) {
          assertSameCharge(existing, body);
          return { charge: existing, fresh: false };
        }
        // Counted by order, not by key: a payer who tries again does so under a new key.
        if (mustFail(body.orderId, behaviour.failFirst)) return { charge: null, fresh: false };
        const line = newLine(idempotencyKey, body, behaviour);
        return { charge: line && writeFirst(line), fresh: true };
      });
    },

    find: (idempotencyKey) => charges.get(idempotencyKey) ?? null,

    capture(idempotencyKey) {
      return environment.transaction(() => {
        const line = charges.get(idempotencyKey);
        if (line?.status !== 'AUTHORISED') return { charge: line ?? null, fresh: false };
        const isRefused = behaviourOf(line).capture === 'refuse';
        return { charge: write(isRefused ? captureRefused(line) : captured(line)), fresh: true };
      });
    },

    void(idempotencyKey, reason) {
      return environment.transaction(() => {
        const line = charges.get(idempotencyKey);
        return line ? write(voided(line, reason)) : writeFirst(barred(idempotencyKey, reason));
      });
    },

    refund(idempotencyKey, refund) {
      return environment.transaction(() => {
        const line = charges.get(idempotencyKey);
        if (!isCapture(line)) return { kind: 'refused', error: 'not-captured' };
        const { meet, first } = behaviourOf(line).refunds;
        const isSpoilt = meet !== 'refuse' && mustFail(`refunds of ${idempotencyKey}`, first);
        if (isSpoilt && meet === 'error') return { kind: 'failed' };
        const { changed, error } = decideRefund(line, refund, meet === 'refuse' ? first : 0);
        const charge = write(changed);
        return error ? { kind: 'refused', error } : { kind: 'refunded', charge, silent: isSpoilt };
      });
    },

    page({ from = 0, to, limit, cursor }) {
      const start = cursor === undefined ? [from] : readCursor(cursor);
      const end = to === undefined ? {} : { end: [to] };
      const keys = [...byTime.getKeys({ start, exclusiveStart: cursor !== undefined, ...end, limit })];
      const last = keys.at(-1);
      return {
        items: keys.flatMap(([, key]) => charges.get(key) ?? []),
        nextCursor: keys.length < limit || last === undefined ? null : last.join('.'),
      };
    },

    close: () => environment.close(),
  };

  /** Books of before this index had none. */
  function indexByTime(): void {
    if (byTime.getKeysCount({ limit: 1 }) > 0) return;
    environment.transactionSync(() => {
      for (const { value } of charges.getRange())
        byTime.putSync([bookedAtOf(value), value.idempotencyKey], true);
    });
  }
}

function assertSameCharge(existing: Charge, body: ChargeBody): void {
  if (existing.status === 'BARRED') return;
  const { amount, currency, orderId } = existing;
  if (amount === body.amount && currency === body.currency && orderId === body.orderId) return;
  throw new KeyReusedError('the idempotency key names another charge');
}

/** Such as `1767225600000.key`. */
function readCursor(cursor: string): [number, string] {
  const dot = cursor.indexOf('.');
  return [Number(cursor.slice(0, dot)), cursor.slice(dot + 1)];
}
