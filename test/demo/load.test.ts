import { DEMO_CONCERTS, DEMO_VENUES } from '../../src/demo/catalogue';
import { loadDemo } from '../../src/demo/load';
import { createScheduleStore } from '../../src/db/catalogue/scheduleStore';
import { createTestDatabase, type TestDatabase } from '../support/database';

const SCHEDULES = DEMO_CONCERTS.flatMap((concert) => concert.schedules).length;
const DAY_MS = 24 * 60 * 60 * 1000;

jest.setTimeout(120_000);

describe('the demo catalogue', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(async () => database.drop());

  async function overviews() {
    const concerts: { id: string }[] = await database.owner('concerts').select('id');
    return createScheduleStore(database.db).ofConcerts(concerts.map(({ id }) => id));
  }

  it('is loaded once, even by two starts at the same time', async () => {
    const added = await Promise.all([loadDemo({ db: database.db }), loadDemo({ db: database.db })]);
    expect(new Set(added)).toEqual(new Set([0, SCHEDULES]));
    expect(await database.owner('venues')).toHaveLength(DEMO_VENUES.length);
    expect(await database.owner('concerts')).toHaveLength(DEMO_CONCERTS.length);
    expect(await loadDemo({ db: database.db })).toBe(0);
  });

  it('has a theatre, a hall and an arena of the promised sizes', async () => {
    const sizes = new Map((await overviews()).map((schedule) => [schedule.venueName, schedule.seatsTotal]));
    expect(sizes.get('Onyu Theatre')).toBeGreaterThan(280);
    expect(sizes.get('Onyu Theatre')).toBeLessThan(330);
    expect(sizes.get('Haneul Concert Hall')).toBeGreaterThan(1_900);
    expect(sizes.get('Haneul Concert Hall')).toBeLessThan(2_100);
    expect(sizes.get('Mirae Arena')).toBeGreaterThan(14_500);
    expect(sizes.get('Mirae Arena')).toBeLessThan(15_500);
  });

  it('has only future shows, one not yet on sale and one with a waiting room', async () => {
    const schedules = await overviews();
    const now = new Date();
    expect(schedules.every((schedule) => schedule.startsAt > now)).toBe(true);
    expect(schedules.some((schedule) => schedule.saleOpensAt > now)).toBe(true);
    expect(schedules.some((schedule) => schedule.waitingRoom !== null)).toBe(true);
    expect(schedules.some((schedule) => schedule.venueName === 'Mirae Arena' && !schedule.waitingRoom)).toBe(
      true,
    );
  });

  it('gets new shows after all shows are over', async () => {
    const later = new Date(Date.now() + 100 * DAY_MS);
    expect(await loadDemo({ db: database.db, now: later })).toBe(SCHEDULES);
    const coming = (await overviews()).filter((schedule) => schedule.startsAt > later);
    expect(coming).toHaveLength(SCHEDULES);
    expect(await database.owner('venues')).toHaveLength(DEMO_VENUES.length);
  });
});
