import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { createAccounts } from '../../api/auth/accounts';
import { createPasswords } from '../../api/auth/passwords';
import { connectPostgres } from '../../db/connect';
import { createUserStore } from '../../db/userStore';
import { localServers } from './localServers';
import { asPerson, loginCall, newId } from './people';
import { expectStatus, type Person, type Service } from './service';

/**
 * Somebody who may check tickets in: made by the operator, where the password is at hand, or else in the database of
 * `npm start` on this machine, which whoever reads its data folder runs.
 *
 * @returns null where neither can be had
 */
export async function hireGateStaff(service: Service, env: NodeJS.ProcessEnv): Promise<Person | null> {
  const account = { id: newId('gate'), password: randomBytes(15).toString('base64url') };
  const operatorPassword = env['OPERATOR_PASSWORD'];
  if (operatorPassword) await addAsOperator(service, operatorPassword, account);
  else if (!(await addInDatabase(env, account))) return null;
  const login = await service.send(loginCall(account.id, account.password));
  // A data folder of another service: its accounts are unknown here.
  return login.status === 200 ? asPerson('the gate', account.id, login.body) : null;
}

interface StaffAccount {
  id: string;
  password: string;
}

async function addAsOperator(service: Service, password: string, account: StaffAccount): Promise<void> {
  const login = await service.send(loginCall('operator', password));
  expectStatus(login, 200);
  const by = asPerson('the operator', 'operator', login.body);
  const body = { ...account, role: 'STAFF' };
  const added = await service.send({ method: 'POST', path: '/v1/admin/staff', by, body });
  expectStatus(added, 201);
  z.object({ role: z.literal('STAFF') }).parse(added.body);
}

async function addInDatabase(env: NodeJS.ProcessEnv, { id, password }: StaffAccount): Promise<boolean> {
  const servers = localServers(env);
  if (!servers) return false;
  const db = connectPostgres(servers.databaseUrl, { poolSize: 1, applicationName: 'holdfast-demo' });
  try {
    const users = createUserStore(db);
    const accounts = createAccounts(users, createPasswords());
    await accounts.add(users, await accounts.draft({ login: id, password, role: 'STAFF' }));
    return true;
  } catch {
    return false;
  } finally {
    await db.destroy();
  }
}
