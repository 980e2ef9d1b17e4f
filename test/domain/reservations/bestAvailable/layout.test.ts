import { layOut, type PlacedSeat } from '../../../../src/domain/reservations/bestAvailable/layout';
import { chooseBest } from '../../../../src/domain/reservations/bestAvailable/choose';
import type { SeatingPlan } from '../../../../src/domain/catalogue/seatingPlan/schema';
import { drawArena } from '../../../../demo/drawing/arena';
import { drawHall } from '../../../../demo/drawing/hall';
import { drawTheatre } from '../../../../demo/drawing/theatre';
import { layOutHall, readHall } from '../../catalogue/seatingPlan/readHall';

/** Seats of one row, each named by its place in the list. */
function row(points: readonly (readonly [x: number, y: number])[], number = '1', prefix = ''): PlacedSeat[] {
  return points.map(([x, y], index) => ({
    seatId: `${prefix}${index}`,
    zone: 'Floor',
    row: number,
    grade: 'R',
    accessible: false,
    x,
    y,
  }));
}

/** The seats that lie side by side, block by block. */
function blocksOf(seats: readonly PlacedSeat[]): string[][] {
  const { seatIds } = layOut(seats, null);
  const blocks: string[][] = [];
  seatIds.forEach((seatId, slot) => {
    if (seatId === undefined) return;
    if (seatIds[slot - 1] === undefined) blocks.push([]);
    blocks.at(-1)?.push(seatId);
  });
  return blocks
    .map((block) => block.toSorted((a, b) => a.localeCompare(b)))
    .toSorted(([a = ''], [b = '']) => a.localeCompare(b));
}

const fullPlan = (plan: SeatingPlan) => {
  const { hall } = readHall(plan);
  return { layout: layOutHall(hall), statuses: 'A'.repeat(hall.seats.length), seats: hall.seats };
};

describe('the drawing decides which seats are side by side:', () => {
  it('an aisle is a step that is clearly wider than the usual one', () => {
    expect(
      blocksOf(
        row([
          [0, 0],
          [20, 0],
          [40, 0],
          [75, 0],
          [95, 0],
        ]),
      ),
    ).toEqual([
      ['0', '1', '2'],
      ['3', '4'],
    ]);
  });

  it('a row whose steps grow slowly has no aisles', () => {
    expect(
      blocksOf(
        row([
          [0, 0],
          [20, 0],
          [44, 0],
          [70, 0],
        ]),
      ),
    ).toHaveLength(1);
  });

  it('pairs stay pairs, although every second step is wide', () => {
    expect(
      blocksOf(
        row([
          [0, 0],
          [20, 0],
          [60, 0],
          [80, 0],
        ]),
      ),
    ).toEqual([
      ['0', '1'],
      ['2', '3'],
    ]);
  });

  it('two seats at the ends of an empty row are not neighbours', () => {
    const others = row(
      [
        [0, 0],
        [20, 0],
        [40, 0],
      ],
      '1',
      'a',
    );
    const ends = row(
      [
        [0, 40],
        [200, 40],
      ],
      '2',
    );
    expect(blocksOf([...others, ...ends])).toEqual([['0'], ['1'], ['a0', 'a1', 'a2']]);
  });

  it('a row is followed around a curve, whatever the order in the plan is', () => {
    const curve = [0, 40, 80, 120, 160].map((degrees): [number, number] => {
      const angle = (degrees * Math.PI) / 180;
      return [Math.cos(angle) * 30, Math.sin(angle) * 30];
    });
    const shuffled = [3, 0, 4, 1, 2].flatMap((place) => row(curve).slice(place, place + 1));
    expect(blocksOf(shuffled)).toEqual([['0', '1', '2', '3', '4']]);
  });

  it('a block ends where the grade changes, and where accessible seats begin', () => {
    const [first = [], second = [], third = [], fourth = []] = [0, 20, 40, 60].map((x, place) =>
      row([[x, 0]], '1', `${place}-`),
    );
    const seats = [
      ...first.map((seat) => Object.assign(seat, { grade: 'VIP' })),
      ...second,
      ...third,
      ...fourth.map((seat) => Object.assign(seat, { accessible: true })),
    ];
    expect(blocksOf(seats)).toEqual([['0-0'], ['1-0', '2-0'], ['3-0']]);
  });
});

describe('an unknown stage', () => {
  it('is assumed in front of the middle of the first row', () => {
    const seats = [
      ...row([
        [0, 0],
        [20, 0],
        [40, 0],
      ]),
      ...row(
        [
          [0, 40],
          [20, 40],
          [40, 40],
        ],
        '2',
        'b',
      ),
    ];
    expect([...layOut(seats, null).windows(1)].map((slot) => layOut(seats, null).seatIds[slot])).toEqual([
      '1',
      '0',
      '2',
      'b1',
      'b0',
      'b2',
    ]);
    expect(layOut(seats, null).assumedStage).toEqual({ x: 20, y: 0 });
    expect(layOut(seats, { x: 0, y: 0 }).assumedStage).toBeNull();
  });
});

describe('the demo venues', () => {
  it.each([
    ['theatre', drawTheatre(), { zone: '1F', row: 'A', category: 'VIP' }],
    ['hall', drawHall(), { zone: '1F C', row: '1', category: 'VIP' }],
    ['arena', drawArena(), { row: '1', category: 'VIP' }],
  ])('in the %s the best four seats are side by side in the front, in the middle', (_, plan, expected) => {
    const { layout, statuses, seats } = fullPlan(plan);
    const [group = []] = chooseBest(layout, statuses, { quantity: 4 }, { taken: new Set(), limit: 1 });
    const chosen = seats.filter(({ guid }) => group.includes(guid));
    expect(chosen).toHaveLength(4);
    for (const seat of chosen) expect(seat).toMatchObject(expected);
    const numbers = chosen.map(({ number }) => Number(number)).toSorted((a, b) => a - b);
    expect(numbers).toEqual([0, 1, 2, 3].map((step) => (numbers[0] ?? 0) + step));
    const middle = (plan.size?.width ?? 0) / 2;
    for (const seat of chosen)
      expect(Math.abs(seat.x - middle)).toBeLessThan(plan.name === 'Mirae Arena' ? 180 : 50);
  });

  it('the theatre has its aisles where the plan draws them: three blocks a row on 1F, two on 2F', () => {
    const { layout } = fullPlan(drawTheatre());
    const blocks = new Set(layout.blockOf.filter((block) => block !== undefined));
    const rowA = [...blocks].filter((block) => block.row === 0);
    expect(rowA.map((block) => layout.zones[block.zone]?.name)).toEqual(['1F', '1F', '1F', '2F', '2F']);
  });

  it('a whole house is sold in pairs down to the last seat, with few pairs apart', () => {
    const { layout, statuses, seats } = fullPlan(drawHall());
    const taken = new Set<string>();
    let apart = 0;
    for (;;) {
      const [pair] = chooseBest(layout, statuses, { quantity: 2 }, { taken, limit: 1 });
      if (!pair) break;
      const [one = 0, two = 0] = pair.map((seatId) => layout.slotOf.get(seatId));
      if (Math.abs(one - two) !== 1) apart += 1;
      for (const seatId of pair) taken.add(seatId);
    }
    expect(seats.length - taken.size).toBeLessThanOrEqual(1);
    // Each block of an odd length leaves one seat. Only pairs of such seats are apart.
    const blocks = new Set(layout.blockOf);
    expect(apart).toBeLessThanOrEqual(blocks.size / 2);
  });
});
