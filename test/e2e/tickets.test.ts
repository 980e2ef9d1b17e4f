import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { z } from 'zod';
import * as contract from './contract';
import { read, root } from '../docs/markdown';
import { readQrSvg, readTicketPdf } from '../support/ticketReader';
import { expectAnswer, expectProblem, expectStatus, type User } from './client';
import type { Reply } from './reply';
import { expectHold } from './sale';
import { START_MS, startService, type Service } from './service';

const run = promisify(execFile);

let service: Service;
let staff: User;

beforeAll(async () => {
  // The shows of these tests start in two days.
  service = await startService({ CHECK_IN_HOURS_BEFORE: '72' });
  staff = await hireStaff();
}, START_MS);
afterAll(async () => service.end(), START_MS);

type Ticket = z.output<typeof contract.issuedTicket>;

async function hireStaff(): Promise<User> {
  const [id, password] = [`gate-${randomUUID()}`, `password ${randomUUID()}`];
  const account = { id, password, role: 'STAFF' };
  expectStatus(await service.operator.post('/v1/admin/staff', account), 201);
  return service.client.logIn(id, password);
}

/** A buyer who has paid for one seat of a separate show. */
async function ticketHolder(): Promise<{ user: User; ticket: Ticket }> {
  const [{ seatIds }, user] = await Promise.all([service.openSale(), service.buyer()]);
  const { reservationId } = await expectHold(user, seatIds.slice(0, 1));
  const { tickets } = expectAnswer(await user.pay(reservationId, { points: 0 }), 200, contract.paid);
  return { user, ticket: await readTicket(user, tickets[0]?.ticketId) };
}

async function readTicket(user: User, ticketId: string | undefined): Promise<Ticket> {
  return expectAnswer(await user.get(`/v1/tickets/${ticketId}`), 200, contract.issuedTicket);
}

async function cancel(user: User, { reservationId }: Ticket): Promise<Reply> {
  return user.post(`/v1/reservations/${reservationId}/cancellation`, {});
}

async function checkIn(gate: User, scan: object, key: string = randomUUID()): Promise<Reply> {
  return gate.post('/v1/check-ins', scan, { 'Idempotency-Key': key });
}

/** Rotates keys as an operator does. */
async function rotate(...args: string[]): Promise<void> {
  await run(process.execPath, ['dist/src/api/accounts/rotateKeys.js', ...args], {
    cwd: root,
    env: service.stack.env,
  });
}

describe('A bought ticket', () => {
  it('shows its seat and its show', async () => {
    const { user, ticket } = await ticketHolder();

    expect(ticket).toMatchObject({
      seat: { zone: 'Floor', row: 'B', number: '1', grade: 'R' },
      schedule: {
        title: 'First night',
        artist: 'The Holdouts',
        venueName: 'Small hall',
        timeZone: 'Asia/Seoul',
      },
      status: 'VALID',
    });
    const { seats } = await user.reservation(ticket.reservationId);
    expect(seats[0]?.seatId).toBe(ticket.seat.seatId);
  });

  it('has one code in JSON, in its SVG and on its page, as a scanner reads each', async () => {
    const { user, ticket } = await ticketHolder();
    const svg = await user.get(`/v1/tickets/${ticket.ticketId}/qr.svg`);
    const pdf = await user.get(`/v1/tickets/${ticket.ticketId}/ticket.pdf`);

    expectStatus(svg, 200);
    expect(readQrSvg(svg.text)).toBe(ticket.qr);
    expectStatus(pdf, 200);
    const page = await readTicketPdf(pdf.bytes);
    expect({ pages: page.pages, qr: page.qr }).toEqual({ pages: 1, qr: ticket.qr });
    for (const words of ['First night', 'The Holdouts', 'Small hall', 'Floor', ticket.reservationId]) {
      expect(page.text).toContain(words);
    }
    for (const reply of [svg, pdf]) expect(reply.headers.get('Cache-Control')).toBe('no-store');
  });

  it('is 404 for another user; only its buyer can reissue it, and then the old code is void', async () => {
    const [{ user, ticket }, other] = await Promise.all([ticketHolder(), service.buyer()]);
    const address = `/v1/tickets/${ticket.ticketId}`;
    for (const part of ['', '/qr.svg', '/ticket.pdf']) {
      expectProblem(await other.get(`${address}${part}`), 404, 'ticket-not-found');
    }
    expectProblem(await other.post(`${address}/reissue`, undefined), 404, 'ticket-not-found');

    const reissued = expectAnswer(
      await user.post(`${address}/reissue`, undefined),
      200,
      contract.issuedTicket,
    );

    expectProblem(await checkIn(staff, { qr: ticket.qr }), 410, 'ticket-void');
    expectAnswer(await checkIn(staff, { qr: reissued.qr }), 200, contract.admitted);
  });
});

describe('A gate', () => {
  it('admits with a ticket once, and reports to the next gate when and where', async () => {
    const { user, ticket } = await ticketHolder();
    const { qr, ticketId, seat, schedule } = ticket;
    const scan = { qr, gate: 'North 2', scheduleId: schedule.scheduleId };

    const admitted = expectAnswer(await checkIn(staff, scan), 200, contract.admitted);

    expect(admitted).toEqual({ result: 'ADMITTED', ticketId, seat });
    const second = expectProblem(await checkIn(staff, scan), 409, 'ticket-already-used', { gate: 'North 2' });
    expect(Date.parse(String(second['usedAt']))).toBeGreaterThan(Date.now() - 60_000);
    expect((await readTicket(user, ticketId)).status).toBe('USED');
  });

  it('admits one of twenty scans at two gates at once', async () => {
    const [{ ticket }, otherGate] = await Promise.all([ticketHolder(), hireStaff()]);

    const replies = await Promise.all(
      Array.from({ length: 20 }, async (_, index) =>
        checkIn(index % 2 === 0 ? staff : otherGate, { qr: ticket.qr }),
      ),
    );

    expect(replies.filter((reply) => reply.status === 200)).toHaveLength(1);
    expect(replies.filter((reply) => reply.status === 409)).toHaveLength(19);
  });

  it('admits again if the same scan is sent with its key, also at once', async () => {
    const { ticket } = await ticketHolder();
    const key = randomUUID();

    const replies = await Promise.all(
      Array.from({ length: 5 }, async () => checkIn(staff, { qr: ticket.qr }, key)),
    );

    for (const reply of replies) expectAnswer(reply, 200, contract.admitted);
  });

  it('rejects garbage, tokens of other kinds, and tickets of another show', async () => {
    const [{ user, ticket }, { ticket: elsewhere }] = await Promise.all([ticketHolder(), ticketHolder()]);

    for (const qr of ['', 'garbage', user.accessToken, user.queueToken, `${ticket.qr}x`]) {
      expectProblem(await checkIn(staff, { qr }), 400, 'ticket-invalid');
    }
    const { scheduleId } = elsewhere.schedule;
    expectProblem(await checkIn(staff, { qr: ticket.qr, scheduleId }), 400, 'ticket-invalid');
    expectAnswer(await checkIn(staff, { qr: ticket.qr }), 200, contract.admitted);
  });

  it('is only for staff: no other user can check in', async () => {
    const { user, ticket } = await ticketHolder();

    expectProblem(await checkIn(user, { qr: ticket.qr }), 403, 'forbidden');
    const nobody = await service.client.call('POST', '/v1/check-ins', { body: { qr: ticket.qr } });
    expectProblem(nobody, 401, 'unauthenticated');
    expect((await readTicket(user, ticket.ticketId)).status).toBe('VALID');
  });
});

describe('A cancelled reservation', () => {
  it('has a void ticket: no gate admits with it, and it no longer has a picture', async () => {
    const { user, ticket } = await ticketHolder();

    expectStatus(await cancel(user, ticket), 200);

    expect((await readTicket(user, ticket.ticketId)).status).toBe('VOID');
    expectProblem(await checkIn(staff, { qr: ticket.qr }), 410, 'ticket-void');
    expectProblem(await user.get(`/v1/tickets/${ticket.ticketId}/qr.svg`), 410, 'ticket-void');
  });

  it('is cancelled or admitted, never both, if both are requested at once', async () => {
    const { user, ticket } = await ticketHolder();

    const [scan, cancellation] = await Promise.all([checkIn(staff, { qr: ticket.qr }), cancel(user, ticket)]);

    if (scan.status === 200) expectProblem(cancellation, 409, 'not-cancellable');
    else expectProblem(scan, 410, 'ticket-void');
    expect([scan, cancellation].filter(({ status }) => status === 200)).toHaveLength(1);
  });
});

describe('node dist/src/api/accounts/rotateKeys.js ticket', () => {
  it('makes a new key, and older tickets stay valid', async () => {
    const { ticket } = await ticketHolder();
    const { ownerDb } = service.stack;
    const before = await ownerDb('signing_keys').where({ purpose: 'ticket' });

    await rotate('ticket');

    expect(await ownerDb('signing_keys').where({ purpose: 'ticket' })).toHaveLength(before.length + 1);
    expect(await ownerDb('signing_keys').where({ purpose: 'session' })).toHaveLength(1);
    expectAnswer(await checkIn(staff, { qr: ticket.qr }), 200, contract.admitted);
  });

  it('rejects an unknown purpose', async () => {
    await expect(rotate('tickets')).rejects.toThrow('tickets: must be session or ticket');
  });
});

describe('Checking without a network, as docs/tickets.md shows it', () => {
  const [, example = ''] =
    /## Checking without a network[^]*?```sh\n([^]*?)```/.exec(read('docs/tickets.md')) ?? [];

  /** Runs the example as a reader would paste it. */
  async function paste(code: string, scheduleId: string): Promise<unknown> {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'holdfast-gate-'));
    const env = {
      ...process.env,
      API: service.stack.apiUrl,
      CODE: code,
      SCHEDULE: scheduleId,
      TMPDIR: folder,
    };
    try {
      const { stdout } = await run('bash', ['-ec', example], { cwd: root, env });
      return JSON.parse(stdout);
    } finally {
      await rm(folder, { recursive: true });
    }
  }

  it('distinguishes a genuine code, a code of another show and an invalid code', async () => {
    const { ticket } = await ticketHolder();
    const { qr, ticketId, schedule } = ticket;
    const { scheduleId } = schedule;

    expect(await paste(qr, scheduleId)).toEqual({ outcome: 'genuine', ticketId, scheduleId, version: 1 });
    expect(await paste(qr, randomUUID())).toEqual({ outcome: 'wrong-show' });
    expect(await paste('garbage', scheduleId)).toEqual({ outcome: 'invalid' });
  });
});
