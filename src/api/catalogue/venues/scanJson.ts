/** Deeper than any plan, but shallow enough for code that walks through a value by recursion. */
const MAX_DEPTH = 64;

/**
 * A stadium of 120,000 seats has 1.4 million values if it is drawn with every member that the editor has. Each value
 * costs the parser 40 to 200 bytes.
 */
const MAX_VALUES = 1_600_000;

const [QUOTE, BACKSLASH, COMMA, COLON, BLANK] = [0x22, 0x5c, 0x2c, 0x3a, 0x20];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

const STRUCTURE = new Set([OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT, COMMA, COLON]);

/**
 * Scans the bytes of a JSON text before the service parses it. Counts its values and how deep they are nested. Drops
 * the white space between them, which is two thirds of an indented plan. One blank stays between two values without a
 * comma, so that no faulty text becomes a valid one.
 *
 * @param bytes are changed: the text moves together at their beginning
 * @returns that beginning, or the reason not to parse the text
 */
export function scanJson(bytes: Uint8Array): { text: Uint8Array } | { fault: string } {
  let [depth, values, length, last] = [0, 1, 0, COMMA];
  let [inString, escaped, gap] = [false, false, false];
  for (const byte of bytes) {
    if (inString) {
      if (byte === QUOTE && !escaped) inString = false;
      escaped = byte === BACKSLASH && !escaped;
    } else if (isWhite(byte)) {
      gap = true;
      continue;
    } else {
      if (gap && !STRUCTURE.has(last) && !STRUCTURE.has(byte)) {
        bytes[length] = BLANK;
        length += 1;
      }
      gap = false;
      if (byte === QUOTE) inString = true;
      else if (byte === OPEN_LIST || byte === OPEN_OBJECT) [depth, values] = [depth + 1, values + 1];
      else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) depth -= 1;
      else if (byte === COMMA) values += 1;
      if (depth > MAX_DEPTH) return { fault: `Nested more than ${MAX_DEPTH} deep` };
      if (values > MAX_VALUES) return { fault: `More than ${MAX_VALUES} values` };
    }
    bytes[length] = byte;
    length += 1;
    last = byte;
  }
  return { text: bytes.subarray(0, length) };
}

function isWhite(byte: number): boolean {
  return byte === BLANK || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
