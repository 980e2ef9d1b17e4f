import { chmodSync, mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { open } from 'lmdb';
import type { z } from 'zod';
import { behaviourOf, type Behaviour } from './behaviour';
import {
  blocked,
  captureRefused,
  captured,
  decideRefund,
  eventOf,
  isCapture,
  newLine,
  voided,
  type Capture,
  type RefundOrder,
  type RefundRefusal,
} from './lines';
import { createOutbox, type Message, type MessageId, type Outbox } from './outbox';
import { upgradeBook } from './bookFormat';
import { createTimeIndex, type Slice } from './timeIndex';
import type { BookPage, Charge, ChargeBody, bookQuerySchema } from '../src/gateways/sandbox/protocol';

/** The key names a charge of another amount, currency or order. */
export class KeyReusedError extends Error {
  override readonly name = 'KeyReusedError';
}

/** A line as it is now. */
export interface Booking<Line extends Charge = Charge> {
  charge: Line;
  /** Whether this request has made it so. */
  fresh: boolean;
  /** The message that reports it. A requester that got the response does not need it. */
  message: MessageId | null;
}

export type RefundBooking =
  /** `silent`: the refund is made, but no response is sent. */
  | ({ kind: 'refunded'; silent: boolean } & Booking<Capture>)
  | { kind: 'refused'; error: RefundRefusal }
  /** The behaviour made it fail; nothing was refunded. */
  | { kind: 'failed' };

export interface BookedLine {
  charge: Charge;
  messages: Message[];
}

/**
 * The gateway's book: one line for each idempotency key, on disk. Every change is one LMDB transaction. Transactions
 * run one after another, so requests with one key can never both capture. A promise resolves only after its transaction
 * is synced to disk. So everything that the gateway has answered survives `kill -9` and a power cut.
 */
export interface Book {
  /**
   * Books a charge as the behaviour says. If the key has a line already, that line is the result, whatever the
   * behaviour.
   *
   * @returns null if the behaviour made the request fail
   * @throws {KeyReusedError} if the line has another amount, currency or order
   */
  charge(idempotencyKey: string, body: ChargeBody, behaviour: Behaviour): Promise<Booking | null>;

  find(idempotencyKey: string): Charge | null;

  /**
   * Captures reserved money, or releases it if its payment key says so. A second call has no further effect.
   *
   * @returns null if nothing is booked under the key
   */
  capture(idempotencyKey: string): Promise<Booking | null>;

  /**
   * Refunds what is left of the capture under the key, or blocks a key that has no line. A second call has no further
   * effect.
   */
  void(idempotencyKey: string, reason: string): Promise<Booking>;

  /**
   * Refunds a part of a capture, once for each refund key, as the charge's payment key says. A key that was refused
   * stays refused.
   */
  refund(idempotencyKey: string, refund: RefundOrder): Promise<RefundBooking>;

  /** The lines that were booked from `from` (included) to `to` (excluded), milliseconds since 1970, oldest first. */
  page(window: z.infer<typeof bookQuerySchema>): BookPage;

  /** The last lines before a cursor, newest first, each with its messages. */
  latest(slice: Slice): { lines: BookedLine[]; nextCursor: string | null };

  /** The messages about changes. Each is written together with its change. */
  outbox: Outbox;

  close(): Promise<void>;
}

/**
 * @param directory created if it is missing. Only this user can read it and its files, because the book shows the
 *   payers, what they paid and with which key.
 * @param sendsWebhooks whether the book has to keep messages for a receiver
 */
export function openBook(directory: string, { sendsWebhooks }: { sendsWebhooks: boolean }): Book {
  mkdirSync(directory, { recursive: true });
  chmodSync(directory, 0o700);
  // overlappingSync would report a commit before it is on disk.
  const environment = open({ path: directory, overlappingSync: false });
  for (const file of readdirSync(directory)) chmodSync(path.join(directory, file), 0o600);
  const charges = environment.openDB<Charge, string>('charges', { encoding: 'json' });
  const failures = environment.openDB<number, string>('failures', { encoding: 'json' });
  upgradeBook(environment, charges);
  const byTime = createTimeIndex(environment, charges.getRange());
  const outbox = createOutbox(environment);

  // Inside a transaction a put takes effect at once; its promise is that of the transaction.
  const mustFail = (what: string, first: number): boolean => {
    const failed = failures.get(what) ?? 0;
    if (failed >= first) return false;
    void failures.put(what, failed + 1);
    return true;
  };

  const write = <Line extends Charge>(
    before: Charge | undefined,
    charge: Line,
    isAnswered: boolean,
  ): Booking<Line> => {
    if (!before) byTime.add(charge);
    void charges.put(charge.idempotencyKey, charge);
    const event = sendsWebhooks ? eventOf(before, charge) : null;
    const message = event && outbox.add(event, charge, behaviourOf(charge).webhooks, isAnswered);
    return { charge, fresh: true, message };
  };

  return {
    charge(idempotencyKey, body, behaviour) {
      return environment.transaction(() => {
        const line = charges.get(idempotencyKey);
        if (line) return asItIs(sameCharge(line, body));
        // The count is by order, not by key: a payer who tries again uses a new key.
        if (mustFail(body.orderId, behaviour.failFirst)) return null;
        const first = newLine(idempotencyKey, body, behaviour);
        return first && write(undefined, first, behaviour.answer === 'tell');
      });
    },

    find: (idempotencyKey) => charges.get(idempotencyKey) ?? null,

    capture(idempotencyKey) {
      return environment.transaction(() => {
        const line = charges.get(idempotencyKey);
        if (line?.status !== 'AUTHORISED') return line ? asItIs(line) : null;
        const { capture } = behaviourOf(line);
        return write(
          line,
          capture === 'refuse' ? captureRefused(line) : captured(line),
          capture !== 'nothing',
        );
      });
    },

    void(idempotencyKey, reason) {
      return environment.transaction(() => {
        const line = charges.get(idempotencyKey);
        return write(line, line ? voided(line, reason) : blocked(idempotencyKey, reason), true);
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
        const booking = write(line, changed, !isSpoilt);
        return error ? { kind: 'refused', error } : { kind: 'refunded', silent: isSpoilt, ...booking };
      });
    },

    page(window) {
      const { keys, nextCursor } = byTime.oldestFirst(window);
      return { items: keys.flatMap((key) => charges.get(key) ?? []), nextCursor };
    },

    latest(slice) {
      const { keys, nextCursor } = byTime.newestFirst(slice);
      const lines = keys.flatMap((key) => {
        const charge = charges.get(key);
        return charge ? { charge, messages: outbox.about(key) } : [];
      });
      return { lines, nextCursor };
    },

    outbox,

    close: () => environment.close(),
  };
}

const asItIs = (charge: Charge): Booking => ({ charge, fresh: false, message: null });

function sameCharge(line: Charge, body: ChargeBody): Charge {
  if (line.status === 'BARRED') return line;
  const { amount, currency, orderId } = line;
  if (amount === body.amount && currency === body.currency && orderId === body.orderId) return line;
  throw new KeyReusedError('the idempotency key names another charge');
}
