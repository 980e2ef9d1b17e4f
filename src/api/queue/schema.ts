import { z } from 'zod';
import { SUPPLY_STATES } from '../../domain/catalogue/seatSupply';

/** The state of a place. */
export const queueSchema = z
  .object({
    status: z.enum(['WAITING', 'ACTIVE']),
    position: z
      .number()
      .int()
      .min(0)
      .nullable()
      .describe(
        'Place in line, counted from 1; 0 when ACTIVE. It never grows. Null before the draw, and until the queue ' +
          'responds.',
      ),
    etaSeconds: z
      .number()
      .int()
      .min(0)
      .nullable()
      .describe(
        'Estimated wait, from the speed of the line; 0 when ACTIVE. Null if there is no position, and while no ' +
          'seat is free.',
      ),
    pollAfterSeconds: z
      .number()
      .int()
      .min(1)
      .describe(
        'Ask again after this time. A client that does not ask for a minute loses its place. No client loses its ' +
          'place before the draw; the minute begins with it.',
      ),
    supply: z
      .enum(SUPPLY_STATES)
      .optional()
      .describe(
        'The seats of the schedule. OPEN: some are free. FULL: none is free at the moment, but holds may end. ' +
          'SOLD_OUT: none is free, and none is held. The room lets clients in only while OPEN. The field is there ' +
          'only while WAITING for one schedule whose seats are counted.',
      ),
    expiresAt: z.iso.datetime().nullable().describe('When an ACTIVE place ends; null while WAITING.'),
    opensAt: z.iso
      .datetime()
      .optional()
      .describe('Only before the draw: when the sale opens, and the draw is held.'),
    entryId: z
      .uuid()
      .optional()
      .describe(
        'Only before the draw: the entry of this place in the draw, as `GET /v1/schedules/{id}/draw` will list ' +
          'it.',
      ),
  })
  .meta({ id: 'Queue' });

export type QueueStatus = z.output<typeof queueSchema>;

export const queueTokenSchema = z
  .object({ queueToken: z.string(), queue: queueSchema })
  .meta({ id: 'QueueTokenAnswer' });
