import type { Knex } from 'knex';
import type { UnpaidHold } from '../../domain/reservations/unpaidHolds';

export type UnpaidHoldStore = ReturnType<typeof createUnpaidHoldStore>;

/** The seats that an account has held and not bought. It has no separate table: it reads the reservations. */
export function createUnpaidHoldStore(db: Knex) {
  return {
    /**
     * The seats of a schedule that an account held and did not buy, after `since` and after its last purchase there. A
     * cancelled purchase does not count as a purchase.
     *
     * Indexes find what the account has held since then and what it has now. So the read is only as large as that.
     */
    async ofAccount(account: { userId: string; scheduleId: string; since: Date }): Promise<UnpaidHold[]> {
      const { rows } = await db
        .raw<{ rows: UnpaidHold[] }>(
          `SELECT allocation.seat_id AS "seatId", held.held_at AS "heldAt", held.expires_at AS "expiresAt",
                  held.ended_at AS "endedAt"
           FROM reservations AS held JOIN allocations AS allocation ON allocation.reservation_id = held.id
           WHERE held.user_id = :userId AND held.schedule_id = :scheduleId
             AND held.status IN ('EXPIRED', 'RELEASED')
             AND held.held_at > greatest(:since, (SELECT max(sold_at) FROM allocations
                                                  WHERE schedule_id = :scheduleId AND user_id = :userId
                                                    AND released_at IS NULL))`,
          account,
        )
        .options({ name: 'unpaid-holds-of-account' });
      return rows;
    },
  };
}
