import { randomUUID } from 'node:crypto';
import type { User, UserStore, UserWithPassword } from '../../db/userStore';
import { Problem } from '../../domain/problems';
import { isStorable } from '../../domain/storableText';
import type { Role } from '../../domain/roles';
import type { Passwords } from './passwords';

/** The account that a fresh service is run with; nobody may sign up under its id. */
const OPERATOR_LOGIN = 'operator';
const DEMO_LOGIN = 'demo';
const DEMO_PASSWORD = 'demo-password';

export interface NewAccount {
  /** As the schema has normalised it. */
  login: string;
  password: string;
  name?: string | undefined;
  role: Role;
}

export interface Accounts {
  /** Gives an account its id and hashes its password, which takes a while. Nothing is written yet. */
  draft(account: NewAccount): Promise<UserWithPassword>;
  /** @throws {Problem} id-taken */
  add(users: UserStore, user: UserWithPassword): Promise<void>;
  /** @throws {Problem} invalid-credentials, after the same time whether or not the id exists */
  authenticate(login: string, password: string): Promise<User>;
  /** Makes sure that `operator` exists, is an OPERATOR and has this password. */
  ensureOperator(password: string): Promise<void>;
  /** Makes sure that the demo account exists. */
  ensureDemoUser(): Promise<void>;
}

export function createAccounts(users: UserStore, passwords: Passwords): Accounts {
  const draft = async ({ login, password, name, role }: NewAccount): Promise<UserWithPassword> => {
    const passwordHash = await passwords.hash(password);
    return { userId: randomUUID(), login, name: name ?? null, role, passwordHash };
  };

  return {
    draft,

    async add(usersOfTransaction, user) {
      const added = user.login !== OPERATOR_LOGIN && (await usersOfTransaction.create(user));
      if (!added) throw new Problem('id-taken', 'This id is taken.');
    },

    async authenticate(login, password) {
      // Text that Postgres cannot store is no account's, and would be an error there.
      const user = [login, password].every(isStorable) ? await users.findByLogin(login) : null;
      const matches = await passwords.verify(user?.passwordHash ?? null, password);
      if (!user || !matches) throw new Problem('invalid-credentials', 'The id or the password is wrong.');
      return user;
    },

    async ensureOperator(password) {
      const existing = await users.findByLogin(OPERATOR_LOGIN);
      const current = existing?.role === 'OPERATOR' ? existing.passwordHash : null;
      if (await passwords.verify(current, password)) return;
      const passwordHash = await passwords.hash(password);
      const operator = { userId: randomUUID(), login: OPERATOR_LOGIN, name: null };
      await users.upsert({ ...operator, role: 'OPERATOR', passwordHash });
    },

    async ensureDemoUser() {
      if (await users.findByLogin(DEMO_LOGIN)) return;
      await users.create(
        await draft({ login: DEMO_LOGIN, password: DEMO_PASSWORD, name: 'Demo', role: 'USER' }),
      );
    },
  };
}
