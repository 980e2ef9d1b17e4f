import { z } from 'zod';

/** A schedule's own waiting room: how fast it lets people in, and how many may be in at once. */
export const waitingRoomSchema = z.strictObject({
  admitPerSecond: z.number().positive().max(10_000),
  maxActive: z.number().int().min(1).max(1_000_000),
});

export type WaitingRoom = z.output<typeof waitingRoomSchema>;
