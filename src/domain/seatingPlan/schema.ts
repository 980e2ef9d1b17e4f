import { z } from 'zod';
import { checkReferences } from './references';

/** CSS colours as plans carry them: `#rrggbb`, a name, or rgb()/hsl(). Nothing else reaches a style sheet. */
const color = z
  .string()
  .max(64)
  // In both cases of letters without a flag, which the API document could not carry.
  .regex(
    /^(#[\da-fA-F]{3,8}|[a-zA-Z]+|([rR][gG][bB]|[hH][sS][lL])[aA]?\([\d\s.,%/+-]+\))$/,
    'Not a CSS color',
  );

/** One part of what is printed on a ticket, such as a zone, a row or a seat number. */
const label = z.string().max(100);
const uuid = z.string().max(100).optional();
const length = z.number().min(0).max(1_000_000);
const coordinate = z.number().min(-1_000_000).max(1_000_000);

/** Relative to the element around it: a seat to its row, a row to its zone. */
const position = z.looseObject({ x: coordinate, y: coordinate });

/**
 * Ours, pretix has no word for it: a wheelchair space, or the seat of somebody's companion beside it. Said of a
 * seat, or of a category and with it of all its seats.
 */
const accessible = z.boolean().optional();

const category = z.looseObject({ name: label.min(1), color: color.optional(), accessible });

const seat = z.looseObject({
  seat_guid: z.string().min(1).max(200),
  seat_number: label,
  position,
  /** The name of one of the plan's categories. */
  category: label,
  uuid,
  radius: length.optional(),
  accessible,
  start_direction: z.string().nullish(),
});

const row = z.looseObject({
  row_number: label,
  seats: z.array(seat),
  position: position.optional(),
  uuid,
  row_number_position: z.string().nullish(),
  row_label: label.nullish(),
  seat_label: label.nullish(),
});

/** Drawing only: stages, walls, captions. Older plans have a bare width, height and text instead of a shape. */
const area = z.looseObject({
  shape: z.enum(['polygon', 'rectangle', 'ellipse', 'circle', 'text']).optional(),
  position: position.optional(),
  rotation: z.number().optional(),
  color: z.union([color, z.literal('')]).optional(),
  border_color: z.union([color, z.literal('')]).optional(),
  uuid,
  width: length.optional(),
  height: length.optional(),
  rectangle: z.looseObject({ width: length, height: length }).optional(),
  circle: z.looseObject({ radius: length }).optional(),
  ellipse: z.looseObject({ radius: position }).optional(),
  polygon: z.looseObject({ points: z.array(position) }).optional(),
  text: z
    .union([
      z.string(),
      z.looseObject({
        text: z.string(),
        color: color.optional(),
        size: length.optional(),
        position: position.optional(),
      }),
    ])
    .optional(),
});

const zone = z.looseObject({
  name: label.optional(),
  zone_id: z.string().max(200).optional(),
  uuid,
  position,
  rows: z.array(row),
  areas: z.array(area).optional(),
});

/** Where a zone is, and what is drawn in it beside its seats. */
export const zoneAreasSchema = zone.pick({ position: true, areas: true });

/**
 * A seating plan in pretix's JSON format, as its editor writes it: categories, and zones of rows of seats.
 * What a schema of shapes cannot say is checked too (see `checkReferences`), also where the shape has
 * faults, so that one answer tells all of them. Properties that are not known here are kept.
 */
export const seatingPlanSchema = z
  .looseObject({
    name: z.string().max(200),
    categories: z.array(category),
    zones: z.array(zone),
    size: z.looseObject({ width: length, height: length }).optional(),
  })
  .superRefine(
    (plan, context) => {
      for (const { path, message } of checkReferences(plan))
        context.addIssue({ code: 'custom', path, message });
    },
    { when: () => true },
  )
  .meta({ id: 'SeatingPlan', description: "A seating plan in pretix's JSON format" });

export type SeatingPlan = z.output<typeof seatingPlanSchema>;
export type ZoneAreas = z.output<typeof zoneAreasSchema>;
