import { randomBytes } from 'node:crypto';
import type { Knex } from 'knex';
import { createAccounts } from '../../src/api/accounts/accounts';
import { createPasswords } from '../../src/api/accounts/passwords';
import { connectPostgres } from '../../src/db/connect';
import { createUserStore } from '../../src/db/accounts/userStore';
import { localServers } from './localServers';
import { asPerson, loginCall, newId } from './people';
import type { Person } from './exchange';
import { expectStatus, type Service } from './service';

export interface GateKeeper {
  person: Person;
  /** Takes the account's rights away, if the account was made for this story. */
  leave(): Promise<void>;
}

/**
 * Returns a person who may admit weeks before the show. Operators may do that; staff may not. If the password is
 * known, it is the operator. Otherwise the demo makes an operator for the time of the story, in the database of `npm
 * start` on this machine.
 *
 * @returns null if neither is possible
 */
export async function hireGateKeeper(service: Service, env: NodeJS.ProcessEnv): Promise<GateKeeper | null> {
  const operatorPassword = env['OPERATOR_PASSWORD'];
  if (operatorPassword) {
    const person = await logIn(service, 'operator', operatorPassword);
    return person && { person, leave: async () => undefined };
  }
  const account = { id: newId('gate'), password: randomBytes(15).toString('base64url') };
  const userId = await inLocalDatabase(env, async (db) => addOperator(db, account));
  if (userId === null) return null;
  const leave = async (): Promise<void> => {
    await inLocalDatabase(env, async (db) =>
      createUserStore(db).change(userId, { role: 'USER', disabled: true }),
    );
  };
  // If the data folder belongs to another service, this service does not know its accounts.
  const person = await logIn(service, account.id, account.password);
  if (person) return { person, leave };
  await leave();
  return null;
}

async function logIn(service: Service, id: string, password: string): Promise<Person | null> {
  const login = await service.send(loginCall(id, password));
  if (id === 'operator') expectStatus(login, 200);
  return login.status === 200 ? asPerson('the gate', id, login.body) : null;
}

async function addOperator(db: Knex, { id, password }: { id: string; password: string }): Promise<string> {
  const users = createUserStore(db);
  const accounts = createAccounts(users, createPasswords());
  const user = await accounts.prepare({ login: id, password, role: 'OPERATOR' });
  await accounts.add(users, user);
  return user.userId;
}

/** @returns null if there is no such database */
async function inLocalDatabase<Result>(
  env: NodeJS.ProcessEnv,
  work: (db: Knex) => Promise<Result>,
): Promise<Result | null> {
  const servers = localServers(env);
  if (!servers) return null;
  const db = connectPostgres(servers.databaseUrl, { poolSize: 1, applicationName: 'holdfast-demo' });
  try {
    return await work(db);
  } catch {
    return null;
  } finally {
    await db.destroy();
  }
}
