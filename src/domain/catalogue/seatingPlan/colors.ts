import { parse } from 'culori';

/** For a category that the plan gives no usable colour. */
export const NEUTRAL_COLOR = '#8a94a6';

/** Stand in for an area's colour and for that of its text where the plan's is unusable. */
export const AREA_COLOR = '#dddddd';
export const TEXT_COLOR = '#333333';

/** Longer than any colour of CSS. */
const MAX_LENGTH = 100;

/**
 * A colour that any style sheet understands: a name, `#rgb`, `rgb()`, `hsl()`, `oklch()` and the others of CSS
 * Color 4. The whole text must be a colour, so that nothing else reaches a style sheet with it.
 *
 * @returns null where it is not
 */
export function usableColor(text: string): string | null {
  const color = text.trim();
  if (color.length > MAX_LENGTH || !parse(color)) return null;
  // The parser takes bare digits for hexadecimal; CSS wants their #.
  return /^[\da-f]+$/i.test(color) ? `#${color}` : color;
}
