import type { Knex } from 'knex';

/**
 * Cancellations after the sale: the policy of each schedule, the terms that were frozen when seats were held, and
 * refunds. The ledger gets two more accounts:
 *
 * - house:cancellation-fees: the fees that are kept from tickets
 * - house:refunds-due: the amounts that are owed to cards, until the gateway has refunded them
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- What Korean venues print on their tickets, as src/domain/cancellations/cancellationPolicy.ts explains it.
    ALTER TABLE schedules ALTER COLUMN cancellation_policy SET DEFAULT '{
      "fees": [
        {"untilDaysBefore": 10, "percent": 10, "atMost": 4000},
        {"untilDaysBefore": 7, "percent": 10},
        {"untilDaysBefore": 3, "percent": 20},
        {"untilDaysBefore": 1, "percent": 30}
      ],
      "cutOff": {"daysBefore": 1, "time": "17:00"},
      "free": [
        {"afterBooking": {"count": 7, "unit": "days"}, "atLeastDaysBefore": 11},
        {"afterBooking": {"count": 24, "unit": "hours"}, "atLeastDaysBefore": 3}
      ],
      "bookingFeeRefundDays": 0
    }';
    -- Until now anything could be stored here, and nothing read it.
    UPDATE schedules SET cancellation_policy = DEFAULT;
    ALTER TABLE schedules ALTER COLUMN cancellation_policy SET NOT NULL;

    -- Frozen at the hold. Null in rows of the release before: the schedule's own count for them.
    ALTER TABLE reservations
      ADD COLUMN cancellation_policy jsonb,
      ADD COLUMN starts_at timestamptz,
      ADD COLUMN time_zone text;

    -- One for each reservation that was cancelled, with every figure as the customer was told.
    CREATE TABLE cancellations (
      reservation_id     uuid PRIMARY KEY REFERENCES reservations,
      -- A repeat under the same id gets this cancellation. Null if no request can repeat it.
      request_id         uuid,
      cause              text NOT NULL CHECK (cause IN ('CUSTOMER', 'ORGANISER')),
      rule               text NOT NULL,
      fee                bigint NOT NULL CHECK (fee >= 0),
      booking_fee_refund bigint NOT NULL CHECK (booking_fee_refund >= 0),
      points             bigint NOT NULL CHECK (points >= 0),
      card               bigint NOT NULL CHECK (card >= 0),
      currency           text NOT NULL,
      cancelled_at       timestamptz NOT NULL
    );

    -- What is due to a card. PENDING until the gateway has said that it is back.
    CREATE TABLE refunds (
      reservation_id    uuid PRIMARY KEY REFERENCES cancellations,
      payment_id        uuid NOT NULL UNIQUE REFERENCES payments,
      amount            bigint NOT NULL CHECK (amount > 0),
      currency          text NOT NULL,
      status            text NOT NULL DEFAULT 'PENDING' CHECK (status IN ('PENDING', 'DONE')),
      -- Tries so far, each under a key of its own at the gateway.
      attempts          int NOT NULL DEFAULT 0,
      last_fault        text,
      gateway_refund_id text,
      created_at        timestamptz NOT NULL,
      refunded_at       timestamptz,
      CHECK ((status = 'DONE') = (refunded_at IS NOT NULL))
    );
    CREATE INDEX pending_refunds ON refunds (created_at) WHERE status = 'PENDING';

    GRANT SELECT, INSERT ON cancellations TO holdfast_app;
    GRANT SELECT, INSERT, UPDATE ON refunds TO holdfast_app;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP TABLE refunds, cancellations;
    ALTER TABLE reservations DROP COLUMN cancellation_policy, DROP COLUMN starts_at, DROP COLUMN time_zone;
    ALTER TABLE schedules
      ALTER COLUMN cancellation_policy DROP NOT NULL,
      ALTER COLUMN cancellation_policy DROP DEFAULT;
  `);
}
