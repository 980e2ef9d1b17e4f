import type { Knex } from 'knex';

/**
 * Grants a hold in one statement, if nothing has changed since the API checked it. Returns true if the hold was granted
 * and its response recorded. Returns false, or fails with `serialization_failure`, if anything is not as it was: then
 * it has granted nothing, and the transaction of `grantHold` decides.
 *
 * Each statement in a volatile function sees what was committed before it began. So the checks see what other
 * transactions did before this one got its locks.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE FUNCTION grant_unchanged_hold(
      hold_id uuid, holder uuid, sale uuid, room_name text,
      -- The seats, and what the API read: the version of the rows, the number of other seats of this user.
      wanted uuid[], prices bigint[], version text, others int,
      tickets_price bigint, fee bigint, currency_code text, starts timestamptz, ends timestamptz,
      -- Only before this time, by the clock of Postgres.
      deadline timestamptz,
      -- The idempotency key and the response to record.
      key_route text, key_name text, hash bytea, response json
    ) RETURNS boolean LANGUAGE plpgsql AS $$
    DECLARE
      is_free boolean;
      rows_now text;
      number_of_seats bigint;
    BEGIN
      INSERT INTO idempotency_keys AS used (user_id, route, key, body_hash)
      VALUES (holder, key_route, key_name, hash)
      ON CONFLICT (user_id, route, key) DO UPDATE SET used_at = now()
      RETURNING used.answer IS NULL AND used.body_hash = hash INTO is_free;
      IF NOT is_free THEN RETURN false; END IF;

      -- The locks of a hold, in the order of all holds.
      PERFORM pg_advisory_xact_lock_shared(hashtextextended('sale:' || sale::text, 0)),
              pg_advisory_xact_lock(hashtextextended(holder::text || ':' || sale::text, 0)),
              pg_advisory_xact_lock(hashtextextended('reservation:' || hold_id::text, 0));
      IF service_now() >= deadline THEN RETURN false; END IF;

      SELECT string_agg(seats_now.version, ',' ORDER BY seats_now.position) INTO rows_now FROM (
        SELECT concat_ws(' ', schedule.xmin, grades.xmin, seat.xmin) AS version, seat.position
        FROM schedules AS schedule
        JOIN seats AS seat ON seat.id = ANY(wanted) AND seat.schedule_id IS NOT DISTINCT FROM schedule.id
        JOIN grades ON grades.schedule_id = seat.schedule_id AND grades.grade = seat.grade
        WHERE schedule.id = sale
        -- In the order in which an operator locks seats to block them.
        ORDER BY seat.position
        FOR KEY SHARE OF seat
      ) AS seats_now;
      IF rows_now IS DISTINCT FROM version THEN RETURN false; END IF;

      SELECT count(*) INTO number_of_seats FROM allocations
      WHERE schedule_id = sale AND user_id = holder AND released_at IS NULL AND reservation_id <> hold_id;
      IF number_of_seats > others THEN RETURN false; END IF;

      INSERT INTO reservations
        (id, user_id, schedule_id, room, status, tickets, booking_fee, currency, held_at, expires_at,
         cancellation_policy, starts_at, time_zone)
      SELECT hold_id, holder, schedule.id, room_name, 'HELD', tickets_price, fee, currency_code, starts, ends,
             schedule.cancellation_policy, schedule.starts_at, venue.time_zone
      FROM schedules AS schedule JOIN venues AS venue ON venue.id = schedule.venue_id
      WHERE schedule.id = sale
      ON CONFLICT (id) DO NOTHING;
      IF NOT FOUND THEN RETURN false; END IF;

      INSERT INTO allocations (reservation_id, schedule_id, user_id, seat_id, price)
      SELECT hold_id, sale, holder, seat.id, seat.price FROM unnest(wanted, prices) AS seat (id, price)
      ON CONFLICT (seat_id) WHERE released_at IS NULL DO NOTHING;
      GET DIAGNOSTICS number_of_seats = ROW_COUNT;
      IF number_of_seats < cardinality(wanted) THEN
        RAISE EXCEPTION 'another reservation has a seat of this hold' USING ERRCODE = 'serialization_failure';
      END IF;

      UPDATE idempotency_keys SET answer = response
      WHERE user_id = holder AND route = key_route AND key = key_name;
      RETURN true;
    END $$;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP FUNCTION grant_unchanged_hold');
}
