import { parse } from 'culori';

/** For a category without a usable colour in the plan. */
export const NEUTRAL_COLOR = '#8a94a6';

/** The colours of an area and of its text if the plan's colours are not usable. */
export const AREA_COLOR = '#dddddd';
export const TEXT_COLOR = '#333333';

/** Longer than any CSS colour. */
const MAX_LENGTH = 100;

/**
 * Accepts a colour that any style sheet understands: a name, `#rgb`, `rgb()`, `hsl()`, `oklch()` and the other colours
 * of CSS Color 4. The whole text must be a colour, so that no other content gets into a style sheet.
 *
 * @returns null if the text is not a colour
 */
export function usableColor(text: string): string | null {
  const color = text.trim();
  if (color.length > MAX_LENGTH || !parse(color)) return null;
  // The parser accepts hexadecimal digits without #. CSS requires the #.
  return /^[\da-f]+$/i.test(color) ? `#${color}` : color;
}
