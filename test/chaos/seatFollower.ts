import { get, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { z } from 'zod';
import { seatsEventSchema } from '../../src/api/catalogue/schema';

type SeatsEvent = z.output<typeof seatsEventSchema>;
type Status = SeatsEvent['changes'][number]['status'];

const RECONNECT_MS = 500;

/** A client that draws a seat map from the event stream. After a cut, it connects again with its last version. */
export interface SeatFollower {
  /** The status of each seat. */
  readonly map: ReadonlyMap<string, Status>;
  /** Events that break the contract, in words. */
  readonly faults: readonly string[];
  stop(): void;
}

export function followSeatMap(apiUrl: string, scheduleId: string): SeatFollower {
  const map = new Map<string, Status>();
  const faults: string[] = [];
  const ending = new AbortController();
  let version: number | null = null;

  /** Resolves when the stream has ended in any way. */
  async function connect(): Promise<void> {
    const response = await open();
    if (response.statusCode !== 200) {
      response.destroy();
      return;
    }
    let rest = '';
    response.setEncoding('utf8').on('data', (chunk: string) => {
      const blocks = `${rest}${chunk}`.split('\n\n');
      // The last block is not complete yet.
      rest = blocks.pop() ?? '';
      for (const block of blocks) apply(block);
    });
    await new Promise((resolve) => void response.once('close', resolve));
  }

  async function open(): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const headers = version === null ? {} : { 'Last-Event-ID': String(version) };
      const { signal } = ending;
      get(
        `${apiUrl}/v1/schedules/${scheduleId}/seats/events`,
        { agent: false, headers, signal },
        (response) => {
          // A cut stream is no fault. The request's error comes after its response here.
          response.on('error', () => undefined);
          resolve(response);
        },
      ).on('error', reject);
    });
  }

  function apply(block: string): void {
    const data = /^data: (.*)$/m.exec(block)?.[1];
    if (data === undefined) return;
    try {
      const event = seatsEventSchema.parse(JSON.parse(data));
      for (const { seatId, status } of event.changes) map.set(seatId, status);
      ({ version } = event);
    } catch (error) {
      faults.push(`the event stream sent ${data}: ${String(error)}`);
    }
  }

  void (async () => {
    while (!ending.signal.aborted) {
      await connect().catch(() => undefined);
      await sleep(RECONNECT_MS);
    }
  })();

  return { map, faults, stop: () => ending.abort() };
}
