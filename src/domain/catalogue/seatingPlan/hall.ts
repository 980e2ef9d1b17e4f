import type { DrawnArea } from './areas';
import type { Point } from './geometry';

/** A seat of a plan. A ticket shows the zone, the row and the number. x and y are coordinates of the whole plan. */
export interface PlannedSeat {
  /** The id of the seat in the plan. */
  guid: string;
  /** The index of the seat's row in {@link HallDrawing.rows}. */
  rowPlace: number;
  zone: string;
  row: string;
  number: string;
  /** The name of the grade in the plan. */
  category: string;
  x: number;
  y: number;
  /** From the seat, or from its category if the seat does not say it. */
  accessible: boolean;
}

/** A category of a plan, and the number of its seats. */
export interface HallCategory {
  name: string;
  color: string;
  seats: number;
}

/** A plan without its seats, as a page draws it. */
export interface HallDrawing {
  size: { width: number; height: number };
  /** The best seats are near the stage. null: the position of the stage is not known. */
  stage: Point | null;
  categories: HallCategory[];
  /** The origin of the coordinates of each zone. */
  zones: { zone: string; position: Point }[];
  /** In the plan's order. */
  rows: {
    zone: string;
    row: string;
    /** A page draws it next to the row. `row` is the name in words. */
    rowNumber: string;
    rowNumberPosition: 'start' | 'end' | 'both' | null;
  }[];
  areas: DrawnArea[];
}

/** A seating plan as the service stores it. */
export interface Hall {
  seats: PlannedSeat[];
  drawing: HallDrawing;
}
