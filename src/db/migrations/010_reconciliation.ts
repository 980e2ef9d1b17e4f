import type { Knex } from 'knex';

/** Reconciliation: its runs, the gateway's book as a run has read it, and the differences between the books. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE reconciliation_runs (
      id          uuid PRIMARY KEY,
      gateway     text NOT NULL,
      depth       text NOT NULL CHECK (depth IN ('RECENT', 'DEEP')),
      started_at  timestamptz NOT NULL,
      -- Charges and attempts from here to the start are compared.
      window_from timestamptz NOT NULL,
      -- Null: it is under way, or was interrupted.
      finished_at timestamptz,
      lines       bigint NOT NULL DEFAULT 0,
      attempts    bigint NOT NULL DEFAULT 0,
      -- What was compared, in whole currency units.
      money       bigint NOT NULL DEFAULT 0
    );
    CREATE INDEX reconciliation_runs_by_start ON reconciliation_runs (started_at DESC);

    -- The gateway's book, for as long as the run that read it goes on. Runs never see each other's lines.
    CREATE TABLE gateway_lines (
      run_id             uuid NOT NULL REFERENCES reconciliation_runs ON DELETE CASCADE,
      gateway_payment_id text NOT NULL,
      idempotency_key    text,
      order_id           text,
      status             text NOT NULL,
      amount             bigint NOT NULL,
      refunded           bigint NOT NULL,
      currency           text NOT NULL,
      booked_at          timestamptz NOT NULL,
      -- The payment or top-up that it belongs to; null where there is none.
      attempt_id         uuid,
      PRIMARY KEY (run_id, gateway_payment_id)
    );
    CREATE INDEX gateway_lines_of_attempt ON gateway_lines (run_id, attempt_id);

    -- One row for each difference, however often it is seen.
    CREATE TABLE differences (
      id            uuid PRIMARY KEY,
      kind          text NOT NULL,
      -- What it is about: a payment, a top-up, a reservation, a journal, or a charge by the gateway's id.
      subject       text NOT NULL,
      status        text NOT NULL CHECK (status IN ('OPEN', 'MENDING', 'RESOLVED')),
      amount        bigint NOT NULL CHECK (amount >= 0),
      currency      text NOT NULL,
      detail        jsonb NOT NULL,
      -- When the money moved, or was to move.
      arose_at      timestamptz NOT NULL,
      first_seen_at timestamptz NOT NULL,
      last_seen_at  timestamptz NOT NULL,
      resolved_at   timestamptz,
      -- Null where it was gone by itself: the next run keeps only a closing by hand.
      resolved_by   uuid REFERENCES users,
      note          text,
      UNIQUE (kind, subject),
      CHECK ((status = 'RESOLVED') = (resolved_at IS NOT NULL)),
      CHECK (resolved_by IS NULL OR status = 'RESOLVED')
    );
    CREATE INDEX differences_newest_first ON differences (first_seen_at DESC, id DESC);
    CREATE INDEX unresolved_differences ON differences (arose_at) WHERE status <> 'RESOLVED';

    -- What a run reads in pages, and what the ledger says of one attempt.
    CREATE INDEX payments_by_time ON payments (created_at, id);
    CREATE INDEX top_ups_by_time ON top_ups (created_at, id);
    CREATE INDEX confirmed_by_time ON reservations (ended_at, id) WHERE status = 'CONFIRMED';
    CREATE INDEX journals_by_time ON journals (created_at, id);
    CREATE INDEX journals_of_attempt ON journals (payment_id) WHERE payment_id IS NOT NULL;

    GRANT SELECT, INSERT, UPDATE, DELETE ON reconciliation_runs, gateway_lines TO holdfast_app;
    GRANT SELECT, INSERT ON differences TO holdfast_app;
    -- What it is about, and when it was seen first, stay as they were written.
    GRANT UPDATE (status, amount, currency, detail, last_seen_at, resolved_at, resolved_by, note)
      ON differences TO holdfast_app;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP INDEX journals_of_attempt, journals_by_time, confirmed_by_time, top_ups_by_time, payments_by_time;
    DROP TABLE differences, gateway_lines, reconciliation_runs;
  `);
}
