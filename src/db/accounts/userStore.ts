import type { Knex } from 'knex';
import type { Role } from '../../domain/accounts/roles';
import { createRefreshTokenStore } from './refreshTokenStore';

/** An account. `login` is the id that the user types, in its canonical form. */
export interface User {
  userId: string;
  login: string;
  name: string | null;
  role: Role;
}

export interface UserWithPassword extends User {
  passwordHash: string;
}

/** The properties of an account that operators decide. A disabled account can neither log in nor refresh. */
export interface Standing {
  role: Role;
  disabled: boolean;
}

/** A stored account. */
export type StoredUser = UserWithPassword & Standing;

export interface UserStore {
  /** Adds an account and its empty wallet. False if the login is taken; then nothing was written. */
  create(user: UserWithPassword): Promise<boolean>;
  /**
   * Adds the account. If the login exists, sets the role and the password, enables the account, and ends its sessions.
   */
  upsert(user: UserWithPassword): Promise<void>;
  find(userId: string): Promise<StoredUser | null>;
  findByLogin(login: string): Promise<StoredUser | null>;
  /** The ids of operators. No other id may look like one of them. */
  operatorLogins(): Promise<string[]>;
  /** False if the password is not the one that was checked, or if the account is disabled. */
  changePassword(userId: string, change: { from: string; to: string }): Promise<boolean>;
  /**
   * Absent properties stay unchanged.
   *
   * @returns null if there is no such account
   */
  change(
    userId: string,
    change: { [Part in keyof Standing]?: Standing[Part] | undefined },
  ): Promise<{ before: Standing; after: Standing } | null>;
}

interface UserRow {
  id: string;
  login: string;
  name: string | null;
  role: Role;
  password_hash: string;
  disabled_at: Date | null;
}

export function createUserStore(db: Knex): UserStore {
  return {
    async create(user) {
      return db.transaction(async (tx) => {
        const added = await tx<UserRow>('users')
          .insert(toRow(user))
          .onConflict('login')
          .ignore()
          .returning('id');
        if (added.length === 0) return false;
        await tx('wallets').insert({ user_id: user.userId });
        return true;
      });
    },

    async upsert(user) {
      await db.transaction(async (tx) => {
        const [row] = await tx<UserRow>('users')
          .insert(toRow(user))
          .onConflict('login')
          .merge({ role: user.role, password_hash: user.passwordHash, disabled_at: null })
          .returning('id');
        if (!row) throw new Error('an upsert returned no row');
        await tx('wallets').insert({ user_id: row.id }).onConflict('user_id').ignore();
        await createRefreshTokenStore(tx).endAll(row.id);
      });
    },

    async find(userId) {
      const row = await db<UserRow>('users').where({ id: userId }).first();
      return row ? fromRow(row) : null;
    },

    async findByLogin(login) {
      const row = await db<UserRow>('users').where({ login }).first();
      return row ? fromRow(row) : null;
    },

    async operatorLogins() {
      return db<UserRow>('users').where({ role: 'OPERATOR' }).pluck<string[]>('login');
    },

    async changePassword(userId, { from, to }) {
      const changed = await db<UserRow>('users')
        .where({ id: userId, password_hash: from, disabled_at: null })
        .update({ password_hash: to });
      return changed > 0;
    },

    async change(userId, change) {
      return db.transaction(async (tx) => {
        const row = await tx<UserRow>('users').where({ id: userId }).forUpdate().first();
        if (!row) return null;
        const before = { role: row.role, disabled: row.disabled_at !== null };
        const after = { role: change.role ?? before.role, disabled: change.disabled ?? before.disabled };
        await tx<UserRow>('users')
          .where({ id: userId })
          .update({ role: after.role, disabled_at: after.disabled ? (row.disabled_at ?? new Date()) : null });
        return { before, after };
      });
    },
  };
}

function toRow(user: UserWithPassword): Omit<UserRow, 'disabled_at'> {
  const { userId, login, name, role, passwordHash } = user;
  return { id: userId, login, name, role, password_hash: passwordHash };
}

function fromRow(row: UserRow): StoredUser {
  const { id, login, name, role, password_hash, disabled_at } = row;
  return { userId: id, login, name, role, passwordHash: password_hash, disabled: disabled_at !== null };
}
