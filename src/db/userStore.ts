import type { Knex } from 'knex';
import type { Role } from '../domain/roles';

/** An account. `login` is the id that its owner types, in lower case. */
export interface User {
  userId: string;
  login: string;
  name: string | null;
  role: Role;
}

export interface UserWithPassword extends User {
  passwordHash: string;
}

export interface UserStore {
  /** Adds an account and its empty wallet. False where the login is taken; then nothing was written. */
  create(user: UserWithPassword): Promise<boolean>;
  /** Adds the account, or gives the one with this login the role and the password. */
  upsert(user: UserWithPassword): Promise<void>;
  findByLogin(login: string): Promise<UserWithPassword | null>;
}

interface UserRow {
  id: string;
  login: string;
  name: string | null;
  role: Role;
  password_hash: string;
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
          .merge(['role', 'password_hash'])
          .returning('id');
        if (row) await tx('wallets').insert({ user_id: row.id }).onConflict('user_id').ignore();
      });
    },

    async findByLogin(login) {
      const row = await db<UserRow>('users').where({ login }).first();
      return row ? fromRow(row) : null;
    },
  };
}

function toRow(user: UserWithPassword): UserRow {
  const { userId, login, name, role, passwordHash } = user;
  return { id: userId, login, name, role, password_hash: passwordHash };
}

function fromRow(row: UserRow): UserWithPassword {
  const { id, login, name, role, password_hash } = row;
  return { userId: id, login, name, role, passwordHash: password_hash };
}
