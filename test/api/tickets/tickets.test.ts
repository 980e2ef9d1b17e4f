import { randomUUID } from 'node:crypto';
import { createLocalJWKSet } from 'jose';
import { z } from 'zod';
import { verifyTicketCode } from '../../../src/api/tickets/code/verify';
import { readQrSvg, readTicketPdf } from '../../support/ticketReader';
import { aString } from '../../support/matchers';
import { expectProblem, logIn, startEdge, type Edge } from '../edge';
import { hireStaff, issue, type Issued } from './issued';

let edge: Edge;

const keySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) });

beforeAll(async () => {
  edge = await startEdge();
});
afterAll(async () => edge.stop());

const voidTicket = async ({ ticketId }: Issued) =>
  edge.database.owner('tickets').where({ id: ticketId }).update({ status: 'VOID' });

async function pdfOf({ ticketId, buyer }: Issued): Promise<Response> {
  const headers = { Authorization: `Bearer ${buyer.accessToken}` };
  return fetch(`${edge.url}/v1/tickets/${ticketId}/ticket.pdf`, { headers });
}

describe('GET /v1/tickets/{ticketId}', () => {
  it('responds with seat, show and code', async () => {
    const ticket = await issue(edge);
    const { status, headers, body } = await ticket.read();
    expect(status).toBe(200);
    expect(headers.get('Cache-Control')).toBe('no-store');
    const { ticketId, reservationId, scheduleId, seatId } = ticket;
    expect(body).toEqual({
      ticketId,
      reservationId,
      seat: { seatId, zone: 'A', row: '1', number: '1', grade: 'R' },
      schedule: {
        scheduleId,
        startsAt: ticket.startsAt,
        title: 'Concert',
        artist: 'Artist',
        venueName: 'Venue',
        timeZone: 'Asia/Seoul',
      },
      status: 'VALID',
      qr: aString,
    });
  });

  it('has a code that the public keys of the service verify', async () => {
    const ticket = await issue(edge);
    const jwks = keySet.parse((await edge.call('GET', '/.well-known/jwks.json')).body);
    const check = await verifyTicketCode(await ticket.code(), createLocalJWKSet(jwks));
    const { ticketId, scheduleId } = ticket;
    expect(check).toEqual({ outcome: 'genuine', ticketId, scheduleId, version: 1 });
  });

  it('gives the same 404 for the ticket of another user as for an unknown one, on every path', async () => {
    const [{ ticketId }, other] = await Promise.all([issue(edge), logIn(edge)]);
    const token = other.accessToken;
    for (const id of [ticketId, randomUUID()]) {
      for (const path of ['', '/qr.svg', '/ticket.pdf']) {
        expectProblem(await edge.call('GET', `/v1/tickets/${id}${path}`, { token }), 404, 'ticket-not-found');
      }
      expectProblem(await edge.call('POST', `/v1/tickets/${id}/reissue`, { token }), 404, 'ticket-not-found');
    }
    expectProblem(await edge.call('GET', `/v1/tickets/${ticketId}`), 401, 'unauthenticated');
  });

  it('shows that a ticket is void, but neither draws nor prints it', async () => {
    const ticket = await issue(edge);
    await voidTicket(ticket);
    expect((await ticket.read()).body['status']).toBe('VOID');
    expectProblem(await ticket.read('/qr.svg'), 410, 'ticket-void');
    expectProblem(await ticket.read('/ticket.pdf'), 410, 'ticket-void');
  });
});

describe('the pictures of a ticket', () => {
  it('are an SVG whose QR reads as the code', async () => {
    const ticket = await issue(edge);
    const { text, headers } = await ticket.read('/qr.svg');
    expect(headers.get('Content-Type')).toBe('image/svg+xml');
    expect(headers.get('Cache-Control')).toBe('no-store');
    expect(readQrSvg(text)).toBe(await ticket.code());
  });

  it('are a page to print, with the name of the holder and the same code', async () => {
    const ticket = await issue(edge);
    await edge.database.owner('users').where({ id: ticket.buyer.userId }).update({ name: '김민아' });
    const reply = await pdfOf(ticket);
    expect(reply.headers.get('Content-Type')).toBe('application/pdf');
    expect(reply.headers.get('Content-Disposition')).toBe(`inline; filename="ticket-${ticket.ticketId}.pdf"`);
    const { pages, text, qr } = await readTicketPdf(new Uint8Array(await reply.arrayBuffer()));
    expect({ pages, qr }).toEqual({ pages: 1, qr: await ticket.code() });
    expect(text).toContain('김민아');
    expect(text).toContain(ticket.reservationId);
  });

  it('show the login of a holder without a name', async () => {
    const ticket = await issue(edge);
    const { text } = await readTicketPdf(new Uint8Array(await (await pdfOf(ticket)).arrayBuffer()));
    expect(text).toContain(ticket.buyer.id);
  });
});

describe('POST /v1/tickets/{ticketId}/reissue', () => {
  it('makes a new code, and the old code is void at the gate', async () => {
    const [ticket, staff] = await Promise.all([issue(edge), hireStaff(edge)]);
    const before = await ticket.code();
    const { status, body } = await ticket.reissue();
    expect(status).toBe(200);
    expect(body['qr']).not.toBe(before);
    expect(body).toEqual((await ticket.read()).body);
    expectProblem(await staff.checkIn({ qr: before }), 410, 'ticket-void');
    expect((await staff.checkIn({ qr: String(body['qr']) })).status).toBe(200);
  });

  it('makes one version for one key, also at once, and responds the same each time', async () => {
    const ticket = await issue(edge);
    const key = randomUUID();
    const replies = await Promise.all(Array.from({ length: 5 }, async () => ticket.reissue(key)));
    replies.push(await ticket.reissue(key));
    const { body } = await ticket.read();
    for (const reply of replies) expect(reply.body).toEqual(body);
    const versions = edge.database.owner('tickets').where({ id: ticket.ticketId });
    expect(await versions.select<{ version: number }[]>('version')).toEqual([{ version: 2 }]);
  });

  it('leaves no code in the table of responses', async () => {
    const ticket = await issue(edge);
    const key = randomUUID();
    await ticket.reissue(key);
    const rows: unknown = await edge.database.owner('idempotency_keys').where({ key }).select('answer');
    expect(rows).toEqual([{ answer: { status: 200, body: { version: 2 } } }]);
  });

  it('is rejected for a used ticket, with time and gate, and for a void ticket', async () => {
    const [used, cancelled, staff] = await Promise.all([issue(edge), issue(edge), hireStaff(edge)]);
    await staff.checkIn({ qr: await used.code(), gate: 'North' });
    await voidTicket(cancelled);
    const reply = await used.reissue();
    expectProblem(reply, 409, 'ticket-already-used');
    expect(reply.body).toMatchObject({ usedAt: aString, gate: 'North' });
    expectProblem(await cancelled.reissue(), 410, 'ticket-void');
  });

  it('makes one version for each of many requests at once, and only the last is valid', async () => {
    const [ticket, staff] = await Promise.all([issue(edge), hireStaff(edge)]);
    const replies = await Promise.all(Array.from({ length: 5 }, async () => ticket.reissue()));
    const codes = new Set(replies.map(({ body }) => String(body['qr'])));
    expect(codes.size).toBe(5);
    const newest = await ticket.code();
    codes.delete(newest);
    for (const qr of codes) expectProblem(await staff.checkIn({ qr }), 410, 'ticket-void');
    expect((await staff.checkIn({ qr: newest })).status).toBe(200);
  });
});
