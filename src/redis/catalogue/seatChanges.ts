import type { Redis } from 'ioredis';
import { changeChannel } from './seatMapCache';

/** Tells of changed seats as soon as Redis does; a hint, which may be lost or come twice. */
export interface SeatChanges {
  /**
   * Calls `changed` after every announced change, and after a lost connection is back, because something may
   * have happened meanwhile. One listener a schedule.
   *
   * @returns ends it
   */
  listen(scheduleId: string, changed: () => void): () => void;
}

/**
 * @param subscriber a connection for this alone, because one that listens can do nothing else; however many
 *   clients watch a schedule, it carries each change once
 */
export function createSeatChanges(subscriber: Redis): SeatChanges {
  const listeners = new Map<string, () => void>();

  // A refusal means a lost connection, and all channels are asked for again when it is back.
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
