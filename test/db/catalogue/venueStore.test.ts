import { randomUUID } from 'node:crypto';
import { createVenueStore } from '../../../src/db/catalogue/venueStore';
import { down, up } from '../../../src/db/migrations/022_halls';
import { writeHall } from '../../../src/domain/catalogue/seatingPlan/hallText';
import { editorPlan } from '../../domain/catalogue/seatingPlan/editorPlan';
import { readHall } from '../../domain/catalogue/seatingPlan/readHall';
import { createTestDatabase, type TestDatabase } from '../../support/database';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => database.drop());

const { hall } = readHall(editorPlan());
const seatsOf = async (venueId: string) =>
  database.owner('venue_seats').where({ venue_id: venueId }).orderBy('position');
const venueOf = async (venueId: string): Promise<unknown> =>
  database.owner('venues').where({ id: venueId }).first('name', 'plan', 'drawing');

describe('a venue', () => {
  it('is stored with its seats and its drawing, and does not change if it is inserted again', async () => {
    const venueId = randomUUID();
    const venues = createVenueStore(database.db);
    const venue = { venueId, name: 'Room', timeZone: 'Asia/Seoul', hall: writeHall(editorPlan(), hall) };
    await venues.insert(venue);
    await venues.insert({ ...venue, name: 'Another' });
    expect(await venueOf(venueId)).toMatchObject({ name: 'Room', plan: editorPlan(), drawing: hall.drawing });
    expect(await seatsOf(venueId)).toMatchObject(
      hall.seats.map(({ guid, zone, row, number }, position) => ({ position, guid, zone, row, number })),
    );
    expect(await venues.categories(venueId)).toEqual(hall.drawing.categories);
    expect(await venues.categories(randomUUID())).toBeNull();
  });

  it('from before seats were stored is read from its plan; a venue whose plan cannot be read stays as it is', async () => {
    const [venueId, unreadable] = [randomUUID(), randomUUID()];
    await down(database.owner);
    await database.owner('venues').insert([
      { id: venueId, name: 'Old', plan: JSON.stringify(editorPlan()) },
      { id: unreadable, name: 'Older', plan: '{}' },
    ]);
    await up(database.owner);
    expect(await venueOf(venueId)).toMatchObject({ drawing: hall.drawing });
    expect(await seatsOf(venueId)).toMatchObject(hall.seats.map(({ guid, x, y }) => ({ guid, x, y })));
    expect(await venueOf(unreadable)).toMatchObject({ drawing: null });
    expect(await createVenueStore(database.db).categories(unreadable)).toEqual([]);
  });
});
