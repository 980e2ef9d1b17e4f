import type { Connection } from '@temporalio/client';
import { SEARCH_ATTRIBUTES } from '../../contract/searchAttributes';

/** INDEXED_VALUE_TYPE_KEYWORD of Temporal's API. */
const KEYWORD = 2;

/**
 * Adds the search attributes that a namespace does not know yet, as one that an earlier version has made.
 *
 * @returns those that were added; the server needs a moment before it knows them
 */
export async function addSearchAttributes(connection: Connection, namespace: string): Promise<string[]> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const missing = SEARCH_ATTRIBUTES.map(({ name }) => name).filter((name) => !(name in customAttributes));
  if (missing.length > 0) {
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(missing.map((name) => [name, KEYWORD] as const)),
    });
  }
  return missing;
}
