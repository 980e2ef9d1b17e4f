import type { Knex } from 'knex';

/**
 * The double-entry ledger. A positive amount flows into its account. Every journal sums to zero for each currency.
 * Accounts are names:
 *
 * - wallet:<userId>
 * - house:revenue
 * - house:booking-fees
 * - house:pending: points taken for a payment that is under way
 * - gateway:clearing: negative, the amount that the gateway owes the house
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE wallets (
      user_id  uuid PRIMARY KEY REFERENCES users,
      currency text NOT NULL DEFAULT 'KRW',
      balance  bigint NOT NULL DEFAULT 0 CHECK (balance >= 0)
    );

    CREATE TABLE journals (
      id             uuid PRIMARY KEY,
      -- Names the effect, so that a step that runs twice is booked once.
      key            text NOT NULL UNIQUE,
      kind           text NOT NULL,
      reservation_id uuid,
      payment_id     uuid,
      created_at     timestamptz NOT NULL DEFAULT now()
    );
    CREATE INDEX journals_of_reservation ON journals (reservation_id);

    CREATE TABLE entries (
      id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      journal_id    uuid NOT NULL REFERENCES journals,
      account       text NOT NULL,
      user_id       uuid,
      amount        bigint NOT NULL CHECK (amount <> 0),
      currency      text NOT NULL,
      balance_after bigint,
      CHECK ((user_id IS NULL) = (balance_after IS NULL))
    );
    CREATE INDEX entries_of_journal ON entries (journal_id);
    CREATE INDEX entries_of_wallet ON entries (user_id, id DESC) WHERE user_id IS NOT NULL;

    -- A statement adds whole journals: what it adds to each must sum to zero, so every journal always does.
    CREATE FUNCTION journals_must_balance() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE unbalanced uuid;
    BEGIN
      SELECT journal_id INTO unbalanced FROM added GROUP BY journal_id, currency HAVING sum(amount) <> 0 LIMIT 1;
      IF FOUND THEN
        RAISE EXCEPTION 'journal % does not balance', unbalanced USING ERRCODE = 'check_violation';
      END IF;
      RETURN NULL;
    END $$;
    CREATE TRIGGER journals_balance AFTER INSERT ON entries
      REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION journals_must_balance();

    CREATE TABLE top_ups (
      id                 uuid PRIMARY KEY,
      user_id            uuid NOT NULL REFERENCES users,
      amount             bigint NOT NULL CHECK (amount > 0),
      currency           text NOT NULL,
      gateway_payment_id text NOT NULL,
      balance_after      bigint NOT NULL,
      created_at         timestamptz NOT NULL DEFAULT now()
    );
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE top_ups, entries, journals, wallets; DROP FUNCTION journals_must_balance');
}
