import * as fc from 'fast-check';
import { seatingPlanSchema } from '../../../src/domain/seatingPlan/schema';
import { seatsOfPlan } from '../../../src/domain/seatingPlan/seats';
import { editorPlan } from './editorPlan';

/** Paths and messages of everything that is wrong with a plan. */
function faultsOf(plan: unknown): string[] {
  const parsed = seatingPlanSchema.safeParse(plan);
  return parsed.success
    ? []
    : parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
}

const expectRefused = (value: unknown) => expect(faultsOf(value)).not.toEqual([]);

describe("a plan as pretix's editor writes it", () => {
  it('is taken as it is, with every property kept', () => {
    expect(seatingPlanSchema.parse(editorPlan())).toEqual(editorPlan());
  });

  it('gives every seat with the sum of its coordinates', () => {
    expect(seatsOfPlan(seatingPlanSchema.parse(editorPlan()))).toEqual([
      {
        guid: 'ST-A-1',
        zone: 'Stalls',
        row: 'A',
        number: '1',
        category: 'Front',
        x: 110.25,
        y: 70,
        accessible: false,
      },
      {
        guid: 'ST-A-2',
        zone: 'Stalls',
        row: 'A',
        number: '2',
        category: 'Front',
        x: 130.35,
        y: 70.2,
        accessible: false,
      },
      {
        guid: 'ST-B-1',
        zone: 'Stalls',
        row: 'B',
        number: '1',
        category: 'Back',
        x: 100,
        y: 110,
        accessible: false,
      },
      { guid: 'old', zone: 'Zone 2', row: 'A', number: '1', category: 'Back', x: 4, y: 6, accessible: false },
    ]);
  });
});

/** A row for each category, and in it a seat for each word on whether it is accessible. */
const planWith = (...accessible: unknown[]) => ({
  name: 'Hall',
  categories: [{ name: 'R' }, { name: 'Wheelchair', accessible: true }],
  zones: [
    {
      position: { x: 0, y: 0 },
      rows: ['R', 'Wheelchair'].map((category) => ({
        row_number: category,
        seats: accessible.map((word, index) => ({
          seat_guid: `${category}-${index}`,
          seat_number: String(index),
          position: { x: index * 20, y: 0 },
          category,
          accessible: word,
        })),
      })),
    },
  ],
});

describe('accessible seats', () => {
  it('are those that say so, and all of a category that does, but for those that deny it', () => {
    const seats = seatsOfPlan(seatingPlanSchema.parse(planWith(undefined, true, false)));
    expect(seats.map((seat) => [seat.guid, seat.accessible])).toEqual([
      ['R-0', false],
      ['R-1', true],
      ['R-2', false],
      ['Wheelchair-0', true],
      ['Wheelchair-1', true],
      ['Wheelchair-2', false],
    ]);
  });

  it('say it with true or false', () => {
    expectRefused(planWith('yes'));
  });
});

describe('a plan with faults', () => {
  it('is told all of them, each with its path, in structure and in references at once', () => {
    const plan = {
      categories: [{ name: 'R', color: 'url(javascript:0)' }, { name: 'R' }],
      zones: [
        {
          position: { x: 'left', y: 0 },
          rows: [
            {
              row_number: 1,
              seats: [
                { seat_guid: 'a', seat_number: '1', position: { x: 0, y: 0 }, category: 'R' },
                { seat_guid: 'a', seat_number: '2', position: { x: 0 }, category: 'S' },
              ],
            },
            {
              row_number: 'B',
              seats: [
                { seat_guid: 'c', seat_number: '1', position: { x: 0, y: 0 }, category: 'R' },
                { seat_guid: 'd', seat_number: '1', position: { x: 0, y: 0 }, category: '' },
              ],
            },
          ],
        },
      ],
    };
    expect(faultsOf(plan)).toEqual([
      expect.stringMatching(/^name: /),
      'categories.0.color: Not a CSS color',
      expect.stringMatching(/^zones\.0\.position\.x: /),
      expect.stringMatching(/^zones\.0\.rows\.0\.row_number: /),
      expect.stringMatching(/^zones\.0\.rows\.0\.seats\.1\.position\.y: /),
      'categories.1.name: The category R is used already, by categories.0.name',
      'zones.0.rows.0.seats.1.seat_guid: The seat_guid a is used already, by zones.0.rows.0.seats.0.seat_guid',
      'zones.0.rows.0.seats.1.category: No category is named "S"',
      expect.stringMatching(/^zones\.0\.rows\.1\.seats\.1\.seat_number: The seat .* is used already/),
      'zones.0.rows.1.seats.1.category: No category is named ""',
    ]);
  });

  it('may not be without seats', () => {
    expect(faultsOf({ ...editorPlan(), zones: [] })).toEqual(['zones: The plan has no seats']);
  });

  it('is refused, never a crash, whatever it is', () => {
    fc.assert(fc.property(fc.anything(), expectRefused));
    fc.assert(
      fc.property(fc.jsonValue(), (value) => expectRefused({ name: 'x', categories: value, zones: value })),
    );
  });
});

describe('any plan', () => {
  const point = fc.record({
    x: fc.double({ min: -10_000, max: 10_000, noNaN: true }),
    y: fc.double({ min: -10_000, max: 10_000, noNaN: true }),
  });
  const zones = fc.array(
    fc.record({ position: point, rows: fc.array(fc.record({ position: point, seats: fc.array(point) })) }),
  );

  it('gives each of its seats once, in order, where zone, row and seat put it', () => {
    fc.assert(
      fc.property(zones, (drawn) => {
        const expected = drawn.flatMap((zone) =>
          zone.rows.flatMap((row) =>
            row.seats.map((seat) => ({
              x: zone.position.x + row.position.x + seat.x,
              y: zone.position.y + row.position.y + seat.y,
            })),
          ),
        );
        fc.pre(expected.length > 0);
        const seats = seatsOfPlan(seatingPlanSchema.parse(planOf(drawn)));
        expect(seats.map((seat) => seat.guid)).toEqual(expected.map((_, index) => String(index)));
        seats.forEach((seat, index) => {
          expect(Math.abs(seat.x - (expected[index]?.x ?? Infinity))).toBeLessThan(0.006);
          expect(Math.abs(seat.y - (expected[index]?.y ?? Infinity))).toBeLessThan(0.006);
        });
      }),
    );
  });

  type Drawn = { position: object; rows: { position: object; seats: object[] }[] }[];

  function planOf(drawn: Drawn) {
    let guid = 0;
    return {
      name: 'Any',
      categories: [{ name: 'R' }],
      zones: drawn.map((zone, zoneIndex) => ({
        name: String(zoneIndex),
        position: zone.position,
        rows: zone.rows.map((row, rowIndex) => ({
          row_number: String(rowIndex),
          position: row.position,
          seats: row.seats.map((position, index) => ({
            seat_guid: String(guid++),
            seat_number: String(index),
            position,
            category: 'R',
          })),
        })),
      })),
    };
  }
});
