import { prepareDatabase } from '../../src/launcher/servers/databaseRoles';
import { migrate } from '../../src/db/migrate';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { testEnvironment } from '../support/environment';

const LATER = '999_of_a_later_release';
const COMPLAINT = `the database was used by a later release, whose migration ${LATER} this one does not know: start that release, or restore a backup from before the upgrade`;

let database: TestDatabase;

beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(async () => database.drop());

async function migrateByALaterRelease(): Promise<void> {
  await database.owner.raw('ALTER TABLE users ADD COLUMN nickname text');
  await database.owner('knex_migrations').insert({ name: LATER, batch: 2, migration_time: new Date() });
}

async function migrations(): Promise<unknown[]> {
  return database.owner('knex_migrations').orderBy('id');
}

describe('a release on a database', () => {
  it('of its own changes nothing', async () => {
    const before = await migrations();

    await migrate(database.ownerUrl);

    expect(await migrations()).toEqual(before);
  });

  it('of a later release fails with one line that says so, and changes nothing', async () => {
    await migrateByALaterRelease();
    const before = await migrations();

    await expect(migrate(database.ownerUrl)).rejects.toThrow(new Error(COMPLAINT));

    expect(await migrations()).toEqual(before);
    expect(await database.owner('knex_migrations_lock').pluck('is_locked')).toEqual([0]);
  });

  it('of a later release does not change the logins', async () => {
    await migrateByALaterRelease();

    const roles = {
      superuserUrl: testEnvironment('TEST_POSTGRES_URL'),
      database: new URL(database.url).pathname.slice(1),
      ownerPassword: 'another password',
      servicePassword: 'another password',
    };
    await expect(prepareDatabase(roles)).rejects.toThrow(new Error(COMPLAINT));

    // The passwords of before still work.
    await expect(migrate(database.ownerUrl)).rejects.toThrow(new Error(COMPLAINT));
  });
});
