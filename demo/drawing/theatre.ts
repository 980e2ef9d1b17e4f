import type { SeatingPlan } from '../../src/domain/catalogue/seatingPlan/schema';
import {
  alongArc,
  caption,
  CATEGORIES,
  ROW_SPACING,
  stage,
  zone,
  type Point,
  type RowDrawing,
} from './drawing';

const ARC_CENTRE: Point = { x: 500, y: -520 };
const FIRST_ROW_RADIUS = 780;

/** Three blocks with two aisles between them. The balcony has one aisle in the middle. */
const STALLS_BLOCKS = [
  { from: -19.5, to: -10.2 },
  { from: -8.6, to: 8.6 },
  { from: 10.2, to: 19.5 },
];
const BALCONY_BLOCKS = [
  { from: -17.5, to: -0.8 },
  { from: 0.8, to: 17.5 },
];

/** A small theatre: gently curved stalls and a balcony, about 300 seats. */
export function drawTheatre(): SeatingPlan {
  const stalls = 'ABCDEFGHI'
    .split('')
    .map((number, index) => drawRow(number, index, STALLS_BLOCKS, stallsGrade(index)));
  const balcony = 'AB'.split('').map((number, index) => drawRow(number, index + 10.8, BALCONY_BLOCKS, 'A'));
  return {
    name: 'Onyu Theatre',
    size: { width: 1_000, height: 740 },
    categories: CATEGORIES.filter(({ name }) => name !== 'B'),
    zones: [
      zone('1F', stalls, [
        stage('STAGE', { x: 500, y: 110 }, 34, [
          { x: -250, y: -70 },
          { x: 250, y: -70 },
          { x: 225, y: 40 },
          { x: 120, y: 66 },
          { x: 0, y: 74 },
          { x: -120, y: 66 },
          { x: -225, y: 40 },
        ]),
        caption('1F', { x: 500, y: 226 }, 18),
      ]),
      zone('2F', balcony, [caption('2F', { x: 500, y: 600 }, 18)]),
    ],
  };
}

function stallsGrade(row: number): string {
  if (row < 3) return 'VIP';
  return row < 6 ? 'R' : 'S';
}

function drawRow(
  number: string,
  index: number,
  blocks: readonly { from: number; to: number }[],
  category: string,
): RowDrawing {
  const radius = FIRST_ROW_RADIUS + index * ROW_SPACING;
  return {
    number,
    category,
    seats: blocks.flatMap((block) => alongArc({ centre: ARC_CENTRE, radius, ...block })),
  };
}
