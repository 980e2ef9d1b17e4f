import type { Row } from '../row';
import { fullReservationRows } from './fullReservations';
import { growthRows } from './growth';
import { memory } from './memory';
import { queuePolls } from './queuePolls';
import { refusedHolds } from './refusedHolds';
import { sale } from './sale';
import { seatMapRows } from './seatMaps';
import { singleHold } from './singleHold';
import { withoutTemporal } from './withoutTemporal';

/** Everything that is measured, in the order of the report. */
export const ROWS: readonly Row[] = [
  ...fullReservationRows,
  withoutTemporal,
  singleHold,
  refusedHolds,
  ...seatMapRows,
  queuePolls,
  sale,
  ...growthRows,
  memory,
];

export const SUBJECTS: readonly string[] = [...new Set(ROWS.map(({ subject }) => subject))];
