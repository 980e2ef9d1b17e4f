import { parse } from 'node:querystring';

/** Stands for a part that is not UTF-8. The check of texts rejects it at the path of its parameter. */
const NO_TEXT = '\u{D800}';

/**
 * Parses the parameters of a query as a form encodes them. A parameter that comes twice becomes a list.
 *
 * @param search without the question mark
 */
export function parseQuery(search: string): Record<string, unknown> {
  return { ...parse(search, '&', '=', { maxKeys: 0, decodeURIComponent: decode }) };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return NO_TEXT;
  }
}
