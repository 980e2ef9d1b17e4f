import type { Knex } from 'knex';

/** A count for each gateway. A gateway with a count of 0 is missing. */
export type CountByGateway = Map<string, number>;

/** Charges, voids and refunds whose outcome is not known yet. */
export async function countUnfinished(db: Knex): Promise<CountByGateway> {
  return countByGateway(
    db,
    `SELECT gateway FROM payments
     WHERE card > 0 AND (status IN ('PENDING', 'SETTLING') OR (status = 'FAILED' AND undone_at IS NULL))
     UNION ALL
     SELECT gateway FROM top_ups WHERE status = 'PENDING' OR (status = 'FAILED' AND undone_at IS NULL)
     UNION ALL
     SELECT gateway FROM refunds JOIN payments ON payments.id = payment_id WHERE refunds.status = 'PENDING'`,
  );
}

/** Card payments for future shows. Each may still be cancelled, and only the gateway that took it can refund it. */
export async function countRefundable(db: Knex): Promise<CountByGateway> {
  return countByGateway(
    db,
    `SELECT gateway FROM payments
     JOIN reservations ON reservations.id = reservation_id AND reservations.status = 'CONFIRMED'
     JOIN schedules ON schedules.id = schedule_id AND schedules.starts_at > now()
     WHERE card > 0 AND payments.status IN ('SUCCEEDED', 'PARTIALLY_REFUNDED')`,
  );
}

async function countByGateway(db: Knex, found: string): Promise<CountByGateway> {
  const { rows } = await db.raw<{ rows: { gateway: string; count: number }[] }>(
    `SELECT gateway, count(*) AS count FROM (${found}) AS found GROUP BY gateway`,
  );
  return new Map(rows.map(({ gateway, count }) => [gateway, count]));
}
