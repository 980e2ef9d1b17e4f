import { z } from 'zod';

/**
 * The waiting room of one schedule: the maximum number of active clients, and the admission rate. While the system is
 * slow, the rate is less than `admitPerSecond`, but never less than `minAdmitPerSecond`.
 */
export const waitingRoomSchema = z
  .strictObject({
    admitPerSecond: z.number().positive().max(10_000),
    minAdmitPerSecond: z
      .number()
      .positive()
      .max(10_000)
      .optional()
      .meta({ description: 'A tenth of admitPerSecond if absent' }),
    maxActive: z.number().int().min(1).max(1_000_000),
  })
  .refine(({ admitPerSecond, minAdmitPerSecond = 0 }) => minAdmitPerSecond <= admitPerSecond, {
    path: ['minAdmitPerSecond'],
    message: 'At most admitPerSecond',
  });

export type WaitingRoom = z.output<typeof waitingRoomSchema>;
