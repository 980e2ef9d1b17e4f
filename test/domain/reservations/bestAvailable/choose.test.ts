import * as fc from 'fast-check';
import { chooseBest, type SeatWish } from '../../../../src/domain/reservations/bestAvailable/choose';
import { drawHouse, type House } from './house';

const nothing: ReadonlySet<string> = new Set();

function choose(house: House, wish: SeatWish, limit = 1): string[][] {
  return chooseBest(house.layout, house.statuses, wish, { taken: nothing, limit });
}

const bestOf = (house: House, wish: SeatWish): string[] => house.show(choose(house, wish).at(0));

interface Case {
  rule: string;
  quantity: number;
  rows: string[];
  chosen: string[];
}

describe('the best seats', () => {
  it.each<Case>([
    {
      rule: 'are side by side in the middle of the row nearest to the stage',
      quantity: 2,
      rows: ['......', '......'],
      chosen: ['..**..', '......'],
    },
    {
      rule: 'are farther away rather than leave a single seat',
      quantity: 2,
      rows: ['xx...xx', '.......'],
      chosen: ['xx...xx', '..**...'],
    },
    {
      rule: 'fill a gap that they fit exactly',
      quantity: 3,
      rows: ['xx...xx', '.......'],
      chosen: ['xx***xx', '.......'],
    },
    {
      rule: 'may be beside a seat that was single before',
      quantity: 2,
      rows: ['x.x..x.x'],
      chosen: ['x.x**x.x'],
    },
    {
      rule: 'leave a single seat rather than be in two parts',
      quantity: 2,
      rows: ['x...x', '.x.x.'],
      chosen: ['x**.x', '.x.x.'],
    },
    {
      rule: 'do not cross an aisle',
      quantity: 3,
      rows: ['.. ..', '.....'],
      chosen: ['.. ..', '***..'],
    },
    {
      rule: 'are in two parts of neighbouring rows rather than in parts farther apart',
      quantity: 4,
      rows: ['..xx', 'xxxx', '..xx', '..xx'],
      chosen: ['..xx', 'xxxx', '**xx', '**xx'],
    },
    {
      rule: 'are in two parts of one row with an aisle between, as of neighbouring rows',
      quantity: 5,
      rows: ['... ...'],
      chosen: ['*** **.'],
    },
    {
      rule: 'are in two parts of one zone if no neighbouring rows have them',
      quantity: 4,
      rows: ['..xx', 'xxxx', 'xx..'],
      chosen: ['**xx', 'xxxx', 'xx**'],
    },
    {
      rule: 'are in few parts if two equal parts are not possible, such as two together of a party of three',
      quantity: 3,
      rows: ['.x.x.', 'xxxxx', '..x..'],
      chosen: ['.x*x.', 'xxxxx', '**x..'],
    },
    {
      rule: 'are single seats as the last choice',
      quantity: 3,
      rows: ['.x.x.', 'xxxx.'],
      chosen: ['*x*x*', 'xxxx.'],
    },
  ])('$rule', ({ quantity, rows, chosen }) => {
    expect(bestOf(drawHouse(rows), { quantity })).toEqual(chosen);
  });

  it('do not put one person of four in a separate part if two and two are possible', () => {
    expect(bestOf(drawHouse(['...x', '..xx']), { quantity: 4 })).toEqual(['.**x', '**xx']);
  });

  it('are in two parts of one zone rather than of two zones', () => {
    const house = drawHouse(['..xx'], ['..xx', 'xxxx', '..xx']);
    expect(bestOf(house, { quantity: 4 })).toEqual(['..xx', '**xx', 'xxxx', '**xx']);
  });

  it('are none if not enough are free', () => {
    expect(choose(drawHouse(['x.x', '.xx']), { quantity: 3 })).toEqual([]);
  });
});

describe('a wish', () => {
  const house = drawHouse(['.vv.'], ['......', 'wwwwww']);

  it.each<{ wish: SeatWish; chosen: string[] }>([
    { wish: { quantity: 2, grade: 'VIP' }, chosen: ['.**.', '......', 'wwwwww'] },
    { wish: { quantity: 2, grade: 'R' }, chosen: ['.vv.', '..**..', 'wwwwww'] },
    { wish: { quantity: 2, zone: 'Zone 2' }, chosen: ['.vv.', '..**..', 'wwwwww'] },
    { wish: { quantity: 2, accessible: true }, chosen: ['.vv.', '......', 'ww**ww'] },
    { wish: { quantity: 2, accessible: false }, chosen: ['.**.', '......', 'wwwwww'] },
  ])('of $wish gets exactly that', ({ wish, chosen }) => {
    expect(bestOf(house, wish)).toEqual(chosen);
  });

  it.each<SeatWish>([
    { quantity: 3, grade: 'VIP' },
    { quantity: 7, accessible: true },
    { quantity: 1, grade: 'VIP', zone: 'Zone 2' },
  ])('of %j gets nothing else instead', (wish) => {
    expect(choose(house, wish)).toEqual([]);
  });

  it('gets seats of one grade, except in the last step', () => {
    expect(bestOf(drawHouse(['vv..', 'xx..']), { quantity: 3 })).toEqual(['***.', 'xx..']);
  });

  it('gets accessible seats last, even if they are nearer or complete a row', () => {
    expect(bestOf(drawHouse(['.ww.', 'xxx.']), { quantity: 2 })).toEqual(['*ww*', 'xxx.']);
    expect(bestOf(drawHouse(['.ww.', 'xxxx']), { quantity: 3 })).toEqual(['***.', 'xxxx']);
  });
});

describe('several candidates', () => {
  it('share no seat, and come best first', () => {
    const house = drawHouse(['......', '......']);
    const groups = choose(house, { quantity: 2 }, 10);
    expect(new Set(groups.flat()).size).toBe(groups.flat().length);
    expect(house.show(groups[0])).toEqual(['..**..', '......']);
    expect(groups).toHaveLength(6);
  });

  it('all come from the strictest step that has any', () => {
    const house = drawHouse(['...x..', 'x...xx']);
    expect(choose(house, { quantity: 2 }, 10).map((group) => house.show(group))).toEqual([
      ['...x**', 'x...xx'],
    ]);
  });

  it('have no seats that are known to be taken', () => {
    const house = drawHouse(['......']);
    const [first = []] = choose(house, { quantity: 2 });
    const second = chooseBest(
      house.layout,
      house.statuses,
      { quantity: 2 },
      { taken: new Set(first), limit: 1 },
    );
    expect(house.show(second[0])).toEqual(['**....']);
  });
});

describe('for any set of free seats', () => {
  const row = fc.array(fc.constantFrom('.', 'x', '.', 'v', 'w', ' '), { minLength: 1, maxLength: 12 });
  const houses = fc
    .array(
      fc.array(
        row.map((letters) => letters.join('')),
        { minLength: 1, maxLength: 4 },
      ),
      {
        minLength: 1,
        maxLength: 3,
      },
    )
    .filter((zones) => zones.flat().some((letters) => letters.trim() !== ''));
  const wishes = fc.record({
    quantity: fc.integer({ min: 1, max: 6 }),
    grade: fc.constantFrom(undefined, 'R', 'VIP'),
    zone: fc.constantFrom(undefined, 'Zone 1', 'Zone 2'),
    accessible: fc.constantFrom(undefined, true),
  });
  it('every group has the requested size, is free and fits the wish; the same house gives the same groups', () => {
    fc.assert(
      fc.property(houses, wishes, (zones, wish) => {
        const house = drawHouse(...zones);
        const groups = choose(house, wish, 20);
        expect(choose(drawHouse(...zones), wish, 20)).toEqual(groups);
        expect(new Set(groups.flat()).size).toBe(groups.length * wish.quantity);
        for (const seatId of groups.flat()) {
          const [zone, letter = ' '] = whereIs(zones, seatId);
          expect('.vw').toContain(letter);
          expect(wish.grade ?? gradeOf(letter)).toBe(gradeOf(letter));
          expect(wish.accessible ? letter : 'w').toBe('w');
          expect(wish.zone ?? zone).toBe(zone);
        }
      }),
    );
  });

  it('a group is found if, and only if, enough seats that fit the wish are free', () => {
    fc.assert(
      fc.property(houses, wishes, (zones, wish) => {
        const fitting = zones
          .filter((_, zone) => !wish.zone || wish.zone === `Zone ${zone + 1}`)
          .flat()
          .flatMap((letters) => letters.split(''))
          .filter((letter) => '.vw'.includes(letter))
          .filter((letter) => !wish.grade || gradeOf(letter) === wish.grade)
          .filter((letter) => !wish.accessible || letter === 'w');
        expect(choose(drawHouse(...zones), wish).length > 0).toBe(fitting.length >= wish.quantity);
      }),
    );
  });

  it('a group is side by side whenever this is possible', () => {
    const plain = fc.array(fc.constantFrom('.', 'x'), { minLength: 2, maxLength: 12 });
    fc.assert(
      fc.property(
        fc.array(
          plain.map((letters) => letters.join('')),
          { minLength: 1, maxLength: 5 },
        ),
        fc.integer({ min: 2, max: 4 }),
        (rows, quantity) => {
          fc.pre(rows.some((letters) => letters.includes('.'.repeat(quantity))));
          const house = drawHouse(rows);
          const shown = bestOf(house, { quantity });
          expect(shown.some((letters) => letters.includes('*'.repeat(quantity)))).toBe(true);
        },
      ),
    );
  });
});

/** The zone and the letter of a seat. */
function whereIs(zones: string[][], seatId: string): [zone: string, letter: string | undefined] {
  const [zone = 0, line = 0, column = 0] = seatId.split('/').map(Number);
  return [`Zone ${zone}`, zones[zone - 1]?.[line - 1]?.[column - 1]];
}

function gradeOf(letter: string): string {
  return letter === 'v' ? 'VIP' : 'R';
}
