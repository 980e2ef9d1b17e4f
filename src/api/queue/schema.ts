import { z } from 'zod';

/** Where a place stands. */
export const queueSchema = z
  .object({
    status: z.enum(['WAITING', 'ACTIVE']),
    position: z
      .number()
      .int()
      .min(0)
      .nullable()
      .describe(
        'Place in line, counted from 1; 0 when ACTIVE. It never grows. Null until the queue answers.',
      ),
    etaSeconds: z
      .number()
      .int()
      .min(0)
      .nullable()
      .describe('Estimated wait; 0 when ACTIVE. Null until the queue answers.'),
    pollAfterSeconds: z
      .number()
      .int()
      .min(1)
      .describe('Ask again then. Who is silent for a minute loses the place.'),
    expiresAt: z.iso.datetime().nullable().describe('When an ACTIVE place ends; null while WAITING.'),
  })
  .meta({ id: 'Queue' });

export type QueueStatus = z.output<typeof queueSchema>;

export const queueTokenSchema = z
  .object({ queueToken: z.string(), queue: queueSchema })
  .meta({ id: 'QueueTokenAnswer' });
