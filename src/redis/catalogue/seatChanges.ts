import type { Redis } from 'ioredis';
import { changeChannel } from './seatMapScripts';

/** Reports changed seats as soon as Redis does. A report is only a hint: it may be lost or come twice. */
export interface SeatChanges {
  /**
   * Calls `changed` after every announced change. Also calls it when a lost connection is back, because seats may have
   * changed meanwhile. One listener for each schedule.
   *
   * @returns a function that ends it
   */
  listen(scheduleId: string, changed: () => void): () => void;
}

/**
 * @param subscriber a separate connection, because a connection that listens can do nothing else; it carries each
 *   change once, however many clients watch a schedule
 */
export function createSeatChanges(subscriber: Redis): SeatChanges {
  const listeners = new Map<string, () => void>();

  // A rejection means a lost connection. When the connection is back, all channels are subscribed again.
  const ifConnected = (command: () => Promise<unknown>): void => {
    if (subscriber.status === 'ready') void command().catch(() => undefined);
  };

  subscriber.on('message', (channel: string) => listeners.get(channel)?.());
  subscriber.on('ready', () => {
    if (listeners.size > 0) ifConnected(() => subscriber.subscribe(...listeners.keys()));
    for (const changed of listeners.values()) changed();
  });

  return {
    listen(scheduleId, changed) {
      const channel = changeChannel(scheduleId);
      listeners.set(channel, changed);
      ifConnected(() => subscriber.subscribe(channel));
      return () => {
        listeners.delete(channel);
        ifConnected(() => subscriber.unsubscribe(channel));
      };
    },
  };
}
