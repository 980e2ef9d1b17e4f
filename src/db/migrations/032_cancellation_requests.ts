import type { Knex } from 'knex';

/**
 * The API records a cancellation before any workflow gets it. The row says what to cancel, and since when it is
 * requested. Each cancellation, with its refund and its journals, has its own id. Before, it used the id of the
 * reservation.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE cancellation_requests (
      id             uuid PRIMARY KEY,
      reservation_id uuid NOT NULL REFERENCES reservations,
      cause          text NOT NULL CHECK (cause IN ('CUSTOMER', 'ORGANISER')),
      -- WITHDRAWN: nothing will come of it, until it is requested again. ACCEPTED: a cancellation has its id.
      status         text NOT NULL DEFAULT 'REQUESTED'
        CHECK (status IN ('REQUESTED', 'WITHDRAWN', 'ACCEPTED', 'REFUSED')),
      -- Why it was refused.
      reason         text,
      -- Decides about the fee, however late a worker comes to it.
      requested_at   timestamptz NOT NULL DEFAULT service_now(),
      -- Null while something of it is left to do, a refund to the card for example.
      ended_at       timestamptz,
      -- When the sweep has last seen to it that a workflow is about it.
      swept_at       timestamptz,
      CHECK ((status = 'REFUSED') = (reason IS NOT NULL))
    );
    CREATE INDEX cancellation_requests_of_reservation ON cancellation_requests (reservation_id);
    CREATE UNIQUE INDEX one_request_of_the_organiser ON cancellation_requests (reservation_id)
      WHERE cause = 'ORGANISER';
    CREATE INDEX open_cancellation_requests ON cancellation_requests (swept_at NULLS FIRST, id)
      WHERE ended_at IS NULL;

    INSERT INTO cancellation_requests (id, reservation_id, cause, status, requested_at, ended_at)
    SELECT reservation_id, reservation_id, cause, 'ACCEPTED', cancelled_at,
           CASE WHEN refunds.status = 'PENDING' THEN NULL ELSE coalesce(refunded_at, cancelled_at) END
    FROM cancellations LEFT JOIN refunds USING (reservation_id);

    ALTER TABLE refunds DROP CONSTRAINT refunds_reservation_id_fkey, DROP CONSTRAINT refunds_pkey,
      ADD COLUMN cancellation_id uuid,
      -- The next try's number. It stays the same until the outcome of a try is known.
      ADD COLUMN next_attempt int NOT NULL DEFAULT 1 CHECK (next_attempt > 0);
    UPDATE refunds SET cancellation_id = reservation_id, next_attempt = greatest(attempts, 1);
    ALTER TABLE cancellations DROP CONSTRAINT cancellations_pkey, DROP COLUMN request_id, ADD COLUMN id uuid;
    UPDATE cancellations SET id = reservation_id;
    ALTER TABLE cancellations ADD PRIMARY KEY (id), ADD FOREIGN KEY (id) REFERENCES cancellation_requests,
      ADD CONSTRAINT one_cancellation_of_a_reservation UNIQUE (reservation_id);
    ALTER TABLE refunds ADD PRIMARY KEY (cancellation_id), ADD FOREIGN KEY (cancellation_id) REFERENCES cancellations;
    CREATE INDEX refunds_of_reservation ON refunds (reservation_id);

    GRANT SELECT, INSERT, UPDATE ON cancellation_requests TO holdfast_app;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP INDEX refunds_of_reservation;
    ALTER TABLE refunds DROP COLUMN cancellation_id, DROP COLUMN next_attempt;
    ALTER TABLE cancellations DROP CONSTRAINT one_cancellation_of_a_reservation, DROP COLUMN id,
      ADD COLUMN request_id uuid, ADD PRIMARY KEY (reservation_id);
    ALTER TABLE refunds ADD PRIMARY KEY (reservation_id),
      ADD FOREIGN KEY (reservation_id) REFERENCES cancellations;
    DROP TABLE cancellation_requests;
  `);
}
