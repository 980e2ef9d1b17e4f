import type { Knex } from 'knex';

/**
 * The draw at the opening of a sale. The application cannot choose a seed, and cannot read it before the entries are
 * recorded. It cannot change a recorded order: `record_draw` is the only way to a result.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE draws (
      schedule_id  uuid PRIMARY KEY REFERENCES schedules,
      -- 64 hex digits, from 244 bits of the server's strong random numbers.
      seed         text NOT NULL
        DEFAULT encode(sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), 'hex'),
      seed_hash    text NOT NULL GENERATED ALWAYS AS (encode(sha256(seed::bytea), 'hex')) STORED,
      committed_at timestamptz NOT NULL DEFAULT now(),
      -- The drawn line stands in Redis, and the room admits.
      opened_at    timestamptz
    );
    CREATE INDEX draws_to_come ON draws (schedule_id) WHERE opened_at IS NULL;

    CREATE TABLE draw_results (
      schedule_id uuid PRIMARY KEY REFERENCES draws,
      drawn_at    timestamptz NOT NULL,
      seed        text NOT NULL,
      -- First comes first.
      entries     uuid[] NOT NULL
    );

    -- The first call decides; any other changes nothing.
    CREATE FUNCTION record_draw(schedule uuid, entered uuid[], at timestamptz) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
      INSERT INTO draw_results (schedule_id, drawn_at, seed, entries)
      SELECT draws.schedule_id, at, draws.seed,
             ARRAY(SELECT entry FROM unnest(entered) AS entry
                    ORDER BY sha256((draws.seed || entry::text)::bytea), entry)
        FROM draws WHERE draws.schedule_id = schedule
      ON CONFLICT (schedule_id) DO NOTHING
    $$;
    REVOKE EXECUTE ON FUNCTION record_draw FROM PUBLIC;

    GRANT SELECT (schedule_id, seed_hash, committed_at, opened_at) ON draws TO holdfast_app;
    GRANT INSERT (schedule_id), UPDATE (opened_at) ON draws TO holdfast_app;
    GRANT SELECT ON draw_results TO holdfast_app;
    GRANT EXECUTE ON FUNCTION record_draw TO holdfast_app;

    -- Sales that were announced by an earlier version.
    INSERT INTO draws (schedule_id)
    SELECT id FROM schedules WHERE waiting_room IS NOT NULL AND sale_opens_at > now();
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP FUNCTION record_draw;
    DROP TABLE draw_results, draws;
  `);
}
