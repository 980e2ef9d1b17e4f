import { Client } from 'pg';
import { migrate, refuseNewerDatabase } from '../../db/migrate';

export interface DatabaseRoles {
  superuserUrl: string;
  database: string;
  ownerPassword: string;
  servicePassword: string;
}

export interface DatabaseUrls {
  /** The login of the schema's owner, for migrations and set-up. */
  ownerUrl: string;
  /** The login of the API and the worker. It is only a member of the application role. */
  serviceUrl: string;
}

/**
 * Makes missing logins and a missing database, migrates, and lets the service's login act as the application role. It
 * is safe to repeat. It sets the passwords again each time, so they may change.
 *
 * @throws {NewerDatabaseError} before it changes anything, if a later release has migrated the database
 */
export async function prepareDatabase(roles: DatabaseRoles): Promise<DatabaseUrls> {
  const client = new Client({ connectionString: roles.superuserUrl });
  await client.connect();
  try {
    if (await hasDatabase(client, roles.database)) await refuseNewerDatabase(inDatabase(roles).href);
    await ensureLogin(client, 'holdfast_owner', roles.ownerPassword, 'CREATEROLE');
    await ensureLogin(client, 'holdfast_service', roles.servicePassword, 'NOINHERIT');
    await ensureDatabase(client, roles.database);
    const ownerUrl = urlOf(roles, 'holdfast_owner', roles.ownerPassword);
    await migrate(ownerUrl);
    await client.query('GRANT holdfast_app TO holdfast_service');
    return { ownerUrl, serviceUrl: urlOf(roles, 'holdfast_service', roles.servicePassword) };
  } finally {
    await client.end();
  }
}

async function ensureLogin(client: Client, name: string, password: string, option: string): Promise<void> {
  const { rowCount } = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [name]);
  const verb = rowCount ? 'ALTER' : 'CREATE';
  await client.query(`${verb} ROLE ${name} LOGIN ${option} PASSWORD ${client.escapeLiteral(password)}`);
}

async function hasDatabase(client: Client, name: string): Promise<boolean> {
  const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
  return rowCount === 1;
}

async function ensureDatabase(client: Client, name: string): Promise<void> {
  if (await hasDatabase(client, name)) return;
  const identifier = client.escapeIdentifier(name);
  await client.query(`CREATE DATABASE ${identifier} OWNER holdfast_owner`);
  // Only the two logins use this database.
  await client.query(`REVOKE ALL ON DATABASE ${identifier} FROM PUBLIC`);
  await client.query(`GRANT CONNECT ON DATABASE ${identifier} TO holdfast_service`);
}

function urlOf(roles: DatabaseRoles, user: string, password: string): string {
  const url = inDatabase(roles);
  url.username = user;
  url.password = password;
  return url.href;
}

function inDatabase({ superuserUrl, database }: DatabaseRoles): URL {
  const url = new URL(superuserUrl);
  url.pathname = `/${database}`;
  return url;
}
