import { request } from 'undici';
import { z } from 'zod';
import { reach } from './reach';

/** A line in the book of the sandbox gateway for which money moved. */
export interface Capture {
  key: string;
  /** The id of the reservation, or of the top-up. */
  orderId: string;
  captured: number;
  refunded: number;
}

const pageSchema = z.object({
  items: z.array(
    z.looseObject({
      status: z.string(),
      idempotencyKey: z.string(),
      orderId: z.string().optional(),
      amount: z.number().optional(),
      refunds: z.array(z.object({ amount: z.number() })).default([]),
    }),
  ),
  nextCursor: z.string().nullable(),
});

/** Reads the whole book of the sandbox gateway through its own interface. */
export async function readGatewayBook({ url, secret }: { url: string; secret: string }): Promise<Capture[]> {
  const captures: Capture[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const query = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const { body } = await reach('The sandbox gateway', async () =>
      request(`${url}/v1/book?limit=1000${query}`, { headers: { authorization: `Bearer ${secret}` } }),
    );
    const page = pageSchema.parse(await body.json());
    for (const { status, idempotencyKey: key, orderId, amount, refunds } of page.items) {
      if (status !== 'CAPTURED' && status !== 'REFUNDED') continue;
      const refunded = refunds.reduce((sum, refund) => sum + refund.amount, 0);
      captures.push({ key, orderId: orderId ?? key, captured: amount ?? 0, refunded });
    }
    cursor = page.nextCursor;
  }
  return captures;
}
