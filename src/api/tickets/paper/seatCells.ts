import type { Line, PaperText, Style } from './paperText';

export interface Cell {
  label: string;
  value: string;
}

/** A cell on the page, relative to the block's top left corner. */
export interface PlacedCell {
  label: string;
  lines: readonly Line[];
  x: number;
  y: number;
}

export interface SeatBlock {
  cells: PlacedCell[];
  style: Style;
  height: number;
}

/** From comfortable to just legible. */
const SIZES = [14, 12, 10, 9, 8, 7];

export const LABEL: Style = { weight: 'regular', size: 9 };
const GAP = 14;
const ROW_GAP = 4;

/**
 * Lays out what distinguishes one seat from another. It cuts nothing. Cells share a line if they fit, and a longer
 * value wraps. The type becomes smaller before the block becomes higher than wanted.
 *
 * @param width in points; the block keeps to it
 * @param wanted height in points; with the smallest type the block may exceed it
 */
export function layOutSeat(
  text: PaperText,
  cells: readonly Cell[],
  width: number,
  wanted: number,
): SeatBlock {
  const [largest = 0, ...smaller] = SIZES;
  let block = place(text, cells, width, largest);
  for (const size of smaller) {
    if (block.height <= wanted) break;
    block = place(text, cells, width, size);
  }
  return block;
}

function place(text: PaperText, cells: readonly Cell[], width: number, size: number): SeatBlock {
  const style: Style = { weight: 'bold', size };
  const labelHeight = LABEL.size * 1.3;
  const placed: PlacedCell[] = [];
  let [x, y, height] = [0, 0, 0];
  for (const { label, value } of cells) {
    const natural = Math.max(text.measure(label, LABEL).width, text.measure(value, style).width);
    if (x > 0 && x + natural > width) [x, y] = [0, height + ROW_GAP];
    const lines = text.wrap(value, style, width - x);
    placed.push({ label, lines, x, y });
    height = Math.max(height, y + labelHeight + text.heightOf(lines, style));
    x += natural + GAP;
  }
  return { cells: placed, style, height };
}
