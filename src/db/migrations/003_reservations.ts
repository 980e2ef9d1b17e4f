import type { Knex } from 'knex';

/** The read model of the reservation workflows, and the only table that decides who owns a seat. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE reservations (
      id          uuid PRIMARY KEY,
      user_id     uuid NOT NULL REFERENCES users,
      schedule_id uuid NOT NULL REFERENCES schedules,
      status      text NOT NULL CHECK (status IN
                    ('HELD', 'PAYING', 'SETTLING', 'CONFIRMED', 'EXPIRED', 'RELEASED', 'CANCELLED')),
      tickets     bigint NOT NULL CHECK (tickets >= 0),
      booking_fee bigint NOT NULL CHECK (booking_fee >= 0),
      currency    text NOT NULL,
      held_at     timestamptz NOT NULL,
      expires_at  timestamptz NOT NULL,
      ended_at    timestamptz
    );
    CREATE INDEX reservations_of_user ON reservations (user_id, held_at DESC, id DESC);

    -- One row for each seat that a reservation ever had. Live until released; sold once confirmed.
    CREATE TABLE allocations (
      reservation_id uuid NOT NULL REFERENCES reservations,
      seat_id        uuid NOT NULL REFERENCES seats,
      schedule_id    uuid NOT NULL,
      user_id        uuid NOT NULL,
      price          bigint NOT NULL CHECK (price >= 0),
      sold_at        timestamptz,
      released_at    timestamptz,
      PRIMARY KEY (reservation_id, seat_id)
    );
    -- Invariant 1 of the design: at most one live allocation for a seat. This index is what never sells twice.
    CREATE UNIQUE INDEX one_live_allocation_per_seat ON allocations (seat_id) WHERE released_at IS NULL;
    CREATE INDEX live_allocations_of_schedule ON allocations (schedule_id, user_id) WHERE released_at IS NULL;

    CREATE TABLE payments (
      id                 uuid PRIMARY KEY,
      reservation_id     uuid NOT NULL REFERENCES reservations,
      user_id            uuid NOT NULL,
      status             text NOT NULL CHECK (status IN
                           ('PENDING', 'SETTLING', 'SUCCEEDED', 'FAILED', 'REFUNDED', 'PARTIALLY_REFUNDED')),
      points             bigint NOT NULL CHECK (points >= 0),
      card               bigint NOT NULL CHECK (card >= 0),
      currency           text NOT NULL,
      gateway_payment_id text,
      reason             text,
      created_at         timestamptz NOT NULL DEFAULT now(),
      approved_at        timestamptz,
      -- Of a FAILED attempt: until then its points, or its charge, may still be taken.
      undone_at          timestamptz
    );
    CREATE INDEX payments_of_reservation ON payments (reservation_id);
    CREATE UNIQUE INDEX one_success_per_reservation ON payments (reservation_id) WHERE status = 'SUCCEEDED';

    CREATE TABLE tickets (
      id             uuid PRIMARY KEY,
      reservation_id uuid NOT NULL REFERENCES reservations,
      seat_id        uuid NOT NULL REFERENCES seats,
      user_id        uuid NOT NULL,
      status         text NOT NULL DEFAULT 'VALID' CHECK (status IN ('VALID', 'USED', 'VOID')),
      issued_at      timestamptz NOT NULL
    );
    CREATE UNIQUE INDEX one_live_ticket_per_seat ON tickets (seat_id) WHERE status <> 'VOID';
    CREATE INDEX tickets_of_reservation ON tickets (reservation_id);

    -- Notifications to send, written in the transaction of what they tell.
    CREATE TABLE outbox (
      id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      kind         text NOT NULL,
      payload      jsonb NOT NULL,
      created_at   timestamptz NOT NULL DEFAULT now(),
      delivered_at timestamptz
    );

    -- The first answer given for a key is its permanent answer. It is null while the request is under way.
    CREATE TABLE idempotency_keys (
      user_id    uuid NOT NULL,
      route      text NOT NULL,
      key        text NOT NULL,
      body_hash  bytea NOT NULL,
      -- json, not jsonb: an answer is repeated to the letter
      answer     json,
      created_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (user_id, route, key)
    );
    CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE idempotency_keys, outbox, tickets, payments, allocations, reservations');
}
