import type { SeatingPlan } from '../../src/domain/catalogue/seatingPlan/schema';
import {
  alongArc,
  alongLine,
  backdrop,
  caption,
  CATEGORIES,
  ROW_SPACING,
  stage,
  toDegrees,
  zone,
  type Area,
  type Point,
  type Zone,
} from './drawing';

/** The inner edge of the bowl is a rectangle with round corners, open behind the stage. */
const BOWL = { left: 1_400, right: 3_400, top: 240, bottom: 2_900, corner: 320 };
const MIDDLE = (BOWL.left + BOWL.right) / 2;
const AISLE = 44;

interface Tier {
  /** The hundreds digit of the section numbers. */
  floor: number;
  /** The distance of the first row from the inner edge of the bowl. */
  setBack: number;
  rows: number;
  sideSections: number;
  cornerSections: number;
  endSections: number;
  /** The number of rows of the better grade. */
  frontRows: number;
}

const LOWER: Tier = {
  floor: 100,
  setBack: 40,
  rows: 15,
  sideSections: 3,
  cornerSections: 2,
  endSections: 2,
  frontRows: 7,
};
const UPPER: Tier = {
  floor: 200,
  setBack: 40 + 15 * ROW_SPACING + 150,
  rows: 15,
  sideSections: 3,
  cornerSections: 3,
  endSections: 2,
  frontRows: 8,
};

/** A section: its rows, from the inside to the outside, and where it lies relative to the stage. */
interface Section {
  row(distance: number): Point[];
  place: 'besideStage' | 'side' | 'corner' | 'end';
}

/** An arena with the stage at one end: seats on the floor and two tiers around it, about 15,000 seats. */
export function drawArena(): SeatingPlan {
  return {
    name: 'Mirae Arena',
    size: { width: 4_800, height: 4_250 },
    categories: CATEGORIES,
    zones: [...drawFloor(), ...drawTier(LOWER), ...drawTier(UPPER)],
  };
}

/** Blocks of straight rows around a runway that ends in a small stage; the mixing desk is in the last row. */
function drawFloor(): Zone[] {
  const columns = [-690, -270, 270, 690].map((x) => MIDDLE + x);
  const bands = [760, 1_210, 1_800, 2_250];
  const rowsInBlock = 11;
  const zones = bands.flatMap((top, band) =>
    columns.map((middle, column) => {
      const inner = column === 1 || column === 2;
      const category = band === 0 || (band === 1 && inner) ? 'VIP' : band === 3 && !inner ? 'S' : 'R';
      const rows = Array.from({ length: rowsInBlock }, (_, row) => {
        const y = top + row * ROW_SPACING;
        return {
          number: String(row + 1),
          category,
          seats: alongLine({ x: middle - 180, y }, { x: middle + 180, y }),
        };
      });
      const name = `F${band * columns.length + column + 1}`;
      return zone(name, rows, [caption(name, { x: middle, y: top - 44 }, 44)]);
    }),
  );
  const [first, ...others] = zones;
  return first ? [{ ...first, areas: [...floorAreas(), ...(first.areas ?? [])] }, ...others] : [];
}

function floorAreas(): Area[] {
  const runway = stage('STAGE', { x: MIDDLE, y: 460 }, 80, [
    { x: -780, y: -220 },
    { x: 780, y: -220 },
    { x: 780, y: 160 },
    { x: 56, y: 160 },
    { x: 56, y: 1_120 },
    { x: 220, y: 1_150 },
    { x: 220, y: 1_250 },
    { x: 150, y: 1_290 },
    { x: -150, y: 1_290 },
    { x: -220, y: 1_250 },
    { x: -220, y: 1_150 },
    { x: -56, y: 1_120 },
    { x: -56, y: 160 },
    { x: -780, y: 160 },
  ]);
  const desk = { x: MIDDLE, y: 2_420 };
  return [
    backdrop({ x: MIDDLE, y: 1_520 }, 1_960, 2_560, '#eef0f4'),
    runway,
    backdrop(desk, 130, 200, '#c5cad3'),
    caption('FOH', desk, 44),
  ];
}

function drawTier(tier: Tier): Zone[] {
  return sectionsOf(tier).map((section, index) => {
    const name = String(tier.floor + index + 1);
    const rows = Array.from({ length: tier.rows }, (_, row) => ({
      number: String(row + 1),
      category: gradeOf(tier, section.place, row),
      seats: section.row(tier.setBack + row * ROW_SPACING),
    }));
    const front = section.row(tier.setBack - 84);
    const label = front[Math.floor(front.length / 2)] ?? { x: 0, y: 0 };
    return zone(name, rows, [caption(name, label, 54)]);
  });
}

/** The sections in the order of their numbers: from the left of the stage around to its right. */
function sectionsOf(tier: Tier): Section[] {
  const { left, right, top, bottom, corner } = BOWL;
  const sideFrom = top + 60;
  const sideTo = bottom - corner;
  const leftSide = split(tier.sideSections, sideFrom, sideTo).map(([from, to], index): Section => ({
    place: index === 0 ? 'besideStage' : 'side',
    row: (out) => alongLine({ x: left - out, y: from }, { x: left - out, y: to }),
  }));
  const rightSide = split(tier.sideSections, sideTo, sideFrom).map(([from, to], index): Section => ({
    place: index === tier.sideSections - 1 ? 'besideStage' : 'side',
    row: (out) => alongLine({ x: right + out, y: from }, { x: right + out, y: to }),
  }));
  const end = split(tier.endSections, left + corner, right - corner).map(([from, to]): Section => ({
    place: 'end',
    row: (out) => alongLine({ x: from, y: bottom + out }, { x: to, y: bottom + out }),
  }));
  const leftCorner = cornerSections(tier, { x: left + corner, y: bottom - corner }, -90);
  const rightCorner = cornerSections(tier, { x: right - corner, y: bottom - corner }, 0);
  return [...leftSide, ...leftCorner, ...end, ...rightCorner, ...rightSide];
}

function cornerSections(tier: Tier, centre: Point, from: number): Section[] {
  const angle = 90 / tier.cornerSections;
  return Array.from({ length: tier.cornerSections }, (_, index) => ({
    place: 'corner',
    row(out) {
      const radius = BOWL.corner + out;
      const gap = toDegrees(AISLE / 2 / radius);
      return alongArc({
        centre,
        radius,
        from: from + index * angle + gap,
        to: from + (index + 1) * angle - gap,
      });
    },
  }));
}

/** Divides a line into equal parts with an aisle around each part. */
function split(parts: number, from: number, to: number): [number, number][] {
  const length = (to - from) / parts;
  const half = (Math.sign(length) * AISLE) / 2;
  return Array.from({ length: parts }, (_, part) => [
    from + part * length + half,
    from + (part + 1) * length - half,
  ]);
}

function gradeOf(tier: Tier, place: Section['place'], row: number): string {
  const front = row < tier.frontRows;
  if (tier === LOWER) {
    if (place === 'besideStage' || place === 'end') return front ? 'S' : 'A';
    return front ? 'R' : 'S';
  }
  if (place === 'besideStage' || place === 'end') return 'B';
  return front ? 'A' : 'B';
}
