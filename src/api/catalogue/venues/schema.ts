import { IANAZone } from 'luxon';
import { z } from 'zod';
import { seatingPlanSchema } from '../../../domain/catalogue/seatingPlan/schema';
import { line } from '../adminSchema';

const coordinate = z.number().min(-1_000_000).max(1_000_000);

const timeZone = z
  .string()
  .max(64)
  .refine((name) => IANAZone.isValidZone(name), 'Must be a time zone such as Asia/Seoul')
  .meta({ description: 'IANA name; days before a show are days there' });

/** A new venue but for its plan, which is read part by part (see `readPlan`). */
export const venueFields = z.strictObject({
  name: line,
  timeZone: timeZone.default('Asia/Seoul'),
  stage: z
    .strictObject({ x: coordinate, y: coordinate })
    .optional()
    .meta({ description: 'Where it is, in plan units; left out, it is found by its caption in the plan' }),
  plan: z.unknown(),
});

/** The whole body, for the API's document. */
export const newVenueSchema = venueFields.extend({ plan: seatingPlanSchema }).meta({ id: 'NewVenue' });

/** The body before it is read. */
export const newVenueBody = z
  .custom<Buffer>((value) => Buffer.isBuffer(value))
  .meta({ override: { $ref: '#/components/schemas/NewVenue' } });

export const venueSchema = z
  .object({
    venueId: z.uuid(),
    seats: z.int(),
    stage: z
      .object({ x: z.number(), y: z.number() })
      .nullable()
      .meta({
        description:
          'As it was given or found, in plan units. null: neither; a warning then says where the best ' +
          'available seats are',
      }),
    warnings: z
      .array(z.object({ path: z.string(), message: z.string() }))
      .meta({ description: 'Things that may be mistakes; at most 100' }),
  })
  .meta({ id: 'Venue' });
