import { randomUUID } from 'node:crypto';
import { createTicketStore } from '../../../src/db/tickets/ticketStore';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { createSale, createUser, insertTicket } from '../../support/factories';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => database.drop());

/** A ticket as a confirmation issues it, without the rest of its sale. */
async function aTicket(): Promise<string> {
  const { owner } = database;
  const [{ scheduleId, seatId }, userId, reservationId] = [
    await createSale(owner),
    await createUser(owner),
    randomUUID(),
  ];
  const now = new Date();
  await owner('reservations').insert({
    id: reservationId,
    user_id: userId,
    schedule_id: scheduleId,
    status: 'CONFIRMED',
    tickets: 1,
    booking_fee: 0,
    currency: 'KRW',
    held_at: now,
    expires_at: now,
  });
  return insertTicket(owner, { reservationId, userId, seatId });
}

describe('scans of one ticket at once', () => {
  it('admit once', async () => {
    const staffId = await createUser(database.owner);
    for (let round = 0; round < 5; round += 1) {
      const ticketId = await aTicket();
      const scan = { ticketId, version: 1, staffId, gate: 'North' };
      const scans = Array.from({ length: 8 }, async () => createTicketStore(database.db).checkIn(scan));
      const outcomes = (await Promise.all(scans)).map(({ outcome }) => outcome);
      expect(outcomes.filter((outcome) => outcome === 'admitted')).toHaveLength(1);
      expect(outcomes.filter((outcome) => outcome === 'already-used')).toHaveLength(7);
    }
  });

  it('name the scan that each of them has replaced, and no other', async () => {
    const staffId = await createUser(database.owner);
    const ticketId = await aTicket();
    const now = Date.now();
    const results = await Promise.all(
      [3, 1, 4, 2, 5].map(async (seconds) =>
        createTicketStore(database.db).checkIn({
          ticketId,
          version: 1,
          staffId,
          gate: `gate ${seconds}`,
          offline: { scannedAt: new Date(now - seconds * 1_000), deviceId: `device ${seconds}` },
        }),
      ),
    );
    // Each scan except the earliest is reported once: as the duplicate of an earlier scan, or to its own device.
    const duplicates = results.flatMap((result) =>
      result.outcome === 'admitted' ? (result.duplicate?.gate ?? []) : [],
    );
    const refused = results.filter((result) => result.outcome === 'already-used');
    expect(new Set(duplicates).size + refused.length).toBe(4);
    expect(duplicates).not.toContain('gate 5');
  });
});
