import { randomBytes } from 'node:crypto';
import type { Knex } from 'knex';
import { createAccounts } from '../api/accounts/accounts';
import { createPasswords } from '../api/accounts/passwords';
import { createUserStore } from '../db/accounts/userStore';

/**
 * Makes sure that the operator's account exists. It takes the given password. Without one it generates a password the
 * first time.
 *
 * @returns the generated password. The launcher shows it once; nothing stores it.
 */
export async function ensureOperator(db: Knex, given: string | undefined): Promise<string | undefined> {
  const users = createUserStore(db);
  const accounts = createAccounts(users, createPasswords());
  if (given) {
    await accounts.ensureOperator(given);
    return undefined;
  }
  if (await users.findByLogin('operator')) return undefined;
  const password = randomBytes(15).toString('base64url');
  await accounts.ensureOperator(password);
  return password;
}

export async function ensureDemoUser(db: Knex): Promise<void> {
  await createAccounts(createUserStore(db), createPasswords()).ensureDemoUser();
}
