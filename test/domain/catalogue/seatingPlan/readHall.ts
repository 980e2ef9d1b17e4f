import { chooseBest } from '../../../../src/domain/reservations/bestAvailable/choose';
import { layOut, type SeatLayout } from '../../../../src/domain/reservations/bestAvailable/layout';
import type { Hall } from '../../../../src/domain/catalogue/seatingPlan/hall';
import { readPlan, type PlanReading } from '../../../../src/domain/catalogue/seatingPlan/readPlan';

/** A plan that must be readable. */
export function readHall(plan: unknown): Extract<PlanReading, { kind: 'hall' }> {
  const reading = readPlan(plan);
  if (reading.kind === 'faulty') throw new Error(JSON.stringify(reading.faults));
  return reading;
}

/** The seats of a hall, named by their guids. */
export function layOutHall({ seats, drawing }: Hall): SeatLayout {
  const placed = seats.map(({ guid, category, ...seat }) => ({ ...seat, seatId: guid, grade: category }));
  return layOut(placed, drawing.stage);
}

/** The guids of the best seats of an empty hall. */
export function bestOf(hall: Hall, quantity: number): string[] {
  const statuses = 'A'.repeat(hall.seats.length);
  const [group = []] = chooseBest(layOutHall(hall), statuses, { quantity }, { taken: new Set(), limit: 1 });
  return group.toSorted((a, b) => a.localeCompare(b));
}
