import { IANAZone } from 'luxon';
import { z } from 'zod';
import { seatingPlanSchema } from '../../../domain/catalogue/seatingPlan/schema';
import { line } from '../adminSchema';

const coordinate = z.number().min(-1_000_000).max(1_000_000);

const timeZone = z
  .string()
  .max(64)
  .refine((name) => IANAZone.isValidZone(name), 'Must be a time zone such as Asia/Seoul')
  .meta({ description: 'IANA name. The days before a show are days in this time zone' });

/** The fields of a new venue. `readPlan` reads the plan part by part. */
export const venueFields = z.strictObject({
  name: line,
  timeZone: timeZone.default('Asia/Seoul'),
  stage: z.strictObject({ x: coordinate, y: coordinate }).optional().meta({
    description:
      'The position of the stage, in plan units. Without it, the service looks for the caption of a stage in the plan',
  }),
  plan: z.unknown(),
});

/** The whole body, for the OpenAPI document. */
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
          'The position that was given or found, in plan units. null: neither; then a warning says where the ' +
          'best available seats are',
      }),
    warnings: z
      .array(z.object({ path: z.string(), message: z.string() }))
      .meta({ description: 'Things that may be mistakes; at most 100' }),
  })
  .meta({ id: 'Venue' });
