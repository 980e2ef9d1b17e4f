import { z } from 'zod';
import { parseEnvironment, SettingsError } from '../config/settings';
import { connectPostgres } from '../db/connect';
import { loadDemo } from '../demo/load';
import { ensureDemoUser, ensureOperator } from './accounts';
import { prepareDatabase } from './servers/databaseRoles';
import { reasonOf } from './failure';

const password = z.string('a text of at least 12 characters').min(12, 'a text of at least 12 characters');

const schema = z.object({
  SUPERUSER_URL: z.string('the URL of Postgres for its superuser'),
  DATABASE_NAME: z.string().default('holdfast'),
  OWNER_PASSWORD: password,
  SERVICE_PASSWORD: password,
  OPERATOR_PASSWORD: password,
  DEMO_DATA: z.enum(['true', 'false']).default('false'),
});

/**
 * The one-shot step of a deployment, which runs before the API and the worker. It prepares the logins, the schema,
 * the operator's account and the demo catalogue. It is safe to repeat. If it fails, it prints one line and ends with
 * exit code 1.
 */
async function prepare(): Promise<void> {
  const settings = parseEnvironment(schema, process.env);
  const { serviceUrl } = await prepareDatabase({
    superuserUrl: settings.SUPERUSER_URL,
    database: settings.DATABASE_NAME,
    ownerPassword: settings.OWNER_PASSWORD,
    servicePassword: settings.SERVICE_PASSWORD,
  });
  const db = connectPostgres(serviceUrl, { poolSize: 2, applicationName: 'holdfast-prepare' });
  try {
    await ensureOperator(db, settings.OPERATOR_PASSWORD);
    if (settings.DEMO_DATA === 'true') {
      await ensureDemoUser(db);
      await loadDemo({ db });
    }
  } finally {
    await db.destroy();
  }
  process.stdout.write('The database is ready.\n');
}

prepare().catch((error: unknown) => {
  const name = error instanceof SettingsError ? '' : 'the database could not be prepared: ';
  process.stderr.write(`${name}${reasonOf(error)}\n`);
  process.exitCode = 1;
});
