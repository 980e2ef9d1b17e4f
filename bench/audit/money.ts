import { z } from 'zod';
import type { Snapshot } from './database';
import type { Fault } from './fault';
import type { Capture } from './gatewayBook';
import { groupBy } from './groupBy';

const sum = z.coerce.number().int();

/** Invariant 3: every journal sums to zero; a wallet's balance equals its entries and is never negative. */
export async function faultsOfLedger(snapshot: Snapshot): Promise<Fault[]> {
  const rows = await snapshot.read(LEDGER, z.object({ what: z.string() }));
  return rows.map(({ what }) => ({ invariant: 3, what }));
}

const LEDGER = `
  SELECT 'journal ' || key || ' sums to ' || sum(amount) AS what
  FROM journals JOIN entries ON journal_id = journals.id GROUP BY key, currency HAVING sum(amount) <> 0
  UNION ALL
  SELECT 'the wallet of ' || wallets.user_id || ' has ' || balance || ', and its entries say ' || coalesce(sum(amount), 0)
  FROM wallets LEFT JOIN entries ON entries.user_id = wallets.user_id
  GROUP BY wallets.user_id, balance HAVING balance <> coalesce(sum(amount), 0)
  UNION ALL
  SELECT 'the wallet of ' || user_id || ' has ' || balance FROM wallets WHERE balance < 0`;

/**
 * Invariant 4: what a reservation was paid with is its price where it is CONFIRMED or CANCELLED, without what cancellations
 * have given back, and nothing otherwise. Points count by the ledger, and cards by the sandbox's book; what another gateway
 * took counts by the ledger, because its book cannot be read here.
 */
export async function faultsOfPrices(snapshot: Snapshot, book: readonly Capture[]): Promise<Fault[]> {
  const reservations = await snapshot.read(PRICES, pricesSchema);
  const charges = groupBy(book, ({ orderId }) => orderId);
  const faults: Fault[] = [];
  const fault = (what: string): void => void faults.push({ invariant: 4, what });
  for (const { id, status, due, points, elsewhere } of reservations) {
    const mine = charges.get(id) ?? [];
    const card = mine.reduce((total, { captured, refunded }) => total + captured - refunded, 0);
    const paid = points + card + elsewhere;
    if (paid !== due) fault(`reservation ${id} is ${status}, costs ${due} and was paid ${paid}`);
    const kept = mine.filter(({ captured, refunded }) => captured > refunded);
    if (kept.length > 1) fault(`reservation ${id} was charged ${kept.length} times`);
  }
  for (const { key, captured, refunded } of book) {
    if (refunded > captured) fault(`charge ${key} captured ${captured} and gave back ${refunded}`);
  }
  return faults;
}

const pricesSchema = z.object({ id: z.string(), status: z.string(), due: sum, points: sum, elsewhere: sum });

/** A payment under way may be anywhere between nothing and the price: it is looked at when it has ended. */
const PRICES = `
  SELECT reservations.id, status,
         CASE WHEN status IN ('CONFIRMED', 'CANCELLED')
           THEN tickets + booking_fee
             - coalesce((SELECT sum(points + card) FROM cancellations WHERE reservation_id = reservations.id), 0)
             + coalesce((SELECT sum(amount) FROM refunds
                         WHERE reservation_id = reservations.id AND status = 'PENDING'), 0)
           ELSE 0
         END AS due,
         coalesce((SELECT -sum(amount) FROM journals JOIN entries ON journal_id = journals.id
                   WHERE reservation_id = reservations.id AND entries.user_id IS NOT NULL), 0) AS points,
         coalesce((SELECT -sum(amount) FROM journals JOIN entries ON journal_id = journals.id
                   WHERE reservation_id = reservations.id AND account LIKE 'gateway:clearing:%'
                     AND account <> 'gateway:clearing:sandbox'), 0) AS elsewhere
  FROM reservations
  WHERE status NOT IN ('PAYING', 'SETTLING')`;

/** Invariant 5: the sandbox's book equals its clearing account, both ways, order by order. */
export async function faultsOfGatewayBook(snapshot: Snapshot, book: readonly Capture[]): Promise<Fault[]> {
  const rows = await snapshot.read(CLEARING, z.object({ order_id: z.string(), owed: sum }));
  const ledger = new Map(rows.map(({ order_id, owed }) => [order_id, owed]));
  const gateway = new Map<string, number>();
  for (const { orderId, captured, refunded } of book) {
    gateway.set(orderId, (gateway.get(orderId) ?? 0) + captured - refunded);
  }
  return [...new Set([...ledger.keys(), ...gateway.keys()])].flatMap((order): Fault[] => {
    const [ours, theirs] = [ledger.get(order) ?? 0, gateway.get(order) ?? 0];
    if (ours === theirs) return [];
    return [{ invariant: 5, what: `order ${order}: the ledger says ${ours}, the gateway's book ${theirs}` }];
  });
}

/** A reservation's orders are known to the gateway by the reservation, a top-up's by the top-up. */
const CLEARING = `
  SELECT coalesce(reservation_id, payment_id, journals.id)::text AS order_id, -sum(amount) AS owed
  FROM journals JOIN entries ON journal_id = journals.id
  WHERE account = 'gateway:clearing:sandbox'
  GROUP BY 1`;
