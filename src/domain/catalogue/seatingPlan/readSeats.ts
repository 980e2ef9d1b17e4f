import { check, type Path } from './check';
import type { FaultList } from './faults';
import { NEUTRAL_COLOR } from './colors';
import { ORIGIN, rounded, sum, type Point } from './geometry';
import type { HallDrawing, PlannedSeat } from './hall';
import { listIn, memberOf } from './members';
import { plainName, rowName, seatName } from './names';
import { rowSchema, seatSchema } from './schema';

/** A category while its seats are counted. */
export interface CountedCategory {
  name: string;
  color: string;
  accessible: boolean;
  seats: number;
}

/** Reads the rows of a plan one by one, and remembers the names of their seats. */
export interface SeatReader {
  /** The seats without a fault, in the order of the plan. */
  readonly seats: PlannedSeat[];
  /** The number of seats in all rows so far, including seats with faults. */
  readonly seen: number;
  /** The number of seats without a category. They get {@link STANDARD}. */
  readonly withoutCategory: number;
  readonly rows: HallDrawing['rows'];
  /** @param at the zone, the origin of its coordinates, and the path of the row in the plan */
  readRow(row: unknown, at: { zone: string; origin: Point; path: Path }): void;
}

/** The category for seats that have none. The editor draws seats without a category until an author chooses one. */
export const STANDARD = 'Standard';

const POSITIONS = ['start', 'end', 'both'] as const;

/** The maximum length of a name in words. A label may repeat its number many times. */
const MAX_NAME = 200;

/** @param categories by name; the reader counts their seats here, and adds {@link STANDARD} if a seat needs it */
export function createSeatReader(
  categories: Map<string, CountedCategory>,
  faults: FaultList,
  warnings: FaultList,
): SeatReader {
  const seats: PlannedSeat[] = [];
  const rows: HallDrawing['rows'] = [];
  const guids = new Map<string, Path>();
  const names = new Map<string, Path>();
  let [seen, withoutCategory] = [0, 0];

  function readSeat(
    value: unknown,
    path: Path,
    within: { zone: string; row: string; label: string; at: Point },
  ) {
    const seat = check(seatSchema, value, path, faults);
    const guid = textIn(value, 'seat_guid');
    const first = guid === undefined ? undefined : guids.get(guid);
    if (first)
      faults.add([...path, 'seat_guid'], `The seat_guid ${guid} is used already, by ${dotted(first)}`);
    else if (guid !== undefined) guids.set(guid, path);
    const name = textIn(value, 'category');
    const category = name === undefined ? undefined : categoryOf(plainName(name));
    if (name !== undefined && !category) faults.add([...path, 'category'], `No category is named "${name}"`);
    if (!seat || !category || first) return;
    category.seats += 1;
    const { zone, row, label, at } = within;
    const number = seatName(label, seat.seat_number);
    boundName(number, [...path, 'seat_number']);
    warnOfTwin(path, [zone, row, number]);
    seats.push({
      guid: seat.seat_guid,
      rowPlace: rows.length,
      zone,
      row,
      number,
      category: category.name,
      ...rounded(sum(at, seat.position)),
      accessible: seat.accessible ?? category.accessible,
    });
  }

  function categoryOf(name: string): CountedCategory | undefined {
    if (name !== '') return categories.get(name);
    withoutCategory += 1;
    const known = categories.get(STANDARD);
    if (known) return known;
    const standard = { name: STANDARD, color: NEUTRAL_COLOR, accessible: false, seats: 0 };
    categories.set(STANDARD, standard);
    return standard;
  }

  function boundName(name: string, path: Path): void {
    if (name.length > MAX_NAME)
      faults.add(path, `The name with its label is longer than ${MAX_NAME} characters`);
  }

  function warnOfTwin(path: Path, name: string[]): void {
    const key = JSON.stringify(name);
    const first = names.get(key);
    if (!first) names.set(key, path);
    else warnings.add(path, `On a ticket this seat reads the same as ${dotted(first)}: ${name.join(', ')}`);
  }

  return {
    seats,
    rows,
    get seen() {
      return seen;
    },
    get withoutCategory() {
      return withoutCategory;
    },
    readRow(value, { zone, origin, path }) {
      const checked = check(rowSchema, value, path, faults);
      const rowNumber = plainName(checked?.row_number ?? '');
      const row = rowName(checked?.row_label, rowNumber);
      boundName(row, [...path, 'row_number']);
      const at = sum(origin, checked?.position ?? ORIGIN);
      const inRow = listIn(value, 'seats');
      seen += inRow.length;
      for (const [index, seat] of inRow.entries()) {
        if (faults.full) break;
        readSeat(seat, [...path, 'seats', index], { zone, row, label: checked?.seat_label ?? '', at });
      }
      const drawn = checked?.row_number_position;
      const rowNumberPosition = POSITIONS.find((position) => position === drawn) ?? null;
      rows.push({ zone, row, rowNumber, rowNumberPosition });
    },
  };
}

/** Also works for a seat with other faults, so that one pass finds all faults. */
function textIn(value: unknown, name: string): string | undefined {
  const member = memberOf(value, name);
  return typeof member === 'string' ? member : undefined;
}

const dotted = (path: Path): string => path.join('.');
