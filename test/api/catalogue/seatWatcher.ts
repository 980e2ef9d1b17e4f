import { get, type IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import type { z } from 'zod';
import { seatsEventSchema } from '../../../src/api/catalogue/schema';

export type SeatsEvent = z.output<typeof seatsEventSchema>;

export interface SeatStream {
  response: IncomingMessage;
  /** In the order of their arrival. */
  events: SeatsEvent[];
  /** The next event that no call has returned yet. */
  next(): Promise<SeatsEvent>;
  close(): void;
}

export interface SeatStreamOptions {
  since?: number;
  lastEventId?: string;
  heard?: (event: SeatsEvent) => void;
}

/** Follows a schedule as the documentation tells clients to. Reads `seats` events and checks their shape. */
export async function followSeats(
  url: string,
  scheduleId: string,
  { since, lastEventId, heard }: SeatStreamOptions = {},
): Promise<SeatStream> {
  const query = since === undefined ? '' : `?since=${since}`;
  const request = get(`${url}/v1/schedules/${scheduleId}/seats/events${query}`, {
    agent: false,
    headers: lastEventId === undefined ? {} : { 'Last-Event-ID': lastEventId },
  });
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve).once('error', reject);
  });
  const events: SeatsEvent[] = [];
  const waiting: ((event: SeatsEvent) => void)[] = [];
  let handed = 0;
  let id = '';
  // A stream that is cut is not an error of the test.
  request.on('error', () => undefined);
  response.on('error', () => undefined);
  createInterface({ input: response }).on('line', (line) => {
    if (line.startsWith('id: ')) id = line.slice('id: '.length);
    if (!line.startsWith('data: ')) return;
    const event = seatsEventSchema.parse(JSON.parse(line.slice('data: '.length)));
    if (id !== String(event.version)) throw new Error(`the event ${event.version} has the id ${id}`);
    events.push(event);
    heard?.(event);
    const waiter = waiting.shift();
    if (!waiter) return;
    handed += 1;
    waiter(event);
  });
  return {
    response,
    events,
    async next() {
      const event = events[handed];
      if (event) {
        handed += 1;
        return event;
      }
      return new Promise((resolve) => waiting.push(resolve));
    },
    close: () => void response.destroy(),
  };
}
