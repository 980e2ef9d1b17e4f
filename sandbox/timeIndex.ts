import type { RootDatabase } from 'lmdb';
import { bookedAtOf } from './lines';
import type { Charge } from '../src/gateways/sandbox/protocol';

/** Keys of charges in the order in which they were first booked. So reading a window costs only what it holds. */
export interface TimeIndex {
  /** Adds a new line. To be called in a transaction of the book. */
  add(charge: Charge): void;

  /** The keys from `from` (included) to `to` (excluded), milliseconds since 1970, after a cursor. */
  oldestFirst(window: { from?: number | undefined; to?: number | undefined } & Slice): KeysOfPage;

  /** The keys before a cursor. */
  newestFirst(slice: Slice): KeysOfPage;
}

export interface Slice {
  limit: number;
  cursor?: string | undefined;
}

export interface KeysOfPage {
  keys: string[];
  /** Null on the last page. */
  nextCursor: string | null;
}

type Entry = [bookedAt: number, idempotencyKey: string];

/** @param charges the first content of a new index */
export function createTimeIndex(environment: RootDatabase, charges: Iterable<{ value: Charge }>): TimeIndex {
  const index = environment.openDB<true, Entry>('charges-by-time', { encoding: 'json' });
  if (index.getKeysCount({ limit: 1 }) === 0) {
    environment.transactionSync(() => {
      for (const { value } of charges) index.putSync(entryOf(value), true);
    });
  }
  return {
    add: (charge) => void index.put(entryOf(charge), true),

    oldestFirst({ from = 0, to, limit, cursor }) {
      const start = cursor === undefined ? { start: [from] } : startAfter(cursor);
      const end = to === undefined ? {} : { end: [to] };
      return pageOf([...index.getKeys({ ...start, ...end, limit })], limit);
    },

    newestFirst({ limit, cursor }) {
      const start = cursor === undefined ? {} : startAfter(cursor);
      return pageOf([...index.getKeys({ reverse: true, ...start, limit })], limit);
    },
  };
}

const entryOf = (charge: Charge): Entry => [bookedAtOf(charge), charge.idempotencyKey];

/** A cursor looks like `1767225600000.key`. */
function startAfter(cursor: string) {
  const dot = cursor.indexOf('.');
  return { start: [Number(cursor.slice(0, dot)), cursor.slice(dot + 1)], exclusiveStart: true };
}

function pageOf(entries: readonly Entry[], limit: number): KeysOfPage {
  const nextCursor = entries.length < limit ? null : (entries.at(-1)?.join('.') ?? null);
  return { keys: entries.map(([, key]) => key), nextCursor };
}
