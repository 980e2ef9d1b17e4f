import { z } from 'zod';

const point = z.object({ x: z.number(), y: z.number() });
const color = z.string().meta({ description: 'Any CSS colour' });

/** The members of an area of any shape. */
const area = {
  position: point,
  rotation: z.number().meta({ description: 'Degrees, clockwise around `position`. It also turns the text' }),
  color: color.nullable().meta({ description: 'null: not filled' }),
  borderColor: color.nullable().meta({ description: 'null: no border' }),
  text: z
    .object({
      text: z.string(),
      position: point.meta({ description: 'The middle of the text, relative to the position of the area' }),
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
      .meta({ description: 'The best available seats are near it. null: its position is not known' }),
    categories: z.array(z.object({ name: z.string(), color, seats: z.int() })).meta({
      description: 'All categories of the plan. The seat map does not list those that are not for sale',
    }),
    zones: z.array(
      z.object({
        zone: z.string(),
        position: point.meta({
          description: 'The origin of the coordinates that the plan uses in this zone',
        }),
      }),
    ),
    rows: z.array(
      z.object({
        zone: z.string(),
        row: z.string().meta({ description: 'The name in words, as in the seat map' }),
        rowNumber: z.string().meta({ description: 'The number that a page draws beside the row' }),
        rowNumberPosition: z.enum(['start', 'end', 'both']).nullable().meta({
          description: 'The end or ends of the row where a page draws the number. null: nowhere',
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
