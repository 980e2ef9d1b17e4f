import { z } from 'zod';

/** `?limit=` and `?cursor=` of every list (REST contract, Conventions). The cursor is the id of the last item. */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.uuid().optional().meta({ description: '`nextCursor` of the previous page' }),
};

/** The body of every list. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item), nextCursor: z.uuid().nullable() });
}

/**
 * Cuts a page out of the items that were found.
 *
 * @param found one item more than `limit` if there is a next page
 */
export function takePage<Item>(
  found: readonly Item[],
  limit: number,
  idOf: (item: Item) => string,
): { page: Item[]; nextCursor: string | null } {
  const page = found.slice(0, limit);
  const last = page.at(-1);
  return { page, nextCursor: found.length > limit && last !== undefined ? idOf(last) : null };
}
