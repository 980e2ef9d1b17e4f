import { z } from 'zod';

/** A part of the text on a ticket, such as a zone, a row or a seat number. */
const label = z.string().max(100);
/** Any text. If it is not a CSS colour, the service uses a neutral colour and reports a warning. */
const color = z.string();
const uuid = z.string().max(100).optional();
const length = z.number().min(0).max(1_000_000);
const coordinate = z.number().min(-1_000_000).max(1_000_000);

/** Relative to the parent element: a seat to its row, a row to its zone. */
const position = z.looseObject({ x: coordinate, y: coordinate });

/**
 * Our own field, which pretix does not have. It marks a wheelchair space, or the companion seat beside it. A seat may
 * have the field, or a category may have it for all its seats.
 */
const accessible = z.boolean().optional();

export const categorySchema = z.looseObject({ name: label.min(1), color: color.optional(), accessible });

export const seatSchema = z.looseObject({
  seat_guid: z.string().min(1).max(200),
  seat_number: label,
  position,
  /** The name of a category of the plan. */
  category: label,
  uuid,
  radius: length.optional(),
  accessible,
  start_direction: z.string().nullish(),
});

const rowFields = {
  row_number: label,
  position: position.optional(),
  uuid,
  /** Where the number of the row is drawn: start, end or both. With any other value it is not drawn. */
  row_number_position: z.string().nullish(),
  /** The names of the row and of its seats in words. `%s` stands for the number. */
  row_label: label.nullish(),
  seat_label: label.nullish(),
};

/** For drawing only: stages, walls, captions. Older plans have only a width, a height and a text, and no shape. */
export const areaSchema = z.looseObject({
  shape: z.enum(['polygon', 'rectangle', 'ellipse', 'circle', 'text']).optional(),
  position: position.optional(),
  /** Degrees, clockwise around `position`. */
  rotation: z.number().optional(),
  color: color.optional(),
  border_color: color.optional(),
  uuid,
  width: length.optional(),
  height: length.optional(),
  rectangle: z.looseObject({ width: length, height: length }).optional(),
  circle: z.looseObject({ radius: length }).optional(),
  ellipse: z.looseObject({ radius: position }).optional(),
  polygon: z.looseObject({ points: z.array(position) }).optional(),
  text: z
    .union([
      z.string().max(1_000),
      z.looseObject({
        text: z.string().max(1_000),
        color: color.optional(),
        size: length.optional(),
        position: position.optional(),
      }),
    ])
    .optional(),
});

const zoneFields = {
  name: label.optional(),
  zone_id: z.string().max(200).optional(),
  uuid,
  position,
};

const planFields = {
  name: z.string().max(200),
  size: z.looseObject({ width: length, height: length }).optional(),
};

/**
 * The schema of each part of a plan, without the parts inside it. The service checks a plan part by part. So a plan
 * with hundreds of thousands of faults costs as little as a plan with a hundred.
 */
export const rowSchema = z.looseObject({ ...rowFields, seats: z.array(z.unknown()) });
export const zoneSchema = z.looseObject({
  ...zoneFields,
  rows: z.array(z.unknown()),
  areas: z.array(z.unknown()).optional(),
});
export const planSchema = z.looseObject({
  ...planFields,
  categories: z.array(z.unknown()),
  zones: z.array(z.unknown()),
});

/**
 * The schema of the whole plan, for the API's document: a seating plan in pretix's JSON format, as its editor writes
 * it. pretix's own schema is `src/pretix/static/seating/seating-plan.schema.json` of github.com/pretix/pretix. The
 * service keeps properties that it does not know.
 */
export const seatingPlanSchema = z
  .looseObject({
    ...planFields,
    categories: z.array(categorySchema),
    zones: z.array(
      z.looseObject({
        ...zoneFields,
        rows: z.array(z.looseObject({ ...rowFields, seats: z.array(seatSchema) })),
        areas: z.array(areaSchema).optional(),
      }),
    ),
  })
  .meta({ id: 'SeatingPlan', description: "A seating plan in pretix's JSON format" });

export type SeatingPlan = z.output<typeof seatingPlanSchema>;
export type PlanArea = z.output<typeof areaSchema>;
export type PlanRow = z.output<typeof rowSchema>;
