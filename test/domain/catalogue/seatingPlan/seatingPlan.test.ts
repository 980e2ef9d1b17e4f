import * as fc from 'fast-check';
import { readPlan } from '../../../../src/domain/catalogue/seatingPlan/readPlan';
import { editorPlan } from './editorPlan';
import { readHall } from './readHall';

/** Paths and messages of all faults of a plan. */
function faultsOf(plan: unknown): string[] {
  const reading = readPlan(plan);
  return reading.kind === 'hall'
    ? []
    : reading.faults.map((fault) => `${fault.path.join('.')}: ${fault.message}`);
}

const warningsOf = (plan: unknown): string[] =>
  readHall(plan).warnings.map((warning) => `${warning.path.join('.')}: ${warning.message}`);

const seatsOf = (plan: unknown) => readHall(plan).hall.seats;

const expectRefused = (value: unknown) => expect(faultsOf(value)).not.toEqual([]);

describe("a plan as pretix's editor writes it", () => {
  it('gives every seat with the sum of its coordinates, and its names in words', () => {
    const seat = { zone: 'Stalls', row: 'Row A', category: 'Front', rowPlace: 0, accessible: false };
    expect(seatsOf(editorPlan())).toEqual([
      { ...seat, guid: 'ST-A-1', number: '1', x: 110.25, y: 70 },
      { ...seat, guid: 'ST-A-2', number: '2', x: 130.35, y: 70.2 },
      { ...seat, guid: 'ST-B-1', row: 'B', number: '1', category: 'Back', rowPlace: 1, x: 100, y: 110 },
      {
        ...seat,
        guid: 'old',
        zone: 'Zone 2',
        row: 'A',
        number: '1',
        category: 'Back',
        rowPlace: 2,
        x: 4,
        y: 6,
      },
    ]);
  });

  it('gives the drawing around the seats', () => {
    const { drawing } = readHall(editorPlan()).hall;
    expect(drawing).toMatchObject({
      size: { width: 600, height: 400 },
      categories: [
        { name: 'Front', color: '#a00', seats: 2 },
        { name: 'Back', color: 'rgb(0, 120, 60)', seats: 2 },
        { name: 'Unused', seats: 0 },
      ],
      zones: [
        { zone: 'Stalls', position: { x: 100, y: 50 } },
        { zone: 'Zone 2', position: { x: 0, y: 0 } },
      ],
      rows: [
        { zone: 'Stalls', row: 'Row A', rowNumber: 'A', rowNumberPosition: 'both' },
        { zone: 'Stalls', row: 'B', rowNumber: 'B', rowNumberPosition: null },
        { zone: 'Zone 2', row: 'A', rowNumber: 'A', rowNumberPosition: null },
      ],
    });
    expect(drawing.areas.map(({ shape }) => shape)).toEqual([
      'polygon',
      'rectangle',
      'ellipse',
      'circle',
      'text',
      'rectangle',
    ]);
    expect(drawing.areas[1]).toEqual({
      shape: 'rectangle',
      rectangle: { width: 200, height: 40 },
      position: { x: 105, y: 55 },
      rotation: 12.5,
      color: '#ddd',
      borderColor: null,
      text: { text: 'Stage', color: '#fff', size: 16, position: { x: 0, y: 0 } },
    });
    // The editor's first plans: a bare text, in the middle.
    expect(drawing.areas[5]).toMatchObject({ color: null, text: { text: 'Bar', position: { x: 5, y: 5 } } });
  });
});

/** A plan of one row, with these members beside its seats, numbered from 1. */
const rowOf = (row: object, seats = 2, more: object = {}) => ({
  name: 'Hall',
  categories: [{ name: 'R' }],
  zones: [
    {
      name: 'Hall',
      position: { x: 0, y: 0 },
      rows: [
        {
          row_number: '12',
          seats: Array.from({ length: seats }, (_, index) => ({
            seat_guid: String(index),
            seat_number: String(index + 1),
            position: { x: index * 20, y: 0 },
            category: 'R',
          })),
          ...row,
        },
      ],
      ...more,
    },
  ],
});

describe('the names of a seat', () => {
  it.each<[object, string, string]>([
    [{}, '12', '1'],
    [{ row_label: null, seat_label: '' }, '12', '1'],
    [{ row_label: 'Table %s', seat_label: 'Chair %s' }, 'Table 12', 'Chair 1'],
    [{ row_label: 'Family table' }, 'Family table', '1'],
    // One label for all seats would give all of them one name.
    [{ seat_label: 'Chair' }, '12', 'Chair 1'],
    [{ row_label: '  Box\u3000%s ' }, 'Box 12', '1'],
    [{ row_label: '$& %s' }, '$& 12', '1'],
  ])('are in words: %j', (labels, row, number) => {
    expect(seatsOf(rowOf(labels))[0]).toMatchObject({ row, number });
  });

  it('have a maximum length', () => {
    expectRefused(rowOf({ row_label: '%s'.repeat(50), row_number: 'x'.repeat(50) }));
    expectRefused(rowOf({ seat_label: `${'%s'.repeat(20)} ${'-'.repeat(60)} ${'%s'.repeat(5)}`.repeat(2) }));
  });

  it('are stored in composed form, so that a search from any system finds them', () => {
    const [seat] = seatsOf(rowOf({ row_number: '가'.normalize('NFD') }));
    expect(seat?.row).toBe('가');
  });

  it('match the name of its category in either Unicode form', () => {
    const seat = { seat_guid: 'a', seat_number: '1', position: { x: 0, y: 0 }, category: 'R석' };
    const categories = [{ name: 'R석'.normalize('NFD') }];
    expect(seatsOf({ ...rowOf({ seats: [seat] }), categories })).toMatchObject([{ category: 'R석' }]);
  });
});

const withColor = (color: string) => ({ ...rowOf({}), categories: [{ name: 'R', color }] });

describe('a colour', () => {
  const usable =
    '#a00|#AABBCC|rebeccapurple|rgb(0 120 60 / 50%)|hsl(120deg 100% 50%)|oklch(60% 0.15 50)|transparent|' +
    'rgba(1, 2, 3, .5)|hwb(194 0% 0%)|color(display-p3 1 0 0)';

  it.each(usable.split('|'))('may be any colour of CSS: %s', (color) => {
    const { hall, warnings } = readHall(withColor(color));
    expect(warnings).toEqual([]);
    expect(hall.drawing.categories[0]?.color).toBe(color);
  });

  it('of digits only gets a #', () => {
    expect(readHall(withColor('3366cc')).hall.drawing.categories[0]?.color).toBe('#3366cc');
  });

  it.each(['url(x)', 'red;x', '#12', 'var(--x)', 'red}body{color:red', '', 'x'.repeat(1_000)])(
    'that is not valid is replaced, with a warning: %s',
    (color) => {
      const { hall, warnings } = readHall(withColor(color));
      expect(warnings.map(({ path }) => path.join('.'))).toEqual(['categories.0.color']);
      expect(hall.drawing.categories[0]?.color).toBe('#8a94a6');
    },
  );

  it('of an area or its text is also replaced, and a missing colour stays missing', () => {
    const areas = [
      { width: 1, height: 1, color: 'nonsense', text: { text: 'Bar', color: 'url(x)' } },
      { width: 1, height: 1, color: '', border_color: 'none' },
    ];
    const plan = rowOf({}, 1, { areas });
    expect(warningsOf(plan)).toEqual([
      'zones.0.areas.0.color: Not a CSS color; #dddddd is used instead',
      'zones.0.areas.0.text.color: Not a CSS color; #333333 is used instead',
    ]);
    expect(readHall(plan).hall.drawing.areas).toMatchObject([
      { color: '#dddddd', borderColor: null, text: { color: '#333333' } },
      { color: null, borderColor: null, text: null },
    ]);
  });
});

/** A row for each category, and in it a seat for each given value of `accessible`. */
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
  it('are marked themselves or by their category, unless they are marked as not accessible', () => {
    const seats = seatsOf(planWith(undefined, true, false));
    expect(seats.map((seat) => [seat.guid, seat.accessible])).toEqual([
      ['R-0', false],
      ['R-1', true],
      ['R-2', false],
      ['Wheelchair-0', true],
      ['Wheelchair-1', true],
      ['Wheelchair-2', false],
    ]);
  });

  it('are marked only with true or false', () => {
    expectRefused(planWith('yes'));
  });
});

const many = (count: number) => Array.from({ length: count }, () => ({}));

describe('a plan with faults', () => {
  it('shows all of them at once, each with its path, in structure and in references', () => {
    const plan = {
      categories: [{ name: 'R', color: 7 }, { name: 'S' }, { name: ' S ' }],
      zones: [
        {
          position: { x: 'left', y: 0 },
          rows: [
            {
              row_number: 1,
              seats: [
                { seat_guid: 'a', seat_number: '1', position: { x: 0, y: 0 }, category: 'S' },
                { seat_guid: 'a', seat_number: '2', position: { x: 0, y: 0 }, category: 'T' },
                { seat_guid: 'a', seat_number: '3', position: { x: 0 }, category: 'T' },
              ],
            },
          ],
        },
      ],
    };
    expect(faultsOf(plan)).toEqual([
      expect.stringMatching(/^name: /),
      expect.stringMatching(/^categories\.0\.color: /),
      'categories.2.name: The category S is defined already',
      expect.stringMatching(/^zones\.0\.position\.x: /),
      expect.stringMatching(/^zones\.0\.rows\.0\.row_number: /),
      'zones.0.rows.0.seats.1.seat_guid: The seat_guid a is used already, by zones.0.rows.0.seats.0',
      'zones.0.rows.0.seats.1.category: No category is named "T"',
      expect.stringMatching(/^zones\.0\.rows\.0\.seats\.2\.position\.y: /),
      'zones.0.rows.0.seats.2.seat_guid: The seat_guid a is used already, by zones.0.rows.0.seats.0',
      'zones.0.rows.0.seats.2.category: No category is named "T"',
    ]);
  });

  it('is also a plan without seats', () => {
    expect(faultsOf({ ...editorPlan(), zones: [] })).toEqual(['zones: The plan has no seats']);
    expect(faultsOf(rowOf({}, 0))).toEqual(['zones: The plan has no seats']);
  });

  it('shows a hundred of them at most', () => {
    const plan = rowOf({ seats: Array.from({ length: 10_000 }, () => ({})) });
    expect(faultsOf(plan)).toHaveLength(100);
  });

  it('is rejected before anything else is checked if it has too many parts', () => {
    expect(faultsOf({ zones: many(200_000) })).toEqual(['zones: At most 2000 zones; the plan has 200000']);
    expect(faultsOf({ categories: many(501), zones: [{ rows: many(30_001), areas: many(10_001) }] })).toEqual(
      [
        'categories: At most 500 categories; the plan has 501',
        'zones: At most 30000 rows; the plan has 30001',
        'zones: At most 10000 areas; the plan has 10001',
      ],
    );
    expect(faultsOf(rowOf({ seats: many(120_001) }))).toEqual([
      'zones: At most 120000 seats; the plan has 120001',
    ]);
    expect(faultsOf({ zones: [{ areas: [{ polygon: { points: many(100_001) } }] }] })).toEqual([
      'zones: At most 100000 points; the plan has 100001',
    ]);
  });

  it('is rejected and never causes a crash, whatever the input is', () => {
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

  it('gives each of its seats once, in order, at the sum of the positions of zone, row and seat', () => {
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
        const seats = seatsOf(planOf(drawn));
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
