import { z } from 'zod';
import type { ClientLine } from '../../../audit/evidence/clientLog';
import type { Reply } from '../../e2e/reply';
import type { Buyer } from './shop';

const heldBody = z.object({ reservationId: z.string(), seatId: z.string(), expiresAt: z.string() });
const paidBody = z.object({ reservationId: z.string(), seatId: z.string() });

/** @param lines gets what the responses promised, for the auditor */
export function createNaiveBuyer(url: string, userId: string, lines: ClientLine[]): Buyer {
  const post = async (target: string, body: object, key: string): Promise<Reply> => {
    const response = await fetch(url + target, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Idempotency-Key': key },
      body: JSON.stringify(body),
    });
    const { status, headers } = response;
    const bytes = new Uint8Array(await response.arrayBuffer());
    const text = new TextDecoder().decode(bytes);
    const route = `POST ${target}`;
    lines.push({ kind: 'keyed', at: Date.now(), user: userId, route, key, status, body: text });
    const isJson = headers.get('Content-Type')?.includes('json') ?? false;
    const parsed: unknown = isJson ? JSON.parse(text) : undefined;
    return { method: 'POST', path: target, status, headers, body: parsed, text, bytes };
  };
  const common = () => ({ at: Date.now(), user: userId });

  return {
    userId,
    async hold([seatId], { key }) {
      const reply = await post('/v1/reservations', { userId, seatId }, key);
      if (reply.status === 201) {
        const { reservationId: reservation, seatId: held, expiresAt } = heldBody.parse(reply.body);
        lines.push({ kind: 'held', ...common(), reservation, seats: [held], expiresAt });
      }
      return reply;
    },
    async pay(reservationId, { key, points }) {
      const reply = await post('/v1/payments', { reservationId, points }, key);
      if (reply.status === 200) {
        const { reservationId: reservation, seatId } = paidBody.parse(reply.body);
        lines.push({ kind: 'confirmed', ...common(), reservation, seats: [seatId] });
      }
      return reply;
    },
  };
}
