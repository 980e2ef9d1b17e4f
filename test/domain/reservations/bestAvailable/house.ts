import {
  layOut,
  type PlacedSeat,
  type SeatLayout,
} from '../../../../src/domain/reservations/bestAvailable/layout';

const PITCH = 20;
const ROW_PITCH = 34;

export interface House {
  layout: SeatLayout;
  statuses: string;
  /** The letters of the drawing again, with `*` where a seat was chosen. */
  show(chosen: readonly string[] | undefined): string[];
}

/**
 * Draws a house. Each list is a zone, each line a row, each letter a seat. The stage is above the middle of the first
 * row. `.` is free, `x` taken, `w` free and accessible, `v` free and of the grade VIP, a blank is an aisle. The id of a
 * seat is its zone, row and column.
 */
export function drawHouse(...zones: string[][]): House {
  const seats: (PlacedSeat & { letter: string })[] = [];
  let y = 0;
  zones.forEach((rows, zone) => {
    rows.forEach((letters, row) => {
      y += ROW_PITCH;
      letters.split('').forEach((letter, column) => {
        if (letter === ' ') return;
        seats.push({
          letter,
          seatId: `${zone + 1}/${row + 1}/${column + 1}`,
          zone: `Zone ${zone + 1}`,
          row: String(row + 1),
          grade: letter === 'v' ? 'VIP' : 'R',
          accessible: letter === 'w',
          x: column * PITCH,
          y,
        });
      });
    });
  });
  const widest = Math.max(...zones.flat().map((letters) => letters.length));
  return {
    layout: layOut(seats, { x: ((widest - 1) * PITCH) / 2, y: 0 }),
    statuses: seats.map(({ letter }) => (letter === 'x' ? 'S' : 'A')).join(''),
    show(chosen = []) {
      const marked = new Set(chosen);
      return zones.flatMap((rows, zone) =>
        rows.map((letters, row) =>
          letters
            .split('')
            .map((letter, column) => (marked.has(`${zone + 1}/${row + 1}/${column + 1}`) ? '*' : letter))
            .join(''),
        ),
      );
    },
  };
}
