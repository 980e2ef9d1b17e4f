import { randomUUID } from 'node:crypto';
import { open } from 'lmdb';
import type { Behaviour } from './behaviour';
import type { BookPage, Charge, ChargeBody, Refund } from './protocol';

/** The key names a charge of another amount, currency or order. */
export class KeyReusedError extends Error {
  override readonly name = 'KeyReusedError';
}

/** `charge` is null where the request was made to fail; `fresh` where this very request booked it. */
export interface Booking {
  charge: Charge | null;
  fresh: boolean;
}

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

  /** Refunds what is left of the capture under the key, or bars a key that has no line. Again: no further effect. */
  void(idempotencyKey: string, reason: string): Promise<Charge>;

  /**
   * Gives back a part of a capture, once for each refund key.
   *
   * @returns null where so much is not left, or nothing was ever captured
   * @throws {KeyReusedError} where the refund key named another amount
   */
  refund(
    idempotencyKey: string,
    refund: Pick<Refund, 'refundKey' | 'amount' | 'reason'>,
  ): Promise<Charge | null>;

  page(limit: number, cursor?: string): BookPage;

  close(): Promise<void>;
}

/** @param directory made where it is missing */
export function openBook(directory: string): Book {
  // overlappingSync would tell of a commit before the disk has it.
  const environment = open({ path: directory, overlappingSync: false });
  const charges = environment.openDB<Charge, string>('charges', { encoding: 'json' });
  const failures = environment.openDB<number, string>('failures', { encoding: 'json' });

  /** Counted by order, not by key: a payer who tries again does so under a new key. */
  const mustFail = (orderId: string, failFirst: number): boolean => {
    const failed = failures.get(orderId) ?? 0;
    if (failed >= failFirst) return false;
    void failures.put(orderId, failed + 1);
    return true;
  };

  const write = (charge: Charge): Charge => {
    // Inside a transaction a put is done at once; its promise is that of the transaction.
    void charges.put(charge.idempotencyKey, charge);
    return charge;
  };

  return {
    charge(idempotencyKey, body, behaviour) {
      return environment.transaction(() => {
        const existing = charges.get(idempotencyKey);
        if (existing) {
          assertSameCharge(existing, body);
          return { charge: existing, fresh: false };
        }
        if (mustFail(body.orderId, behaviour.failFirst)) return { charge: null, fresh: false };
        const charge = newCharge(idempotencyKey, body, behaviour);
        return { charge: charge && write(charge), fresh: true };
      });
    },

    find: (idempotencyKey) => charges.get(idempotencyKey) ?? null,

    void(idempotencyKey, reason) {
      return environment.transaction(() => {
        const existing = charges.get(idempotencyKey);
        if (!existing) {
          return write({ status: 'BARRED', idempotencyKey, reason, barredAt: new Date().toISOString() });
        }
        if (existing.status !== 'CAPTURED') return existing;
        return write(withRefund(existing, { refundKey: 'void', amount: leftOf(existing), reason }));
      });
    },

    refund(idempotencyKey, refund) {
      return environment.transaction(() => {
        const existing = charges.get(idempotencyKey);
        if (!isCapture(existing)) return null;
        const earlier = existing.refunds.find(({ refundKey }) => refundKey === refund.refundKey);
        if (earlier?.amount === refund.amount) return existing;
        if (earlier) throw new KeyReusedError('the idempotency key names another refund');
        return refund.amount > leftOf(existing) ? null : write(withRefund(existing, refund));
      });
    },

    page(limit, cursor) {
      const range = cursor === undefined ? {} : { start: cursor, exclusiveStart: true };
      const items = [...charges.getRange({ ...range, limit })].map(({ value }) => value);
      return { items, nextCursor: items.length < limit ? null : (items.at(-1)?.idempotencyKey ?? null) };
    },

    close: () => environment.close(),
  };
}

type Capture = Extract<Charge, { status: 'CAPTURED' | 'REFUNDED' }>;

function isCapture(charge: Charge | undefined): charge is Capture {
  return charge?.status === 'CAPTURED' || charge?.status === 'REFUNDED';
}

function leftOf({ amount, refunds }: Capture): number {
  return refunds.reduce((left, refund) => left - refund.amount, amount);
}

function withRefund(capture: Capture, refund: Pick<Refund, 'refundKey' | 'amount' | 'reason'>): Capture {
  const made: Refund = {
    ...refund,
    gatewayRefundId: `sandbox-refund-${randomUUID()}`,
    refundedAt: new Date().toISOString(),
  };
  const refunded = { ...capture, refunds: [...capture.refunds, made] };
  return { ...refunded, status: leftOf(refunded) === 0 ? 'REFUNDED' : 'CAPTURED' };
}

function assertSameCharge(existing: Charge, body: ChargeBody): void {
  if (existing.status === 'BARRED') return;
  const { amount, currency, orderId } = existing;
  if (amount === body.amount && currency === body.currency && orderId === body.orderId) return;
  throw new KeyReusedError('the idempotency key names another charge');
}

function newCharge(idempotencyKey: string, body: ChargeBody, { booking }: Behaviour): Charge | null {
  if (booking.kind === 'fail') return null;
  const now = new Date().toISOString();
  const { amount, currency, orderId, description } = body;
  const order = { idempotencyKey, amount, currency, orderId, description };
  if (booking.kind === 'decline') {
    return { status: 'DECLINED', ...order, reason: booking.reason, declinedAt: now };
  }
  return {
    status: 'CAPTURED',
    ...order,
    gatewayPaymentId: `sandbox-${randomUUID()}`,
    approvedAt: now,
    refunds: [],
  };
}
