import type { DrawnArea } from './areas';
import type { Point } from './geometry';

/** A seat of a plan. A ticket shows zone, row and number; x and y are on the plan as a whole. */
export interface PlannedSeat {
  /** The plan's own id of the seat. */
  guid: string;
  /** The place of its row in {@link HallDrawing.rows}. */
  rowPlace: number;
  zone: string;
  row: string;
  number: string;
  /** The plan's name of the grade. */
  category: string;
  x: number;
  y: number;
  /** By its own word or its category's. */
  accessible: boolean;
}

/** A category of a plan, and how many of the plan's seats are of it. */
export interface HallCategory {
  name: string;
  color: string;
  seats: number;
}

/** Everything of a plan but its seats, as a page draws it. */
export interface HallDrawing {
  size: { width: number; height: number };
  /** The best seats are near to it. null: nobody knows where it is. */
  stage: Point | null;
  categories: HallCategory[];
  /** Where each zone's own coordinates begin. */
  zones: { zone: string; position: Point }[];
  /** In the plan's order. */
  rows: {
    zone: string;
    row: string;
    /** A page draws it beside the row. `row` is the name in words. */
    rowNumber: string;
    rowNumberPosition: 'start' | 'end' | 'both' | null;
  }[];
  areas: DrawnArea[];
}

/** A seating plan as the service keeps it. */
export interface Hall {
  seats: PlannedSeat[];
  drawing: HallDrawing;
}
