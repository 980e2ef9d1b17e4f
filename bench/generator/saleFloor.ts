import { z } from 'zod';
import type { Answer, Call, Client } from './client';
import type { ClientLog } from './clientLog';
import type { Person } from './protocol';

/** How often the map is read for all buyers together, as an edge cache would do it. */
const MAP_AGE_MS = 250;
/** Enough to see the problem. */
const SURPRISES_AT_MOST = 20;

export type SaleFloor = ReturnType<typeof openSaleFloor>;

const mapSchema = z.object({
  seats: z.array(z.object({ seatId: z.string(), status: z.enum(['AVAILABLE', 'HELD', 'SOLD', 'BLOCKED']) })),
});

/** What all buyers of a sale share: the last version of the map, and what they have seen of the service. */
export function openSaleFloor({
  client,
  log,
  scheduleId,
  closesAt,
}: {
  client: Client;
  log: ClientLog;
  scheduleId: string;
  /** On the clock of `performance.now()`. The sale is given up at this time. */
  closesAt: number;
}) {
  let over = false;
  /** All buyers who wait. An AbortSignal would go through all of its listeners each time one is added. */
  const sleepers = new Set<() => void>();
  let free: string[] = [];
  const seen = {
    statuses: {} as Record<string, number>,
    surprises: [] as string[],
    latencies: { enter: [], hold: [], pay: [] } as Record<'enter' | 'hold' | 'pay', number[]>,
    admitted: 0,
    confirmed: [] as { at: number; seatIds: string[] }[],
  };
  const surprise = (what: string): void => {
    if (seen.surprises.length < SURPRISES_AT_MOST) seen.surprises.push(what);
  };
  const isOver = (): boolean => over;
  const close = (): void => {
    over = true;
    for (const wake of sleepers) wake();
  };

  /** Ends early when the sale is over. */
  const wait = async (ms: number): Promise<void> => {
    if (over) return;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        sleepers.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      sleepers.add(wake);
    });
  };

  /** After a 503, sends the request again when the service asks for it. Null once the sale is over. */
  const send = async (call: Call): Promise<Answer | null> => {
    while (!isOver()) {
      const answer = await client.send(call);
      seen.statuses[answer.status] = (seen.statuses[answer.status] ?? 0) + 1;
      if (answer.status !== 503) {
        if (answer.status >= 500) {
          surprise(`${call.method} ${call.path} returned ${answer.status}: ${answer.text}`);
        }
        return answer;
      }
      await wait(Number(answer.headers['retry-after'] ?? 1) * 1_000);
    }
    return null;
  };

  return {
    scheduleId,
    log,
    seen,
    send,
    wait,
    isOver,
    surprise,

    /** Up to `count` free seats beside one another in the order of the map, at random. Empty if no seat is free. */
    chooseSeats(count: number): string[] {
      const first = Math.floor(Math.random() * free.length);
      return free.slice(first, first + count);
    },

    /** A buyer has learned that these seats are taken. */
    forget(seatIds: readonly string[]): void {
      free = free.filter((seatId) => !seatIds.includes(seatId));
    },

    confirm(person: Person, reservation: string, seatIds: string[]): void {
      log.write({
        kind: 'confirmed',
        at: Date.now(),
        user: person.userId,
        reservation,
        schedule: scheduleId,
        seats: seatIds,
      });
      seen.confirmed.push({ at: performance.now(), seatIds });
    },

    /** Reads the map until every seat is sold. Then the sale is over. */
    async watch(): Promise<void> {
      while (!isOver()) {
        const map = await client.call(
          { method: 'GET', path: `/v1/schedules/${scheduleId}/seats` },
          200,
          mapSchema,
        );
        free = map.seats.filter(({ status }) => status === 'AVAILABLE').map(({ seatId }) => seatId);
        const isSoldOut = free.length === 0 && map.seats.every(({ status }) => status !== 'HELD');
        if (isSoldOut || performance.now() > closesAt) close();
        await wait(MAP_AGE_MS);
      }
    },
  };
}
