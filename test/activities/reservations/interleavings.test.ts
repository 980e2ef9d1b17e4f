import * as fc from 'fast-check';
import { createActivities, type Activities } from '../../../src/activities';
import { grantUnchangedHold, type HoldToGrant } from '../../../src/api/reservations/grantHold';
import { createHoldStore } from '../../../src/db/reservations/holdStore';
import { assertHoldable } from '../../../src/domain/reservations/holdRules';
import { createCancelling, type Cancelling } from '../../support/cancelling';
import { anAttempt, createSale, createUser, PRICE } from '../../support/factories';
import { createFixture, type Fixture } from '../../support/fixture';
import { aConfirmation, aFailure, aGrant, anEnd, anAnsweredKey } from '../../support/steps';

const SEATS = 4;
const USERS = 3;

/** The steps of one user with one set of seats. A step may fail; the user still tries the next one. */
type Act = 'hold' | 'hold again' | 'take points' | 'fail' | 'confirm' | 'cancel' | 'release';

interface Script {
  user: number;
  places: number[];
  acts: Act[];
}

const script: fc.Arbitrary<Script> = fc.record({
  user: fc.nat({ max: USERS - 1 }),
  places: fc.uniqueArray(fc.nat({ max: SEATS - 1 }), { minLength: 1, maxLength: 3 }),
  acts: fc.array(fc.constantFrom<Act>('hold again', 'take points', 'fail', 'confirm', 'cancel', 'release'), {
    maxLength: 7,
  }),
});

let fixture: Fixture;
let activities: Activities;
let cancelling: Cancelling;

beforeAll(async () => {
  fixture = await createFixture();
  activities = createActivities(fixture.dependencies);
  cancelling = createCancelling(fixture, activities);
});

afterAll(async () => fixture?.drop());

describe('reservations of the same seats at the same time', () => {
  it('never allocate a seat twice, split a set, or leave a wrong wallet or journal', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(script, { minLength: 2, maxLength: 6 }), async (scripts) => {
        const { owner } = fixture.database;
        const sale = await createSale(owner, { seats: SEATS, maxSeatsPerUser: 3 });
        const users = await Promise.all(Array.from({ length: USERS }, () => createUser(owner, 2 * PRICE)));
        const holds = scripts.map(({ user, places, acts }) => {
          const seatIds = sale.seatIds.filter((_, place) => places.includes(place));
          return { hold: aGrant(sale, users[user] ?? '', seatIds), acts };
        });

        await Promise.all(holds.map(({ hold, acts }) => play(hold, ['hold', ...acts])));

        expect(await fixture.books.faults()).toEqual([]);
        expect(await splitSets()).toEqual([]);
        expect(await usersPastTheLimit()).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });
});

async function play(hold: HoldToGrant, acts: readonly Act[]): Promise<void> {
  const attempt = anAttempt(hold.seatIds.length);
  const step = { paymentId: attempt.paymentId };
  const run: Record<Act, () => Promise<unknown>> = {
    hold: async () => (await grantUnchanged(hold)) ?? fixture.grant(hold),
    'hold again': () => fixture.grant(hold),
    'take points': async () => {
      await fixture.request(hold, attempt);
      return activities.openPayment(step.paymentId);
    },
    fail: () => activities.failPayment(aFailure(step)),
    confirm: () => activities.confirmReservation(aConfirmation(step)),
    cancel: () => cancelling.cancel(hold.reservationId, 'CUSTOMER'),
    release: () => activities.endHold(anEnd(hold, 'RELEASED')),
  };
  for (const act of acts) await run[act]().catch(() => undefined);
}

/** Grants a hold as the API does: it checks the hold, and then grants it in one statement if nothing has changed. */
async function grantUnchanged(hold: HoldToGrant): Promise<unknown> {
  const holds = createHoldStore(fixture.database.db);
  const facts = await holds.readHoldFacts(hold, 'read');
  if (!facts) throw new Error('no facts about a hold');
  if (!facts.recorded) assertHoldable(facts, hold.seatIds);
  return grantUnchangedHold(holds, hold, facts, (held) => anAnsweredKey(hold, held));
}

/** Reservations that own some of their seats but not all. */
async function splitSets(): Promise<unknown[]> {
  return fixture.database
    .owner('allocations')
    .groupBy('reservation_id')
    .havingRaw('count(released_at) NOT IN (0, count(*))')
    .select('reservation_id');
}

async function usersPastTheLimit(): Promise<unknown[]> {
  return fixture.database
    .owner('allocations')
    .whereNull('released_at')
    .groupBy('schedule_id', 'user_id')
    .havingRaw('count(*) > 3')
    .select('user_id');
}
