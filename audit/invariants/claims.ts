import type { Redis } from 'ioredis';
import { z } from 'zod';
import type { Snapshot } from '../evidence/database';

/** A claim that ends sooner may be the lease of a rejected hold. */
const LEASE_MS = 15_000;
const BATCH = 1_000;

/**
 * Of Redis: the reservation that a claim names has the seat in Postgres too. A claim that is missing is no fault,
 * because Redis may lose everything.
 */
export async function faultsOfClaims(snapshot: Snapshot, redis: Redis): Promise<string[]> {
  const live = await snapshot.read(
    'SELECT seat_id, reservation_id FROM allocations WHERE released_at IS NULL',
    z.object({ seat_id: z.string(), reservation_id: z.string() }),
  );
  const owners = new Map(live.map(({ seat_id, reservation_id }) => [seat_id, reservation_id]));
  const faults: string[] = [];
  // ioredis types it as any; it is a page of keys.
  for await (const page of redis.scanStream({ match: '{*}:seat:*', count: BATCH })) {
    const keys = z.array(z.string()).parse(page);
    const reads = redis.pipeline();
    for (const key of keys) reads.get(key).pttl(key);
    const answers = (await reads.exec()) ?? [];
    for (const [index, key] of keys.entries()) {
      const owner = answers[2 * index]?.[1];
      const leftMs = Number(answers[2 * index + 1]?.[1]);
      const seatId = key.slice(key.lastIndexOf(':') + 1);
      if (leftMs > LEASE_MS && owner !== owners.get(seatId)) {
        const postgres = owners.get(seatId) ?? 'no owner';
        faults.push(
          `seat ${seatId} is claimed for reservation ${String(owner)}, and Postgres has ${postgres}`,
        );
      }
    }
  }
  return faults;
}
