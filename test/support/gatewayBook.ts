import { bookPageSchema, type Charge } from '../../src/gateways/sandbox/protocol';
import type { Stack } from './stack';

export type { Charge };

/**
 * The book of a stack's gateway, as an auditor reads it.
 *
 * @param from leaves out what was booked before, milliseconds since 1970
 */
export async function readGatewayBook(
  { gatewayUrl, gatewaySecret }: Pick<Stack, 'gatewayUrl' | 'gatewaySecret'>,
  from = 0,
): Promise<Charge[]> {
  const items: Charge[] = [];
  let cursor = '';
  do {
    const response = await fetch(`${gatewayUrl}/v1/book?from=${from}&limit=1000${cursor}`, {
      headers: { Authorization: `Bearer ${gatewaySecret}` },
      signal: AbortSignal.timeout(5_000),
    });
    const page = bookPageSchema.parse(await response.json());
    items.push(...page.items);
    cursor = page.nextCursor === null ? '' : `&cursor=${encodeURIComponent(page.nextCursor)}`;
  } while (cursor !== '');
  return items;
}
