import { z } from 'zod';
import type { Snapshot } from './database';

/** A waiting room of one schedule, as its operator set it. */
export interface RoomLimits {
  room: string;
  admitPerSecond: number;
  /** The most clients that may be admitted at once. */
  maxActive: number;
}

export async function readRooms(snapshot: Snapshot): Promise<RoomLimits[]> {
  return snapshot.read(
    `SELECT id::text AS room, (waiting_room->>'admitPerSecond')::float8 AS "admitPerSecond",
            (waiting_room->>'maxActive')::int AS "maxActive"
     FROM schedules WHERE waiting_room IS NOT NULL`,
    z.object({ room: z.string(), admitPerSecond: z.number(), maxActive: z.number() }),
  );
}
