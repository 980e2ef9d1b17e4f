import { readFileSync } from 'node:fs';
import path from 'node:path';
import { bestOf, readHall } from './readHall';

/** Plans that real users drew, reduced to what is special in each. */
const planOf = (name: string): unknown =>
  JSON.parse(readFileSync(path.join(__dirname, 'plans', `${name}.json`), 'utf8'));

interface Expected {
  /** Paths of the warnings. */
  warnings?: string[];
  stage?: { x: number; y: number } | null;
  /** The first seat as a ticket shows it. */
  first?: { zone: string; row: string; number: string };
  /** The best two seats by their guids. */
  best?: [string, string];
}

const CASES: Record<string, Expected> = {
  // Two blocks of one row: their guids differ, but their tickets show the same names.
  'duplicate-labels': {
    warnings: [0, 1, 2, 3].map((seat) => `zones.0.rows.1.seats.${seat}`),
    first: { zone: 'Ground floor', row: '1', number: '1' },
  },
  'zone-fallback-twins': { warnings: ['zones.1.rows.0.seats.0'] },
  // The zones have one name, and the seats of the second zone continue the numbers of the first.
  'zones-same-name': { warnings: [], first: { zone: 'Parkett', row: '1', number: '1' } },
  'unnamed-zones': { warnings: [], first: { zone: 'Zone 1', row: '1', number: '1' } },
  labels: { warnings: [], first: { zone: 'Dinner hall', row: 'Table 12', number: 'Chair 1' } },
  // The name of the category is decomposed; the service composes it.
  'nfd-category': { warnings: [], stage: { x: 150, y: 0 }, best: ['F|A|4|', 'F|A|5|'] },
  'not-for-sale': { warnings: [], stage: null },
  'odd-even': { warnings: [], stage: { x: 125, y: 15 } },
  // One row in two parts without an aisle between them: 4 and 5 are neighbours.
  'split-row': { warnings: [], stage: { x: 125, y: 15 }, best: ['C-5', 'C-6'] },
  // Turned around its corner, the stage is in front of the left block.
  'stage-rotated': { warnings: [], stage: { x: 300, y: 60 }, best: ['L-3', 'L-4'] },
  'stage-spaced': { warnings: [], stage: { x: 100, y: 240 }, best: ['front-5', 'front-6'] },
  tables: { warnings: [], stage: { x: 200, y: 20 } },
  'tables-no-category': { warnings: ['categories'], stage: null },
  'paper-english': { warnings: [] },
  'paper-soundcheck': { warnings: [] },
  'paper-table': { warnings: [] },
  'paper-uuid': { warnings: [] },
};

describe('the real plan', () => {
  it.each(Object.entries(CASES))('%s is read as its author meant it', (name, expected) => {
    const { hall, warnings } = readHall(planOf(name));
    const [first] = hall.seats;
    expect({
      warnings: warnings.map((warning) => warning.path.join('.')),
      stage: hall.drawing.stage,
      first: first && { zone: first.zone, row: first.row, number: first.number },
      best: bestOf(hall, 2).map((guid) => guid.slice(0, expected.best?.[0].length)),
    }).toMatchObject(expected);
  });
});
