import type { SeatingPlan } from '../../src/domain/catalogue/seatingPlan/schema';
import {
  alongArc,
  caption,
  CATEGORIES,
  ROW_SPACING,
  stage,
  toDegrees,
  toRadians,
  zone,
  type Point,
  type Zone,
} from './drawing';

const ARC_CENTRE: Point = { x: 1_100, y: -620 };

interface Tier {
  floor: string;
  firstRadius: number;
  rows: number;
  /** Half the angle between the aisles at the ends of the tier, in degrees. */
  half: number;
  /** Each grade goes up to this row. The blocks at the edges are one grade lower. */
  grades: readonly { upTo: number; category: string; atEdges: string }[];
}

const TIERS: readonly Tier[] = [
  {
    floor: '1F',
    firstRadius: 980,
    rows: 20,
    half: 31,
    grades: [
      { upTo: 7, category: 'VIP', atEdges: 'R' },
      { upTo: 14, category: 'R', atEdges: 'S' },
      { upTo: 20, category: 'S', atEdges: 'S' },
    ],
  },
  {
    floor: '2F',
    firstRadius: 1_770,
    rows: 7,
    half: 29,
    grades: [
      { upTo: 3, category: 'R', atEdges: 'S' },
      { upTo: 7, category: 'S', atEdges: 'A' },
    ],
  },
  {
    floor: '3F',
    firstRadius: 2_110,
    rows: 5,
    half: 26,
    grades: [{ upTo: 5, category: 'A', atEdges: 'A' }],
  },
];

const BLOCKS = ['A', 'B', 'C', 'D', 'E'];
/** The middle block is the widest. */
const BLOCK_SHARES = [0.17, 0.2, 0.26, 0.2, 0.17];
const AISLE = 60;

/** A concert hall: a raked fan of five blocks and two balconies, about 2,000 seats. */
export function drawHall(): SeatingPlan {
  return {
    name: 'Haneul Concert Hall',
    size: { width: 2_200, height: 1_710 },
    categories: CATEGORIES.filter(({ name }) => name !== 'B'),
    zones: TIERS.flatMap((tier) => BLOCKS.map((block, index) => drawBlock(tier, block, index))),
  };
}

function drawBlock(tier: Tier, block: string, index: number): Zone {
  const start = BLOCK_SHARES.slice(0, index).reduce((sum, share) => sum + share, 0);
  const from = -tier.half + 2 * tier.half * start;
  const to = from + 2 * tier.half * (BLOCK_SHARES[index] ?? 0);
  const atEdge = index === 0 || index === BLOCKS.length - 1;
  const rows = Array.from({ length: tier.rows }, (_, row) => {
    const radius = tier.firstRadius + row * ROW_SPACING;
    const grade = tier.grades.find(({ upTo }) => row < upTo);
    if (!grade) throw new Error(`row ${row} of ${tier.floor} has no grade`);
    // Half an aisle on either side, with the same width at the back and in front.
    const gap = toDegrees(AISLE / 2 / radius);
    return {
      number: String(row + 1),
      category: atEdge ? grade.atEdges : grade.category,
      seats: alongArc({ centre: ARC_CENTRE, radius, from: from + gap, to: to - gap }),
    };
  });
  const labelRadius = tier.firstRadius - 36;
  const middle = toRadians((from + to) / 2);
  const label = caption(
    `${tier.floor} ${block}`,
    { x: ARC_CENTRE.x + labelRadius * Math.sin(middle), y: ARC_CENTRE.y + labelRadius * Math.cos(middle) },
    22,
  );
  return zone(
    `${tier.floor} ${block}`,
    rows,
    tier.floor === '1F' && block === 'C' ? [label, platform()] : [label],
  );
}

function platform() {
  return stage('STAGE', { x: ARC_CENTRE.x, y: 150 }, 44, [
    { x: -430, y: -90 },
    { x: 430, y: -90 },
    { x: 400, y: 40 },
    { x: 210, y: 92 },
    { x: 0, y: 108 },
    { x: -210, y: 92 },
    { x: -400, y: 40 },
  ]);
}
