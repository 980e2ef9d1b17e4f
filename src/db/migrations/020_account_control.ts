import type { Knex } from 'knex';

/** Accounts that an operator has disabled, and sessions whose access tokens end early. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE users ADD COLUMN disabled_at timestamptz;
    -- A sign-up compares its id with those of operators, who are few.
    CREATE INDEX users_operators ON users (login) WHERE role = 'OPERATOR';

    -- When the access tokens of the session were cut, beside the refresh tokens that revoked_at ends.
    ALTER TABLE refresh_families ADD COLUMN cut_at timestamptz;
    CREATE INDEX refresh_families_user ON refresh_families (user_id);
    CREATE INDEX refresh_families_cut ON refresh_families (cut_at) WHERE cut_at IS NOT NULL;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP INDEX refresh_families_cut, refresh_families_user, users_operators;
    ALTER TABLE refresh_families DROP COLUMN cut_at;
    ALTER TABLE users DROP COLUMN disabled_at;
  `);
}
