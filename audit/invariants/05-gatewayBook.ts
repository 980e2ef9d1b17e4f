import { z } from 'zod';
import type { Evidence } from '../evidence/evidence';

const sum = z.coerce.number().int();

/** Invariant 5: for each order, the book of the sandbox equals its clearing account, in both directions. */
export async function gatewayBook({ snapshot, book }: Evidence): Promise<string[]> {
  const rows = await snapshot.read(CLEARING, z.object({ order_id: z.string(), owed: sum }));
  const ledger = new Map(rows.map(({ order_id, owed }) => [order_id, owed]));
  const gateway = new Map<string, number>();
  for (const { orderId, captured, refunded } of book) {
    gateway.set(orderId, (gateway.get(orderId) ?? 0) + captured - refunded);
  }
  return [...new Set([...ledger.keys(), ...gateway.keys()])].flatMap((order) => {
    const [ours, theirs] = [ledger.get(order) ?? 0, gateway.get(order) ?? 0];
    if (ours === theirs) return [];
    return [`order ${order}: the ledger says ${ours}, the gateway's book ${theirs}`];
  });
}

/**
 * The gateway knows the orders of a reservation by the reservation's id, and the order of a top-up by the top-up's
 * id.
 */
const CLEARING = `
  SELECT coalesce(reservation_id, payment_id, journals.id)::text AS order_id, -sum(amount) AS owed
  FROM journals JOIN entries ON journal_id = journals.id
  WHERE account = 'gateway:clearing:sandbox'
  GROUP BY 1`;
