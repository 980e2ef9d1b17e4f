import { createHash, randomUUID } from 'node:crypto';
import { createActivities } from '../../../src/activities';
import { grantUnchangedHold, type HoldToGrant } from '../../../src/api/reservations/grantHold';
import type { AnsweredKey } from '../../../src/db/idempotencyStore';
import type { HeldReservation } from '../../../src/domain/reservations/hold';
import { assertHoldable, type HoldFacts } from '../../../src/domain/reservations/holdRules';
import { storesOf } from '../../../src/db/stores';
import { eventually } from '../../support/eventually';
import { createSale, createUser, type Sale } from '../../support/factories';
import { createFixture, type Fixture } from '../../support/fixture';
import { aGrant, anEnd } from '../../support/steps';
import { advisoryLocksWaitedFor } from '../../support/waiting';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await createFixture();
});
afterEach(async () => fixture.endTest());
afterAll(async () => fixture?.drop());

const BODY = createHash('sha256').update('a body').digest();

/** A hold that the API has checked, with its idempotency key. */
interface Checked {
  sale: Sale;
  hold: HoldToGrant;
  facts: HoldFacts;
  key: string;
}

/** A checked hold of two of the three seats of a new sale. */
async function aCheckedHold(): Promise<Checked> {
  const { owner } = fixture.database;
  const sale = await createSale(owner, { seats: 3, maxSeatsPerUser: 2 });
  const hold = aGrant(sale, await createUser(owner), sale.seatIds.slice(0, 2));
  return { sale, hold, facts: await check(hold), key: randomUUID() };
}

async function check(hold: HoldToGrant): Promise<HoldFacts> {
  const facts = await storesOf(fixture.database.db).holds.readHoldFacts(hold, 'read');
  if (!facts) throw new Error('no facts about a hold');
  assertHoldable(facts, hold.seatIds);
  return facts;
}

const scopeOf = ({ hold, key }: Checked) => ({ userId: hold.userId, route: 'POST /v1/reservations', key });

async function grant(checked: Checked): Promise<HeldReservation | null> {
  const answerOf = (held: HeldReservation): AnsweredKey => ({
    scope: scopeOf(checked),
    bodyHash: BODY,
    answer: { status: 201, body: held },
  });
  return grantUnchangedHold(storesOf(fixture.database.db).holds, checked.hold, checked.facts, answerOf);
}

const recordedFor = async (checked: Checked) =>
  storesOf(fixture.database.db).idempotencyKeys.find(scopeOf(checked));

/** The rows that a hold leaves, without what differs between two holds. */
async function rowsOf(hold: HoldToGrant): Promise<unknown> {
  const { owner } = fixture.database;
  const reservation = await owner('reservations')
    .where({ id: hold.reservationId })
    .first<Record<string, unknown>>();
  const allocations = await owner('allocations')
    .where({ reservation_id: hold.reservationId })
    .orderBy('seat_id')
    .select('seat_id', 'schedule_id', 'price', 'sold_at', 'released_at');
  return {
    reservation: { ...reservation, id: null, user_id: null, held_at: null, expires_at: null },
    allocations,
  };
}

/** Another user gets the first seat of a sale. */
async function takeASeat({ sale }: Checked): Promise<void> {
  await fixture.grant(aGrant(sale, await createUser(fixture.database.owner), [sale.seatId]));
}

describe('a hold that was checked', () => {
  it('is granted in one statement, with the rows of a grant in a transaction', async () => {
    const checked = await aCheckedHold();
    const { hold } = checked;
    const { db } = fixture.database;
    let statements = 0;
    const count = () => (statements += 1);
    db.on('query', count);
    const held = await grant(checked);
    db.off('query', count);

    expect(statements).toBe(1);
    const rows = await rowsOf(hold);
    await createActivities(fixture.dependencies).endHold(anEnd(hold));
    const again = { ...hold, reservationId: randomUUID() };
    const slowly = await fixture.grant(again);
    expect(rows).toEqual(await rowsOf(again));
    expect({ ...held, reservationId: null }).toEqual({ ...slowly, reservationId: null });
    expect(held?.seats).toHaveLength(2);
  });

  it('records the response of its key with the hold', async () => {
    const checked = await aCheckedHold();

    const held = await grant(checked);

    expect(await recordedFor(checked)).toEqual({ bodyHash: BODY, answer: { status: 201, body: held } });
  });

  /** What happens between the check and the grant. */
  const changes: Record<string, (checked: Checked) => unknown> = {
    'an operator blocks a seat': async ({ sale }) =>
      storesOf(fixture.database.db).seats.setBlocked(sale.scheduleId, [sale.seatId], true),
    'the sale is paused': async ({ sale }) =>
      storesOf(fixture.database.db).schedules.update(sale.scheduleId, { saleSwitch: 'PAUSED' }),
    'the show is cancelled': async ({ sale }) =>
      fixture.database.db.transaction(async (tx) => storesOf(tx).schedules.cancel(sale.scheduleId, null)),
    'a price changes': async ({ sale }) =>
      fixture.database.owner('grades').where({ schedule_id: sale.scheduleId }).update({ price: 1 }),
    'the end of the sale passes': ({ facts }) => (facts.schedule.saleClosesAt = new Date(Date.now() - 1)),
    'the end of the hold passes': ({ hold }) => (hold.expiresAt = new Date(Date.now() - 1)),
    'more than 15 s pass': ({ hold }) => (hold.heldAt = new Date(Date.now() - 15_001)),
    'another user gets a seat': takeASeat,
    'the user gets another seat': async ({ sale, hold }) =>
      fixture.grant(aGrant(sale, hold.userId, sale.seatIds.slice(2))),
    'the reservation is recorded': async ({ hold }) => fixture.grant(hold),
    'the key gets a response': async (checked) =>
      storesOf(fixture.database.db).idempotencyKeys.record(scopeOf(checked), BODY, {
        problem: { slug: 'seat-unavailable', detail: 'Taken.', members: {} },
      }),
    'the key is used with another body': async (checked) =>
      storesOf(fixture.database.db).idempotencyKeys.take(scopeOf(checked), Buffer.from('another')),
  };

  it.each(Object.entries(changes))('is not granted if %s', async (_name, change) => {
    const checked = await aCheckedHold();
    await change(checked);
    const rows = await rowsOf(checked.hold);
    const answer = (await recordedFor(checked))?.answer ?? null;

    expect(await grant(checked)).toBeNull();

    expect(await rowsOf(checked.hold)).toEqual(rows);
    expect((await recordedFor(checked))?.answer ?? null).toEqual(answer);
  });

  it('waits for an end of the hold that is under way, and is then not granted late', async () => {
    const checked = await aCheckedHold();
    const ending = await fixture.database.db.transaction();
    await storesOf(ending).holds.lockReservation(checked.hold.reservationId);
    checked.hold.heldAt = new Date(Date.now() - 14_000);

    const granting = grant(checked);
    await eventually(async () => expect(await advisoryLocksWaitedFor(fixture.database.owner)).toBe(1));
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    await ending.commit();

    expect(await granting).toBeNull();
  });

  it('does not pass the limit of its user together with another hold at the same time', async () => {
    const { owner } = fixture.database;
    const sale = await createSale(owner, { seats: 8, maxSeatsPerUser: 2 });
    const userId = await createUser(owner);
    const holds = await Promise.all(
      [0, 2, 4, 6].map(async (place) => {
        const hold = aGrant(sale, userId, sale.seatIds.slice(place, place + 2));
        return { sale, hold, facts: await check(hold), key: randomUUID() };
      }),
    );

    const granted = await Promise.all(holds.map(grant));

    expect(granted.filter(Boolean)).toHaveLength(1);
  });
});
