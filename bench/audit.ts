import { request } from 'undici';
import { connectPostgres } from '../src/db/connect';
import { bookPageSchema, type Charge } from '../src/gateways/sandbox/protocol';
import { openBooks } from '../test/support/books';
import type { Stack } from './stack/stack';

/**
 * Compares Postgres, the gateway's book and what the customers were told, once nothing is under way.
 *
 * @param confirmed every reservation that a customer saw as CONFIRMED
 * @returns each difference in words; empty when all is well
 */
export async function audit(stack: Stack, confirmed: ReadonlySet<string>): Promise<string[]> {
  const owner = connectPostgres(stack.ownerUrl, {
    poolSize: 1,
    applicationName: 'holdfast-bench',
    asOwner: true,
  });
  try {
    const faults = await openBooks(owner).faults();
    const booked = await owner('reservations').where({ status: 'CONFIRMED' }).pluck<string[]>('id');
    const known = new Set(booked);
    const lost = [...confirmed].filter((id) => !known.has(id));
    const unseen = booked.filter((id) => !confirmed.has(id));
    const { rows } = await owner.raw<{ rows: { id: string; amount: number }[] }>(CARD_PARTS);
    return [
      ...faults,
      ...lost.map((id) => `reservation ${id} was told as CONFIRMED and is not`),
      ...unseen.map((id) => `reservation ${id} is CONFIRMED and nobody was told`),
      ...differences(new Map(rows.map(({ id, amount }) => [id, amount])), await capturesOf(stack)),
    ];
  } finally {
    await owner.destroy();
  }
}

/** What the service says the gateway has, by the gateway's key. */
const CARD_PARTS = `
  SELECT id, card AS amount FROM payments WHERE status = 'SUCCEEDED' AND card > 0
  UNION ALL SELECT id, amount FROM top_ups WHERE status = 'SUCCEEDED'`;

async function capturesOf({ gatewayUrl, gatewaySecret }: Stack): Promise<Map<string, number>> {
  const captures = new Map<string, number>();
  let cursor: string | null = '';
  while (cursor !== null) {
    const query = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page = bookPageSchema.parse(await read(`${gatewayUrl}/v1/book?limit=1000${query}`, gatewaySecret));
    for (const charge of page.items.filter(isCaptured)) captures.set(charge.idempotencyKey, charge.amount);
    cursor = page.nextCursor;
  }
  return captures;
}

async function read(url: string, secret: string): Promise<unknown> {
  const { body } = await request(url, { headers: { authorization: `Bearer ${secret}` } });
  return body.json();
}

const isCaptured = (charge: Charge): charge is Charge & { status: 'CAPTURED' } =>
  charge.status === 'CAPTURED';

function differences(expected: Map<string, number>, captured: Map<string, number>): string[] {
  const keys = new Set([...expected.keys(), ...captured.keys()]);
  return [...keys]
    .filter((key) => expected.get(key) !== captured.get(key))
    .map((key) => `${key}: the service has ${expected.get(key)}, the gateway ${captured.get(key)}`);
}
