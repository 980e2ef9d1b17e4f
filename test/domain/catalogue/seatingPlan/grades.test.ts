import { priceGrades } from '../../../../src/domain/catalogue/seatingPlan/grades';
import { editorPlan } from './editorPlan';
import { readHall } from './readHall';

const { categories } = readHall(editorPlan()).hall.drawing;

describe('the grades of a schedule', () => {
  it("are the plan's categories that have seats, in its order, with their colours", () => {
    expect(priceGrades(categories, { Back: 30_000, Front: 50_000 })).toEqual({
      grades: [
        { grade: 'Front', price: 50_000, color: '#a00', seats: 2 },
        { grade: 'Back', price: 30_000, color: 'rgb(0, 120, 60)', seats: 2 },
      ],
      faults: [],
    });
  });

  it('are not for sale if they have no price', () => {
    expect(priceGrades(categories, { Back: 30_000 }).grades).toMatchObject([
      { grade: 'Front', price: null },
      { grade: 'Back', price: 30_000 },
    ]);
  });

  it('get their prices by name in any Unicode form, one price each', () => {
    const hangul = [{ name: 'R석', color: '#a00', seats: 1 }];
    expect(priceGrades(hangul, { ['R석'.normalize('NFD')]: 5 }).grades).toMatchObject([
      { grade: 'R석', price: 5 },
    ]);
    const twice = { R석: 1, ['R석'.normalize('NFD')]: 2 };
    expect(priceGrades(hangul, twice).faults).toMatchObject([
      { message: 'This category has a price already' },
    ]);
  });

  it('need at least one price, and no price for a category without seats; every fault is reported', () => {
    const { faults } = priceGrades(categories, { Unused: 1, Balcony: 2, ['__proto__']: 3 });
    expect(faults.map((fault) => fault.path)).toEqual([
      'prices.Unused',
      'prices.Balcony',
      'prices.__proto__',
    ]);
    expect(priceGrades(categories, {}).faults.map((fault) => fault.path)).toEqual(['prices']);
  });
});
