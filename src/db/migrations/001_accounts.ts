import type { Knex } from 'knex';

/** Accounts, their sessions, and the keys that sign tokens. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE users (
      id            uuid PRIMARY KEY,
      login         text NOT NULL UNIQUE,
      name          text,
      password_hash text NOT NULL,
      role          text NOT NULL DEFAULT 'USER' CHECK (role IN ('USER', 'STAFF', 'OPERATOR')),
      created_at    timestamptz NOT NULL DEFAULT now()
    );

    -- A login opens a family; each refresh spends one token of it and issues the next.
    CREATE TABLE refresh_families (
      id         uuid PRIMARY KEY,
      user_id    uuid NOT NULL REFERENCES users,
      created_at timestamptz NOT NULL DEFAULT now(),
      revoked_at timestamptz
    );

    -- Tokens are kept as SHA-256 digests: a leaked table opens no session.
    CREATE TABLE refresh_tokens (
      digest     bytea PRIMARY KEY,
      family_id  uuid NOT NULL REFERENCES refresh_families ON DELETE CASCADE,
      expires_at timestamptz NOT NULL,
      spent_at   timestamptz
    );
    CREATE INDEX refresh_tokens_family ON refresh_tokens (family_id);

    -- The newest key that is not retired signs; every key here verifies.
    CREATE TABLE signing_keys (
      kid         text PRIMARY KEY,
      private_jwk jsonb NOT NULL,
      public_jwk  jsonb NOT NULL,
      created_at  timestamptz NOT NULL DEFAULT now(),
      retired_at  timestamptz
    );
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE signing_keys, refresh_tokens, refresh_families, users');
}
