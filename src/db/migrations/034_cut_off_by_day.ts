import type { Knex } from 'knex';

/** The default policy of schedules has an earlier cut-off for shows on Sundays and holidays. */
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
      "cutOff": {
        "daysBefore": 1,
        "time": "17:00",
        "exceptions": [{"showOn": ["SUNDAY", "HOLIDAY"], "time": "11:00"}]
      },
      "holidays": [
        {"date": "01-01"},
        {"date": "01-01", "calendar": "korean-lunar", "daysAround": 1},
        {"date": "03-01"},
        {"date": "04-08", "calendar": "korean-lunar"},
        {"date": "05-05"},
        {"date": "06-06"},
        {"date": "08-15"},
        {"date": "08-15", "calendar": "korean-lunar", "daysAround": 1},
        {"date": "10-03"},
        {"date": "10-09"},
        {"date": "12-25"}
      ],
      "free": [
        {"afterBooking": {"count": 7, "unit": "days"}, "atLeastDaysBefore": 11},
        {"afterBooking": {"count": 24, "unit": "hours"}, "atLeastDaysBefore": 3}
      ],
      "bookingFeeRefundDays": 0
    }';
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
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
  `);
}
