import { z } from 'zod';

/**
 * A schedule's own waiting room: how many may be in at once, and how fast it lets people in. While the system is
 * slow that is less than `admitPerSecond`, but never less than `minAdmitPerSecond`.
 */
export const waitingRoomSchema = z
  .strictObject({
    admitPerSecond: z.number().positive().max(10_000),
    minAdmitPerSecond: z
      .number()
      .positive()
      .max(10_000)
      .optional()
      .meta({ description: 'A tenth of admitPerSecond when left out' }),
    maxActive: z.number().int().min(1).max(1_000_000),
  })
  .refine(({ admitPerSecond, minAdmitPerSecond = 0 }) => minAdmitPerSecond <= admitPerSecond, {
    path: ['minAdmitPerSecond'],
    message: 'At most admitPerSecond',
  });

export type WaitingRoom = z.output<typeof waitingRoomSchema>;
