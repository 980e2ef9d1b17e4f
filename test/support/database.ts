import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import { Client } from 'pg';
import { connectPostgres } from '../../src/db/connect';
import { testEnvironment } from './environment';

export interface TestDatabase {
  /** The login of the service, as in production: it is only a member of the application role. */
  url: string;
  /** The login of the schema's owner. */
  ownerUrl: string;
  /** Acts as the application role. */
  db: Knex;
  /** Acts as the schema's owner, to see what the application may not touch. */
  owner: Knex;
  /** Ends both pools and removes the database. */
  drop(): Promise<void>;
}

/** Makes a separate database, migrated and empty, from the template. It takes about 50 ms. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const template = testEnvironment('TEST_POSTGRES_TEMPLATE');
  await administer(`CREATE DATABASE ${name} TEMPLATE ${template} OWNER holdfast_owner`);
  const url = inDatabase(testEnvironment('TEST_POSTGRES_SERVICE_URL'), name);
  const ownerUrl = inDatabase(testEnvironment('TEST_POSTGRES_OWNER_URL'), name);
  const db = connectPostgres(url, { poolSize: 10, applicationName: 'test' });
  const owner = connectPostgres(ownerUrl, { poolSize: 4, applicationName: 'test-owner', asOwner: true });
  return {
    url,
    ownerUrl,
    db,
    owner,
    async drop() {
      await Promise.all([db.destroy(), owner.destroy()]);
      await administer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}

async function administer(statement: string): Promise<void> {
  const client = new Client({ connectionString: testEnvironment('TEST_POSTGRES_URL') });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

function inDatabase(template: string, name: string): string {
  const url = new URL(template);
  url.pathname = `/${name}`;
  return url.href;
}
