import { z } from 'zod';
import type { Answer, Call, Client } from './client';
import type { ClientLog } from './clientLog';
import type { Person } from './protocol';

/** How often the map is read for everybody, as a cache at the edge would. */
const MAP_AGE_MS = 250;
/** Enough to see what went wrong. */
const SURPRISES_AT_MOST = 20;

export type SaleFloor = ReturnType<typeof openSaleFloor>;

const mapSchema = z.object({
  seats: z.array(z.object({ seatId: z.string(), status: z.enum(['AVAILABLE', 'HELD', 'SOLD', 'BLOCKED']) })),
});

/** What all buyers of a sale share: the map as it was last seen, and what they have seen of the service. */
export function openSaleFloor({
  client,
  log,
  scheduleId,
  closesAt,
}: {
  client: Client;
  log: ClientLog;
  scheduleId: string;
  /** As `performance.now()` tells time: the sale is given up then. */
  closesAt: number;
}) {
  let over = false;
  /** Everybody who waits. A signal would go through all of its listeners for each that is added. */
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

  /** Sends again what was refused with 503, when the service asks for it. Null once the sale is over. */
  const send = async (call: Call): Promise<Answer | null> => {
    while (!isOver()) {
      const answer = await client.send(call);
      seen.statuses[answer.status] = (seen.statuses[answer.status] ?? 0) + 1;
      if (answer.status !== 503) {
        if (answer.status >= 500) {
          surprise(`${call.method} ${call.path} answers ${answer.status}: ${answer.text}`);
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

    /** Up to so many free seats beside one another in the map's order, at random; none where none is free. */
    chooseSeats(count: number): string[] {
      const first = Math.floor(Math.random() * free.length);
      return free.slice(first, first + count);
    },

    /** Somebody was told that these are gone. */
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

    /** Reads the map until every seat is sold; then the sale is over. */
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
