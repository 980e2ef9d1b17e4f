import { z } from 'zod';

/** The largest stadium in use seats about 115,000. */
const MAX_SEATS = 120_000;

export interface PlanFault {
  path: (string | number)[];
  message: string;
}

/** What the rules below look at, read from a plan of any shape: whatever has the wrong type counts as missing. */
const text = z.string().optional().catch(undefined);
const listOf = <Item extends z.ZodType>(item: Item) => z.array(item).catch([]);
const lenientPlan = z.object({
  categories: listOf(z.object({ name: text }).catch({ name: undefined })),
  zones: listOf(
    z
      .object({
        name: text,
        rows: listOf(
          z
            .object({
              row_number: text,
              seats: listOf(
                z
                  .object({ seat_guid: text, seat_number: text, category: text })
                  .catch({ seat_guid: undefined, seat_number: undefined, category: undefined }),
              ),
            })
            .catch({ row_number: undefined, seats: [] }),
        ),
      })
      .catch({ name: undefined, rows: [] }),
  ),
});

/**
 * The faults between the parts of a plan: a category that is not defined or is defined twice, a seat_guid
 * used twice, two seats that read the same on a ticket, no seats or too many. A value of the wrong type is
 * not told here; the schema does that.
 *
 * @param plan of any shape
 */
export function checkReferences(plan: unknown): PlanFault[] {
  const parsed = lenientPlan.safeParse(plan);
  if (!parsed.success) return [];
  const { categories, zones } = parsed.data;
  const faults: PlanFault[] = [];
  const firstUse = createFirstUses(faults);

  categories.forEach(({ name }, index) => {
    firstUse('category', name, ['categories', index, 'name']);
  });
  const defined = new Set(categories.map(({ name }) => name));

  let seats = 0;
  zones.forEach((zone, zoneIndex) => {
    zone.rows.forEach((row, rowIndex) => {
      row.seats.forEach((seat, seatIndex) => {
        seats += 1;
        const path = ['zones', zoneIndex, 'rows', rowIndex, 'seats', seatIndex];
        firstUse('seat_guid', seat.seat_guid, [...path, 'seat_guid']);
        if (row.row_number !== undefined && seat.seat_number !== undefined) {
          const name = JSON.stringify([zone.name ?? zoneIndex, row.row_number, seat.seat_number]);
          firstUse('seat', name, [...path, 'seat_number']);
        }
        if (seat.category !== undefined && !defined.has(seat.category)) {
          faults.push({ path: [...path, 'category'], message: `No category is named "${seat.category}"` });
        }
      });
    });
  });
  if (seats === 0) faults.push({ path: ['zones'], message: 'The plan has no seats' });
  if (seats > MAX_SEATS) faults.push({ path: ['zones'], message: `More than ${MAX_SEATS} seats` });
  return faults;
}

/** Remembers where each name was used first, and adds a fault for every later use. */
function createFirstUses(faults: PlanFault[]) {
  const used = new Map<string, string>();
  return (kind: string, name: string | undefined, path: (string | number)[]): void => {
    if (name === undefined) return;
    const key = `${kind} ${name}`;
    const first = used.get(key);
    if (first === undefined) used.set(key, path.join('.'));
    else faults.push({ path, message: `The ${kind} ${name} is used already, by ${first}` });
  };
}
