import { z } from 'zod';

const point = z.object({ x: z.number(), y: z.number() });
const color = z.string().meta({ description: 'Any colour of CSS' });

/** The members of an area of any shape. */
const area = {
  position: point,
  rotation: z
    .number()
    .meta({ description: 'Degrees, clockwise around `position`; it turns the text as well' }),
  color: color.nullable().meta({ description: 'null: not filled' }),
  borderColor: color.nullable().meta({ description: 'null: no border' }),
  text: z
    .object({
      text: z.string(),
      position: point.meta({ description: "The text's middle, relative to the area's position" }),
      color,
      size: z.number(),
    })
    .nullable(),
};

export const hallPlanSchema = z
  .object({
    scheduleId: z.uuid(),
    version: z.int().meta({ description: 'Also the ETag' }),
    size: z.object({ width: z.number(), height: z.number() }),
    stage: point
      .nullable()
      .meta({ description: 'The best available seats are near to it; null: nobody knows where it is' }),
    categories: z.array(z.object({ name: z.string(), color, seats: z.int() })).meta({
      description: 'Of the plan: also those that are not for sale, which the seat map does not list',
    }),
    zones: z.array(
      z.object({
        zone: z.string(),
        position: point.meta({ description: 'Where the coordinates of its plan begin' }),
      }),
    ),
    rows: z.array(
      z.object({
        zone: z.string(),
        row: z.string().meta({ description: 'The name in words, as in the seat map' }),
        rowNumber: z.string().meta({ description: 'A page draws it beside the row' }),
        rowNumberPosition: z.enum(['start', 'end', 'both']).nullable().meta({
          description: 'Beside which of its ends the number is drawn; null: nowhere',
        }),
        seats: z.array(
          z.object({ seatId: z.uuid(), guid: z.string().meta({ description: '`seat_guid` of the plan' }) }),
        ),
      }),
    ),
    areas: z.array(
      z.discriminatedUnion('shape', [
        z.object({ shape: z.literal('polygon'), ...area, polygon: z.object({ points: z.array(point) }) }),
        z.object({
          shape: z.literal('rectangle'),
          ...area,
          rectangle: z.object({ width: z.number(), height: z.number() }),
        }),
        z.object({ shape: z.literal('circle'), ...area, circle: z.object({ radius: z.number() }) }),
        z.object({ shape: z.literal('ellipse'), ...area, ellipse: z.object({ radius: point }) }),
        z.object({ shape: z.literal('text'), ...area }),
      ]),
    ),
  })
  .meta({ id: 'HallPlan' });
