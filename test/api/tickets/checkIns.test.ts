import { randomUUID } from 'node:crypto';
import { createKeyRing, rotateSigningKey } from '../../../src/api/accounts/keyRing';
import { createSigningKeyStore } from '../../../src/db/accounts/signingKeyStore';
import { signTicketCode } from '../../../src/api/tickets/code/sign';
import { aString } from '../../support/matchers';
import { expectProblem, logIn, logInOperator, startEdge, type Edge } from '../edge';
import { hireStaff, issue, type Staff } from './issued';

const HOUR_MS = 60 * 60 * 1000;

let edge: Edge;
let staff: Staff;

beforeAll(async () => {
  edge = await startEdge();
  staff = await hireStaff(edge);
});
afterAll(async () => edge.stop());

function later(milliseconds: number): void {
  const then = Date.now() + milliseconds;
  jest.spyOn(Date, 'now').mockImplementation(() => then);
}

/** A scan as a device recorded it this number of seconds ago. */
const offline = (qr: string, seconds: number, deviceId: string) => ({
  qr,
  scannedAt: new Date(Date.now() - seconds * 1_000).toISOString(),
  deviceId,
  gate: `gate of ${deviceId}`,
});

describe('POST /v1/check-ins', () => {
  it('admits with a ticket, and the buyer then sees it as used', async () => {
    const ticket = await issue(edge);
    const { ticketId, seatId } = ticket;
    const { status, body } = await staff.checkIn({ qr: await ticket.code() });
    expect(status).toBe(200);
    const seat = { seatId, zone: 'A', row: '1', number: '1', grade: 'R' };
    expect(body).toEqual({ result: 'ADMITTED', ticketId, seat });
    expect((await ticket.read()).body['status']).toBe('USED');
  });

  it('is only for staff and operators', async () => {
    const ticket = await issue(edge);
    const body = { qr: await ticket.code() };
    const { accessToken: token } = ticket.buyer;
    expectProblem(await edge.call('POST', '/v1/check-ins', { body }), 401, 'unauthenticated');
    expectProblem(await edge.call('POST', '/v1/check-ins', { body, token }), 403, 'forbidden');
    const operator = await logInOperator(edge);
    expect((await edge.call('POST', '/v1/check-ins', { body, token: operator })).status).toBe(200);
  });

  it('never admits a ticket twice, and reports when and where the first check-in was', async () => {
    const [ticket, elsewhere] = await Promise.all([issue(edge), hireStaff(edge)]);
    const qr = await ticket.code();
    await staff.checkIn({ qr });
    const reply = await elsewhere.checkIn({ qr, gate: 'South' });
    expectProblem(reply, 409, 'ticket-already-used');
    expect(reply.body).toMatchObject({ usedAt: aString, gate: staff.login });
    expect(Math.abs(Date.parse(String(reply.body['usedAt'])) - Date.now())).toBeLessThan(60_000);
  });

  it('admits one of twenty scans at two gates at once', async () => {
    const [ticket, other] = await Promise.all([issue(edge), hireStaff(edge)]);
    const qr = await ticket.code();
    const replies = await Promise.all(
      Array.from({ length: 20 }, async (_, index) =>
        (index % 2 === 0 ? staff : other).checkIn({ qr, gate: `Gate ${index}` }, randomUUID()),
      ),
    );
    const admitted = replies.filter(({ status }) => status === 200);
    expect(admitted).toHaveLength(1);
    for (const reply of replies) {
      if (reply.status !== 200) expectProblem(reply, 409, 'ticket-already-used');
    }
  });

  it('admits a scan that is sent again with its key, also at once', async () => {
    const ticket = await issue(edge);
    const [scan, key] = [{ qr: await ticket.code() }, randomUUID()];
    const replies = await Promise.all(Array.from({ length: 5 }, async () => staff.checkIn(scan, key)));
    replies.push(await staff.checkIn(scan, key));
    for (const { status, body } of replies)
      expect({ status, body }).toEqual({ status: 200, body: replies[0]?.body });
    expectProblem(await staff.checkIn(scan, randomUUID()), 409, 'ticket-already-used');
  });

  it('keeps the key free if the scan was not a code', async () => {
    const ticket = await issue(edge);
    const key = randomUUID();
    expectProblem(await staff.checkIn({ qr: 'half a co' }, key), 400, 'ticket-invalid');
    expect((await staff.checkIn({ qr: await ticket.code() }, key)).status).toBe(200);
  });

  it('rejects a void ticket', async () => {
    const ticket = await issue(edge);
    const qr = await ticket.code();
    await edge.database.owner('tickets').where({ id: ticket.ticketId }).update({ status: 'VOID' });
    expectProblem(await staff.checkIn({ qr }), 410, 'ticket-void');
  });

  it('rejects the ticket of another show as invalid, and leaves it unused', async () => {
    const [here, there] = await Promise.all([issue(edge), issue(edge)]);
    const qr = await there.code();
    const { scheduleId } = here;
    expectProblem(await staff.checkIn({ qr, scheduleId }), 400, 'ticket-invalid');
    expect((await staff.checkIn({ qr, scheduleId: there.scheduleId })).status).toBe(200);
  });

  it('rejects other input as invalid: text, other tokens, and a code without a ticket', async () => {
    const account = await logIn(edge);
    const unknown = { ticketId: randomUUID(), scheduleId: randomUUID(), version: 1 };
    const signed = await signTicketCode(unknown, edge.dependencies.ticketKeys.signer());
    const bySessionKey = await signTicketCode(unknown, edge.dependencies.keys.signer());
    for (const qr of [
      '',
      'garbage',
      'a.b.c',
      '입장권',
      'x'.repeat(10_000),
      account.accessToken,
      account.queueToken,
      signed,
      bySessionKey,
    ]) {
      expectProblem(await staff.checkIn({ qr }), 400, 'ticket-invalid');
    }
  });

  it('responds with 400 if the text is missing or the gate is too long', async () => {
    const ticket = await issue(edge);
    expectProblem(
      await staff.checkIn({ qr: await ticket.code(), gate: 'x'.repeat(101) }),
      400,
      'validation-failed',
    );
    const token = await logInOperator(edge);
    expectProblem(await edge.call('POST', '/v1/check-ins', { token, body: {} }), 400, 'validation-failed');
  });
});

describe('staff', () => {
  it.each([
    ['12 hours and a moment before the start', 12.01],
    ['6 hours and a moment after the start', -6.01],
    ['weeks before the start', 1_000],
  ])('cannot check in %s', async (_, startsInHours) => {
    const ticket = await issue(edge, startsInHours);
    const reply = await staff.checkIn({ qr: await ticket.code() });
    expectProblem(reply, 403, 'check-in-not-open');
    const startsAt = Date.now() + startsInHours * HOUR_MS;
    const [opensAt, closesAt] = [
      Date.parse(String(reply.body['opensAt'])),
      Date.parse(String(reply.body['closesAt'])),
    ];
    expect(Math.abs(opensAt - (startsAt - 12 * HOUR_MS))).toBeLessThan(60_000);
    expect(closesAt - opensAt).toBe(18 * HOUR_MS);
    expect((await ticket.read()).body['status']).toBe('VALID');
  });

  it.each([11.99, 0, -5.99])('can check in if the show starts in %s hours', async (startsInHours) => {
    const ticket = await issue(edge, startsInHours);
    expect((await staff.checkIn({ qr: await ticket.code() })).status).toBe(200);
  });

  it('can check in with a scan from the check-in hours, however late it is uploaded', async () => {
    const yesterday = await issue(edge, -24);
    const qr = await yesterday.code();
    expectProblem(await staff.checkIn(offline(qr, 3_600, 'north')), 403, 'check-in-not-open');
    expect((await staff.checkIn(offline(qr, 25 * 3_600, 'north'))).status).toBe(200);
  });

  it('can check in within the hours that the operator sets', async () => {
    const other = await startEdge({ settings: { CHECK_IN_HOURS_BEFORE: '1', CHECK_IN_HOURS_AFTER: '0' } });
    const gate = await hireStaff(other);
    const [late, early] = [await issue(other, -0.01), await issue(other, 1.01)];
    for (const ticket of [late, early]) {
      expectProblem(await gate.checkIn({ qr: await ticket.code() }), 403, 'check-in-not-open');
    }
    const between = await issue(other, 0.5);
    expect((await gate.checkIn({ qr: await between.code() })).status).toBe(200);
    await other.stop();
  });

  it('can check in only at their assigned venues and schedules; operators can everywhere and always', async () => {
    const [here, atVenue, there] = [await issue(edge), await issue(edge), await issue(edge)];
    const far = await issue(edge, 1_000);
    const bound = await hireStaff(edge);
    const token = await logInOperator(edge);
    const venueId = await venueOf(atVenue.scheduleId);
    const body = { venueIds: [venueId], scheduleIds: [here.scheduleId] };
    const path = `/v1/admin/staff/${bound.userId}/assignments`;
    expect((await edge.call('PUT', path, { token, body })).status).toBe(200);

    const reply = await bound.checkIn({ qr: await there.code(), scheduleId: there.scheduleId });
    expectProblem(reply, 400, 'ticket-invalid');
    for (const ticket of [here, atVenue]) {
      expect((await bound.checkIn({ qr: await ticket.code() })).status).toBe(200);
    }
    for (const ticket of [there, far]) {
      const scanned = await edge.call('POST', '/v1/check-ins', { token, body: { qr: await ticket.code() } });
      expect(scanned.status).toBe(200);
    }
  });
});

async function venueOf(scheduleId: string): Promise<string> {
  const row = await edge.database
    .owner('schedules')
    .where({ id: scheduleId })
    .first<{ venue_id: string }>('venue_id');
  return row.venue_id;
}

describe('an uploaded scan', () => {
  it('admits as of the time of the scan', async () => {
    const ticket = await issue(edge);
    const upload = offline(await ticket.code(), 600, 'north');
    expect((await staff.checkIn(upload)).body).toEqual({
      result: 'ADMITTED',
      ticketId: ticket.ticketId,
      seat: { seatId: ticket.seatId, zone: 'A', row: '1', number: '1', grade: 'R' },
    });
    const reply = await staff.checkIn({ qr: upload.qr });
    expectProblem(reply, 409, 'ticket-already-used');
    expect(reply.body).toMatchObject({ usedAt: upload.scannedAt, gate: 'gate of north' });
  });

  it('is a duplicate if an earlier one has arrived', async () => {
    const qr = await (await issue(edge)).code();
    const first = offline(qr, 600, 'north');
    await staff.checkIn(first);
    const reply = await staff.checkIn(offline(qr, 300, 'south'));
    expectProblem(reply, 409, 'ticket-already-used');
    expect(reply.body).toMatchObject({ usedAt: first.scannedAt, gate: 'gate of north' });
  });

  it('counts if it is earlier than the scan that had counted, and reports that one as the duplicate', async () => {
    const qr = await (await issue(edge)).code();
    await staff.checkIn({ qr, gate: 'online' });
    const [late, early] = [offline(qr, 300, 'south'), offline(qr, 600, 'north')];
    expect((await staff.checkIn(late)).body['duplicate']).toEqual({
      scannedAt: aString,
      gate: 'online',
      deviceId: null,
    });
    expect((await staff.checkIn(early)).body['duplicate']).toEqual({
      scannedAt: late.scannedAt,
      gate: 'gate of south',
      deviceId: 'south',
    });
    const reply = await staff.checkIn(late);
    expectProblem(reply, 409, 'ticket-already-used');
    expect(reply.body).toMatchObject({ usedAt: early.scannedAt, gate: 'gate of north' });
  });

  it('may be uploaded again, also without a key', async () => {
    const upload = offline(await (await issue(edge)).code(), 600, 'north');
    const replies = [await staff.checkIn(upload), await staff.checkIn(upload)];
    expect(replies.map(({ status }) => status)).toEqual([200, 200]);
    expect(replies[1]?.body).toEqual(replies[0]?.body);
  });

  it('counts in the end if it is the earliest of several at once', async () => {
    const qr = await (await issue(edge)).code();
    const uploads = [400, 100, 600, 300, 500, 200].map((seconds) =>
      offline(qr, seconds, `device ${seconds}`),
    );
    const replies = await Promise.all(uploads.map(async (upload) => staff.checkIn(upload)));
    for (const reply of replies) if (reply.status !== 200) expectProblem(reply, 409, 'ticket-already-used');
    const { body } = await staff.checkIn({ qr });
    expect(body).toMatchObject({ usedAt: uploads[2]?.scannedAt, gate: 'gate of device 600' });
  });

  it('of a void ticket is rejected as void, which shows that a visitor entered with it', async () => {
    const ticket = await issue(edge);
    const upload = offline(await ticket.code(), 600, 'north');
    await ticket.reissue();
    expectProblem(await staff.checkIn(upload), 410, 'ticket-void');
  });

  it.each([
    ['without a device', { scannedAt: '2026-10-03T10:00:00Z' }, 'deviceId'],
    ['without a time', { deviceId: 'north' }, 'deviceId'],
    ['from the future', { scannedAt: '9000-01-01T00:00:00Z', deviceId: 'north' }, 'scannedAt'],
    ['with an invalid time', { scannedAt: 'yesterday', deviceId: 'north' }, 'scannedAt'],
  ])('is rejected %s', async (_, body, path) => {
    const reply = await staff.checkIn({ qr: 'x', ...body });
    expectProblem(reply, 400, 'validation-failed');
    expect(reply.body['errors']).toEqual([{ path, message: aString }]);
  });
});

describe('the code of a ticket', () => {
  it('is read with the characters that hand scanners add', async () => {
    for (const noise of [' ', '\uFEFF', ']Q1']) {
      const ticket = await issue(edge);
      expect((await staff.checkIn({ qr: `${noise}${await ticket.code()}\r\n` })).status).toBe(200);
    }
  });

  it('is neither an access token nor a queue token', async () => {
    const ticket = await issue(edge);
    const code = await ticket.code();
    expectProblem(await edge.call('GET', '/v1/wallet', { token: code }), 401, 'unauthenticated');
    const { accessToken: token } = ticket.buyer;
    const headers = { 'X-Queue-Token': code };
    expectProblem(await edge.call('GET', '/v1/queue/status', { token, headers }), 401, 'invalid-queue-token');
  });
});

describe('the keys of tickets', () => {
  afterEach(() => jest.restoreAllMocks());

  it('can rotate: old tickets stay valid, and this process knows the new key at once', async () => {
    const store = createSigningKeyStore(edge.database.db, 'ticket');
    const [old, fresh] = await Promise.all([issue(edge), issue(edge)]);
    const oldCode = await old.code();
    const { kid: oldKid } = edge.dependencies.ticketKeys.signer();
    const newKid = await rotateSigningKey(store);
    const retiredAt = new Date('2001-01-01');
    await edge.database.owner('signing_keys').where({ kid: oldKid }).update({ retired_at: retiredAt });
    const anotherProcess = await createKeyRing(store);
    const { ticketId, scheduleId } = fresh;
    const newCode = await signTicketCode({ ticketId, scheduleId, version: 1 }, anotherProcess.signer());

    later(10_000);
    expect((await staff.checkIn({ qr: newCode })).status).toBe(200);
    expect((await staff.checkIn({ qr: oldCode })).status).toBe(200);
    const { text } = await edge.call('GET', '/.well-known/jwks.json');
    for (const kid of [oldKid, newKid, edge.dependencies.keys.signer().kid])
      expect(text).toContain(`"${kid}"`);
  });

  it('do not affect the session keys when they rotate, and the other way round', async () => {
    const { keys, ticketKeys } = edge.dependencies;
    const [session, ticket] = [keys.signer().kid, ticketKeys.signer().kid];
    await rotateSigningKey(createSigningKeyStore(edge.database.db, 'ticket'));
    await Promise.all([keys.reload(), ticketKeys.reload()]);
    expect(keys.signer().kid).toBe(session);
    const newest = ticketKeys.signer().kid;
    expect(newest).not.toBe(ticket);
    await rotateSigningKey(createSigningKeyStore(edge.database.db, 'session'));
    await Promise.all([keys.reload(), ticketKeys.reload()]);
    expect(ticketKeys.signer().kid).toBe(newest);
  });

  it('verify nothing once they are revoked; the ticket has a valid code when it is read again', async () => {
    const ticket = await issue(edge);
    const leaked = await ticket.code();
    await rotateSigningKey(createSigningKeyStore(edge.database.db, 'ticket'), 'revoked');
    await edge.dependencies.ticketKeys.reload();
    expectProblem(await staff.checkIn({ qr: leaked }), 400, 'ticket-invalid');
    expect((await staff.checkIn({ qr: await ticket.code() })).status).toBe(200);
  });
});
