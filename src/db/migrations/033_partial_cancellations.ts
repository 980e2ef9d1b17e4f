import type { Knex } from 'knex';

/** A cancellation covers some seats of a reservation, or all remaining seats. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Null: all that are left when it is decided.
    ALTER TABLE cancellation_requests ADD COLUMN seat_ids uuid[] CHECK (cardinality(seat_ids) > 0);

    ALTER TABLE cancellations DROP CONSTRAINT one_cancellation_of_a_reservation,
      ADD COLUMN seat_ids uuid[],
      -- What these seats had cost, and the booking fees paid for them.
      ADD COLUMN tickets bigint CHECK (tickets >= 0),
      ADD COLUMN booking_fee bigint CHECK (booking_fee >= 0),
      -- Whether no seat of the reservation was left.
      ADD COLUMN whole boolean;
    UPDATE cancellations SET tickets = reservations.tickets, booking_fee = reservations.booking_fee, whole = true,
      seat_ids = (SELECT array_agg(seat_id ORDER BY seat_id) FROM allocations
                  WHERE allocations.reservation_id = reservations.id)
    FROM reservations WHERE reservations.id = cancellations.reservation_id;
    ALTER TABLE cancellations ALTER COLUMN seat_ids SET NOT NULL, ALTER COLUMN tickets SET NOT NULL,
      ALTER COLUMN booking_fee SET NOT NULL, ALTER COLUMN whole SET NOT NULL;
    CREATE INDEX cancellations_of_reservation ON cancellations (reservation_id, cancelled_at);
    -- After it nothing is left to cancel.
    CREATE UNIQUE INDEX one_last_cancellation ON cancellations (reservation_id) WHERE whole;
    ALTER TABLE refunds DROP CONSTRAINT refunds_payment_id_key;
    CREATE INDEX refunds_of_payment ON refunds (payment_id);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP INDEX refunds_of_payment;
    ALTER TABLE refunds ADD CONSTRAINT refunds_payment_id_key UNIQUE (payment_id);
    DROP INDEX one_last_cancellation;
    DROP INDEX cancellations_of_reservation;
    ALTER TABLE cancellations DROP COLUMN seat_ids, DROP COLUMN tickets, DROP COLUMN booking_fee, DROP COLUMN whole,
      ADD CONSTRAINT one_cancellation_of_a_reservation UNIQUE (reservation_id);
    ALTER TABLE cancellation_requests DROP COLUMN seat_ids;
  `);
}
