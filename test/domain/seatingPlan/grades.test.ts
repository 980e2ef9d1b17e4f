import { priceGrades } from '../../../src/domain/seatingPlan/grades';
import { seatingPlanSchema } from '../../../src/domain/seatingPlan/schema';
import { seatsOfPlan } from '../../../src/domain/seatingPlan/seats';
import { editorPlan } from './editorPlan';

const plan = seatingPlanSchema.parse(editorPlan());
const seats = seatsOfPlan(plan);

describe('the grades of a schedule', () => {
  it("are the plan's categories that have seats, in its order, with their colours", () => {
    expect(priceGrades(plan, seats, { Back: 30_000, Front: 50_000 })).toEqual({
      grades: [
        { grade: 'Front', price: 50_000, color: '#a00' },
        { grade: 'Back', price: 30_000, color: 'rgb(0, 120, 60)' },
      ],
      faults: [],
    });
  });

  it('need a price each, and none for what has no seats; every fault is told', () => {
    const { faults } = priceGrades(plan, seats, { Unused: 1, Balcony: 2, ['__proto__']: 3 });
    expect(faults.map((fault) => fault.path)).toEqual([
      'prices.Front',
      'prices.Back',
      'prices.Unused',
      'prices.Balcony',
      'prices.__proto__',
    ]);
  });
});
