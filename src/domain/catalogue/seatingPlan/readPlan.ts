import { drawArea, measureArea, type DrawnArea } from './areas';
import { countFaults } from './bounds';
import { check, type Path } from './check';
import { NEUTRAL_COLOR, usableColor } from './colors';
import { createFaultList, type FaultList, type PlanFault } from './faults';
import { ORIGIN, rounded, type Point } from './geometry';
import type { Hall, HallDrawing } from './hall';
import { listIn } from './members';
import { plainName, zoneName } from './names';
import { createSeatReader, STANDARD, type CountedCategory } from './readSeats';
import { areaSchema, categorySchema, planSchema, zoneSchema } from './schema';
import { findStage } from './stage';

export type PlanReading =
  | { kind: 'hall'; hall: Hall; warnings: readonly PlanFault[] }
  /** All faults, but at most 100. */
  | { kind: 'faulty'; faults: readonly PlanFault[] };

/**
 * Reads a seating plan in pretix's JSON format. A plan with a fault cannot be used. Faults are a wrong type, an
 * undefined category, a seat_guid used twice, no seats, or too many parts. A warning reports something doubtful: two
 * seats with the same text on a ticket, or an unknown colour.
 *
 * @param plan any value
 * @param stage the position that the operator gives, in plan units; if absent, the service looks for the stage
 */
export function readPlan(plan: unknown, stage?: Point): PlanReading {
  const tooMany = countFaults(plan);
  if (tooMany.length > 0) return { kind: 'faulty', faults: tooMany };
  const faults = createFaultList();
  const warnings = createFaultList();
  const outer = check(planSchema, plan, [], faults);
  const categories = readCategories(listIn(plan, 'categories'), faults, warnings);
  const reader = createSeatReader(categories, faults, warnings);
  const parts: Pick<HallDrawing, 'zones' | 'areas'> = { zones: [], areas: [] };

  for (const [index, value] of listIn(plan, 'zones').entries()) {
    if (faults.full) break;
    const path: Path = ['zones', index];
    const checked = check(zoneSchema, value, path, faults);
    const [zone, origin] = [zoneName(checked?.name, index), checked?.position ?? ORIGIN];
    parts.zones.push({ zone, position: rounded(origin) });
    for (const [place, row] of listIn(value, 'rows').entries()) {
      if (faults.full) break;
      reader.readRow(row, { zone, origin, path: [...path, 'rows', place] });
    }
    parts.areas.push(...readAreas(listIn(value, 'areas'), { origin, path, faults, warnings }));
  }
  if (outer && reader.seen === 0) faults.add(['zones'], 'The plan has no seats');
  if (reader.withoutCategory > 0) {
    warnings.add(['categories'], `${reader.withoutCategory} seats have no category; they get "${STANDARD}"`);
  }
  if (!outer || faults.kept.length > 0) return { kind: 'faulty', faults: faults.kept };

  const drawing: HallDrawing = {
    size: outer.size
      ? { width: outer.size.width, height: outer.size.height }
      : extentOf(reader.seats, parts.areas),
    stage: stage ? rounded(stage) : findStage(parts.areas),
    categories: [...categories.values()].map(({ name, color, seats }) => ({ name, color, seats })),
    rows: reader.rows,
    ...parts,
  };
  return { kind: 'hall', hall: { seats: reader.seats, drawing }, warnings: warnings.kept };
}

function readCategories(
  values: readonly unknown[],
  faults: FaultList,
  warnings: FaultList,
): Map<string, CountedCategory> {
  const categories = new Map<string, CountedCategory>();
  for (const [index, value] of values.entries()) {
    const path: Path = ['categories', index];
    const checked = check(categorySchema, value, path, faults);
    if (!checked) continue;
    const name = plainName(checked.name);
    if (name === '') faults.add([...path, 'name'], 'The category has no name');
    if (categories.has(name)) faults.add([...path, 'name'], `The category ${name} is defined already`);
    const color = checked.color === undefined ? NEUTRAL_COLOR : usableColor(checked.color);
    if (color === null) warnings.add([...path, 'color'], `Not a CSS color; ${NEUTRAL_COLOR} is used instead`);
    categories.set(name, {
      name,
      color: color ?? NEUTRAL_COLOR,
      accessible: checked.accessible ?? false,
      seats: 0,
    });
  }
  return categories;
}

function readAreas(
  values: readonly unknown[],
  within: { origin: Point; path: Path; faults: FaultList; warnings: FaultList },
): DrawnArea[] {
  const { origin, faults, warnings } = within;
  return values.flatMap((value, index) => {
    if (faults.full) return [];
    const path: Path = [...within.path, 'areas', index];
    const area = check(areaSchema, value, path, faults);
    return area ? [drawArea(area, { origin, path, warnings })] : [];
  });
}

/**
 * For plans from the first years of the editor, which have no size. The extent starts at the origin and contains
 * everything.
 */
function extentOf(seats: readonly Point[], areas: readonly DrawnArea[]): { width: number; height: number } {
  let [width, height] = [0, 0];
  for (const { x, y } of [...seats, ...areas.map((area) => measureArea(area).centre)]) {
    width = Math.max(width, x);
    height = Math.max(height, y);
  }
  return { width: Math.ceil(width), height: Math.ceil(height) };
}
