import type { Connection } from '@temporalio/client';
import { SEARCH_ATTRIBUTES } from '../../contract/searchAttributes';

/** INDEXED_VALUE_TYPE_KEYWORD of Temporal's API. */
const KEYWORD = 2;

/**
 * Adds the search attributes that a namespace does not have yet. A namespace that an earlier version made lacks the
 * later ones.
 *
 * @returns the attributes that it added; the server needs a moment until it knows them
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
