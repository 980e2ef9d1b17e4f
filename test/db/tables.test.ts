import { HOUSEKEEPING_SUBJECTS } from '../../src/activities/operations/housekeeping';
import { read } from '../docs/markdown';
import { createTestDatabase, type TestDatabase } from '../support/database';

/** The tables of the migration tool: a row for each migration, and one lock. */
const OF_KNEX = new Set(['knex_migrations', 'knex_migrations_lock']);

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => database.drop());

/** The rows of the table in docs/operations.md: the tables, and what happens to their rows. */
function rules(): { tables: string[]; rule: string }[] {
  const section = read('docs/operations.md')
    .split('## What grows, and what removes it')[1]
    ?.split('\n## ')[0];
  return [...(section ?? '').matchAll(/^\| (`[^|]+) \| ([^|]+) \|$/gm)].map(([, names = '', rule = '']) => ({
    tables: [...names.matchAll(/`(\w+)`/g)].flatMap(([, name]) => name ?? []),
    rule: rule.trim(),
  }));
}

async function tables(): Promise<string[]> {
  const names = await database
    .owner('information_schema.tables')
    .where({ table_schema: 'public', table_type: 'BASE TABLE' })
    .pluck<string[]>('table_name');
  return names.filter((name) => !OF_KNEX.has(name)).toSorted();
}

describe('every table of the database', () => {
  it('has one rule in docs/operations.md that says what happens to its rows', async () => {
    expect(
      rules()
        .flatMap((rule) => rule.tables)
        .toSorted(),
    ).toEqual(await tables());
  });

  it('is kept permanently, does not grow, or loses its old rows after a time', () => {
    expect(
      rules()
        .map(({ rule }) => rule)
        .filter((rule) => !/^(kept|does not grow|removed)/.test(rule)),
    ).toEqual([]);
  });
});

describe('the list of what housekeeping removes', () => {
  it.each(HOUSEKEEPING_SUBJECTS)('has %s, which the rule of one table names', (subject) => {
    expect(rules().filter(({ rule }) => rule.includes(`_${subject}_`))).toHaveLength(1);
  });

  it('has everything that the rules name', () => {
    const named = rules().flatMap(({ rule }) =>
      [...rule.matchAll(/_([a-z ]+)_/g)].flatMap(([, name]) => name ?? []),
    );
    expect(new Set(named)).toEqual(new Set(HOUSEKEEPING_SUBJECTS));
  });
});
