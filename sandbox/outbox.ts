import { randomUUID } from 'node:crypto';
import type { RootDatabase } from 'lmdb';
import type { Webhooks } from './behaviour';
import type { Charge } from '../src/gateways/sandbox/protocol';
import type { WebhookEvent } from '../src/gateways/sandbox/webhook';

/** A message about a charge, and what became of it. Times are milliseconds since 1970. */
export interface Message {
  event: WebhookEvent;
  bookedAt: number;
  /** When it was, or is, to be sent for the first time. */
  firstDueAt: number;
  dueAt: number;
  /** How often it has to arrive yet. */
  toArrive: number;
  isBadlySigned: boolean;
  attempts: number;
  state: 'WAITING' | 'DELIVERED' | 'GIVEN_UP';
  /** Such as `http-200`; null before the first. */
  lastAnswer: string | null;
}

/** Names a message: the charge's key and the event's id. */
export type MessageId = [idempotencyKey: string, eventId: string];

/** The messages that the sandbox owes, on disk beside the charges. */
export interface Outbox {
  /**
   * For a transaction of the book: owes a message.
   *
   * @param isAnswered whether somebody waits for an answer that tells the same
   * @returns what names it where that answer, once it has arrived, makes the message needless; else null
   */
  add(type: WebhookEvent['type'], charge: Charge, webhooks: Webhooks, isAnswered: boolean): MessageId | null;

  /** The answer has arrived. Does nothing where the message is on its way. */
  forget(id: MessageId): Promise<void>;

  hasDue(now: number): boolean;

  /** Takes messages that are due, each for one try; when nobody settles that, they are due again a while later. */
  take(now: number, limit: number): Promise<Message[]>;

  /** Writes down how a try ended. Anything but 2xx is tried again with growing pauses, for an hour in all. */
  settle(message: Message, answer: string, now: number): Promise<void>;

  /** The messages about one charge, oldest first. */
  about(idempotencyKey: string): Message[];
}

/** An answer that takes longer to arrive has not arrived. */
const ANSWER_MS = 5_000;
/** Longer than one try takes. */
const TAKEN_MS = 10_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 300_000;
const GIVE_UP_MS = 3_600_000;

/** Part of the book: its changes are in the book's transactions. */
export function createOutbox(environment: RootDatabase): Outbox {
  const messages = environment.openDB<Message, MessageId>('messages', { encoding: 'json' });
  const due = environment.openDB<true, [number, ...MessageId]>('messages-due', { encoding: 'json' });

  // Inside a transaction a put is done at once; its promise is that of the transaction.
  const write = (before: Message | undefined, after: Message): void => {
    if (before) void due.remove([before.dueAt, ...idOf(before)]);
    if (after.state === 'WAITING') void due.put([after.dueAt, ...idOf(after)], true);
    void messages.put(idOf(after), after);
  };

  return {
    add(type, charge, webhooks, isAnswered) {
      const { idempotencyKey } = charge;
      const gatewayPaymentId = 'gatewayPaymentId' in charge ? charge.gatewayPaymentId : null;
      const bookedAt = Date.now();
      const isFirst = messages.getKeysCount({ ...rangeOf(idempotencyKey), limit: 1 }) === 0;
      const isNeedless = isAnswered && webhooks.about === 'untold';
      const delayMs = (isFirst ? webhooks.firstDelayMs : 0) + webhooks.delayMs;
      const dueAt = bookedAt + delayMs + (isNeedless ? ANSWER_MS : 0);
      const message: Message = {
        event: { eventId: randomUUID(), type, idempotencyKey, gatewayPaymentId },
        bookedAt,
        firstDueAt: dueAt,
        dueAt,
        toArrive: webhooks.copies,
        isBadlySigned: webhooks.signature === 'bad',
        attempts: 0,
        state: 'WAITING',
        lastAnswer: null,
      };
      write(undefined, message);
      return isNeedless ? idOf(message) : null;
    },

    async forget(id) {
      await environment.transaction(() => {
        const message = messages.get(id);
        if (!message || message.attempts > 0) return;
        void due.remove([message.dueAt, ...id]);
        void messages.remove(id);
      });
    },

    hasDue: (now) => due.getKeysCount({ end: [now + 1], limit: 1 }) > 0,

    take(now, limit) {
      return environment.transaction(() => {
        const ids = [...due.getKeys({ end: [now + 1], limit })];
        return ids.flatMap(([, ...id]) => {
          const message = messages.get(id);
          if (!message) return [];
          const taken = { ...message, attempts: message.attempts + 1, dueAt: now + TAKEN_MS };
          write(message, taken);
          return [taken];
        });
      });
    },

    async settle(message, answer, now) {
      const after = tried(message, answer, now);
      await environment.transaction(() => write(message, after));
    },

    about(idempotencyKey) {
      const range = [...messages.getRange(rangeOf(idempotencyKey))].map(({ value }) => value);
      return range.toSorted((one, other) => one.bookedAt - other.bookedAt);
    },
  };
}

const idOf = ({ event }: Message): MessageId => [event.idempotencyKey, event.eventId];

/** Event ids are UUIDs, which come before `g`. */
const rangeOf = (idempotencyKey: string) => ({ start: [idempotencyKey], end: [idempotencyKey, 'g'] });

function tried(message: Message, lastAnswer: string, now: number): Message {
  if (/^http-2\d\d$/.test(lastAnswer)) {
    const toArrive = message.toArrive - 1;
    return { ...message, lastAnswer, toArrive, dueAt: now, state: toArrive > 0 ? 'WAITING' : 'DELIVERED' };
  }
  if (now - message.firstDueAt > GIVE_UP_MS) return { ...message, lastAnswer, state: 'GIVEN_UP' };
  const pause = Math.min(FIRST_PAUSE_MS * 2 ** (message.attempts - 1), LONGEST_PAUSE_MS);
  return { ...message, lastAnswer, dueAt: now + pause };
}
