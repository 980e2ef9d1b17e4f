import { randomUUID } from 'node:crypto';
import type { RootDatabase } from 'lmdb';
import type { Webhooks } from './behaviour';
import type { Charge } from '../src/gateways/sandbox/protocol';
import type { WebhookEvent } from '../src/gateways/sandbox/webhook';

/** A message about a charge, and the state of its delivery. Times are milliseconds since 1970. */
export interface Message {
  event: WebhookEvent;
  bookedAt: number;
  /** The time of the first try. */
  firstDueAt: number;
  dueAt: number;
  /** How often it still has to arrive. */
  toArrive: number;
  isBadlySigned: boolean;
  attempts: number;
  state: 'WAITING' | 'DELIVERED' | 'GIVEN_UP';
  /** The last response, such as `http-200`; null before the first try ends. */
  lastAnswer: string | null;
}

/** Names a message: the charge's key and the event's id. */
export type MessageId = [idempotencyKey: string, eventId: string];

/** The messages that the sandbox has to send, on disk beside the charges. */
export interface Outbox {
  /**
   * Adds a message. To be called in a transaction of the book.
   *
   * @param isAnswered whether a requester waits for a response that reports the same
   * @returns the id of the message if that response makes it unnecessary once it has arrived; else null
   */
  add(type: WebhookEvent['type'], charge: Charge, webhooks: Webhooks, isAnswered: boolean): MessageId | null;

  /** The response has arrived: deletes the message. Does nothing if the message is on its way. */
  forget(id: MessageId): Promise<void>;

  hasDue(now: number): boolean;

  /** Takes due messages, each for one try. If no caller settles a try, its message is due again a while later. */
  take(now: number, limit: number): Promise<Message[]>;

  /** Records how a try ended. Any result but 2xx is tried again with growing pauses, for an hour in total. */
  settle(message: Message, answer: string, now: number): Promise<void>;

  /** The messages about one charge, oldest first. */
  about(idempotencyKey: string): Message[];
}

/** A response that takes longer counts as not arrived. */
const ANSWER_MS = 5_000;
/** Longer than one try takes. */
const TAKEN_MS = 10_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 300_000;
const GIVE_UP_MS = 3_600_000;

/** A part of the book: it changes within the transactions of the book. */
export function createOutbox(environment: RootDatabase): Outbox {
  const messages = environment.openDB<Message, MessageId>('messages', { encoding: 'json' });
  const due = environment.openDB<true, [number, ...MessageId]>('messages-due', { encoding: 'json' });

  // Inside a transaction a put takes effect at once; its promise is that of the transaction.
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

/** Event ids are UUIDs, which sort before `g`. */
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
