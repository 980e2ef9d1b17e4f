import type { Knex } from 'knex';

/** Venues with a seating plan, concerts, their schedules, and the seats of each schedule. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE venues (
      id         uuid PRIMARY KEY,
      name       text NOT NULL,
      time_zone  text NOT NULL DEFAULT 'Asia/Seoul',
      plan       jsonb NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now()
    );

    CREATE TABLE concerts (
      id          uuid PRIMARY KEY,
      title       text NOT NULL,
      artist      text NOT NULL,
      description text NOT NULL DEFAULT '',
      created_at  timestamptz NOT NULL DEFAULT now()
    );

    CREATE TABLE schedules (
      id                  uuid PRIMARY KEY,
      concert_id          uuid NOT NULL REFERENCES concerts,
      venue_id            uuid NOT NULL REFERENCES venues,
      starts_at           timestamptz NOT NULL,
      sale_opens_at       timestamptz NOT NULL,
      sale_closes_at      timestamptz NOT NULL,
      -- The operator's word on the sale; OPEN still means within the opening times.
      sale_switch         text NOT NULL DEFAULT 'OPEN' CHECK (sale_switch IN ('OPEN', 'PAUSED', 'CLOSED')),
      currency            text NOT NULL DEFAULT 'KRW',
      booking_fee         bigint NOT NULL CHECK (booking_fee >= 0),
      max_seats_per_user  int NOT NULL CHECK (max_seats_per_user > 0),
      seats_total         int NOT NULL CHECK (seats_total > 0),
      -- {admitPerSecond, maxActive}; null: the service-wide room is enough
      waiting_room        jsonb,
      cancellation_policy jsonb,
      created_at          timestamptz NOT NULL DEFAULT now(),
      CHECK (sale_opens_at < sale_closes_at)
    );
    CREATE INDEX schedules_concert ON schedules (concert_id, starts_at);

    CREATE TABLE grades (
      schedule_id uuid NOT NULL REFERENCES schedules ON DELETE CASCADE,
      grade       text NOT NULL,
      position    int NOT NULL,
      price       bigint NOT NULL CHECK (price >= 0),
      color       text NOT NULL,
      PRIMARY KEY (schedule_id, grade)
    );

    -- What never changes about a seat, but for the operator's block. Who has it is in allocations.
    CREATE TABLE seats (
      id          uuid PRIMARY KEY,
      schedule_id uuid NOT NULL REFERENCES schedules ON DELETE CASCADE,
      position    int NOT NULL,
      zone        text NOT NULL,
      row         text NOT NULL,
      number      text NOT NULL,
      grade       text NOT NULL,
      x           real NOT NULL,
      y           real NOT NULL,
      blocked     boolean NOT NULL DEFAULT false,
      UNIQUE (schedule_id, position),
      FOREIGN KEY (schedule_id, grade) REFERENCES grades
    );
    -- Counts of free seats ask for the few blocked ones of a schedule.
    CREATE INDEX blocked_seats_of_schedule ON seats (schedule_id) WHERE blocked;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE seats, grades, schedules, concerts, venues');
}
