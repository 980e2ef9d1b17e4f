import type { Knex } from 'knex';

/** Messages from gateways. The service takes each message once: the transaction that decides its effect writes the row. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE webhook_events (
      gateway     text NOT NULL,
      event_id    text NOT NULL,
      type        text NOT NULL,
      -- The payment or top-up that it is about; null where there is none.
      attempt_id  uuid,
      effect      text NOT NULL CHECK (effect IN ('NONE', 'HINT', 'SETTLEMENT', 'UNKNOWN_CHARGE')),
      received_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (gateway, event_id)
    );
    CREATE INDEX webhook_events_age ON webhook_events (received_at);
    GRANT SELECT, INSERT, DELETE ON webhook_events TO holdfast_app;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE webhook_events');
}
