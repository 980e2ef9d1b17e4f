import { randomUUID } from 'node:crypto';
import type { StoredUser, UserStore, UserWithPassword } from '../../db/accounts/userStore';
import { SettingsError } from '../../config/settings';
import { skeletonOf } from '../../domain/accounts/lookAlike';
import { passwordFault } from '../../domain/accounts/passwordRules';
import { Problem } from '../../domain/problems';
import { isStorable } from '../../domain/storableText';
import type { Role } from '../../domain/accounts/roles';
import type { Passwords } from './passwords';

/** The account that operates a fresh service. No user may sign up with its id. */
const OPERATOR_LOGIN = 'operator';
const DEMO_LOGIN = 'demo';
const DEMO_PASSWORD = 'demo-password';

export interface NewAccount {
  /** The id, as the schema has normalised it. */
  login: string;
  password: string;
  name?: string | undefined;
  role: Role;
}

export interface Accounts {
  /** Gives an account its user id and hashes its password, which is slow. Writes nothing yet. */
  prepare(account: NewAccount): Promise<UserWithPassword>;
  /** @throws {Problem} id-taken, also if the id looks like the id of an operator */
  add(users: UserStore, user: UserWithPassword): Promise<void>;
  /**
   * @throws {Problem} invalid-credentials, after the same time whether or not the id exists; account-disabled if the
   *   password is right but the account is disabled
   */
  authenticate(login: string, password: string): Promise<StoredUser>;
  /**
   * Checks the current password and hashes the new one, which is slow. Writes nothing yet.
   *
   * @returns null if the current password is wrong
   */
  preparePasswordChange(
    user: StoredUser,
    change: PasswordChange,
  ): Promise<{ from: string; to: string } | null>;
  /**
   * Makes sure that `operator` exists, is an OPERATOR, is enabled and has this password.
   *
   * @throws {SettingsError} if no user may sign up with this password
   */
  ensureOperator(password: string): Promise<void>;
  /** Makes sure that the demo account exists. */
  ensureDemoUser(): Promise<void>;
}

export interface PasswordChange {
  currentPassword: string;
  newPassword: string;
}

export function createAccounts(users: UserStore, passwords: Passwords): Accounts {
  const prepare = async ({ login, password, name, role }: NewAccount): Promise<UserWithPassword> => {
    const passwordHash = await passwords.hash(password);
    return { userId: randomUUID(), login, name: name ?? null, role, passwordHash };
  };

  return {
    prepare,

    async add(usersOfTransaction, user) {
      const skeleton = skeletonOf(user.login);
      const operators = [OPERATOR_LOGIN, ...(await usersOfTransaction.operatorLogins())];
      const isLookAlike = operators.some((login) => skeletonOf(login) === skeleton);
      const added = !isLookAlike && (await usersOfTransaction.create(user));
      if (!added) throw new Problem('id-taken', 'This id, or one that looks the same, is taken.');
    },

    async authenticate(login, password) {
      // No account has text that Postgres cannot store, and Postgres would report an error for it.
      const user = [login, password].every(isStorable) ? await users.findByLogin(login) : null;
      const matches = await passwords.verify(user?.passwordHash ?? null, password);
      if (!user || !matches) throw wrongCredentials();
      if (user.disabled) throw new Problem('account-disabled', 'An operator has disabled this account.');
      return user;
    },

    async preparePasswordChange({ passwordHash }, { currentPassword, newPassword }) {
      const matches = await passwords.verify(passwordHash, currentPassword);
      return matches ? { from: passwordHash, to: await passwords.hash(newPassword) } : null;
    },

    async ensureOperator(password) {
      const fault = passwordFault(password, [OPERATOR_LOGIN]);
      if (fault !== null) throw new SettingsError(`OPERATOR_PASSWORD is set to a bad value: ${fault}`);
      const existing = await users.findByLogin(OPERATOR_LOGIN);
      const isAsItShouldBe = existing?.role === 'OPERATOR' && !existing.disabled;
      if (await passwords.verify(isAsItShouldBe ? existing.passwordHash : null, password)) return;
      const passwordHash = await passwords.hash(password);
      const operator = { userId: randomUUID(), login: OPERATOR_LOGIN, name: null };
      await users.upsert({ ...operator, role: 'OPERATOR', passwordHash });
    },

    async ensureDemoUser() {
      if (await users.findByLogin(DEMO_LOGIN)) return;
      await users.create(
        await prepare({ login: DEMO_LOGIN, password: DEMO_PASSWORD, name: 'Demo', role: 'USER' }),
      );
    },
  };
}

/** The same problem for an unknown id and for a wrong password. */
export function wrongCredentials(): Problem {
  return new Problem('invalid-credentials', 'The id or the password is wrong.');
}
