import { createHash } from 'node:crypto';
import type { ClientLine } from '../../audit/evidence/clientLog';
import * as contract from './contract';
import type { Reply } from './reply';

interface Request {
  userId: string;
  /** Milliseconds since 1970. */
  askedAt: number;
  headers: Readonly<Record<string, string>>;
}

/** Bodies of a thousand seats would fill the memory of a test. */
const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** What a response promises to its user, as lines for the auditor. */
export function linesOf(reply: Reply, { userId: user, askedAt, headers }: Request): ClientLine[] {
  const { method, path, status, body, text } = reply;
  const common = { at: Date.now(), user };
  const route = `${method} ${path}`;
  const lines: ClientLine[] = [];
  const key = headers['Idempotency-Key'];
  if (key !== undefined) lines.push({ kind: 'keyed', ...common, route, key, status, body: digestOf(text) });
  const isSuccess = status >= 200 && status < 300;
  if (!isSuccess) return lines;
  if (route === 'POST /v1/reservations') {
    const { reservationId: reservation, expiresAt, seats } = contract.hold.parse(body);
    const seatIds = seats.map(({ seatId }) => seatId);
    lines.push({ kind: 'held', ...common, reservation, seats: seatIds, expiresAt });
  } else if (route === 'POST /v1/payments') {
    const { data: paid } = contract.paid.safeParse(body);
    if (paid) {
      const seats = paid.tickets.map(({ seatId }) => seatId);
      lines.push({ kind: 'confirmed', ...common, reservation: paid.reservationId, seats });
    }
  } else if (method === 'GET' && /^\/v1\/reservations\/[^/]+$/.test(path)) {
    const { reservationId: reservation, status: state } = contract.reservation.parse(body);
    lines.push({ kind: 'seen', ...common, askedAt, reservation, status: state });
  }
  return lines;
}
