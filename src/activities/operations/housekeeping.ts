import type { Knex } from 'knex';
import { createIdempotencyStore } from '../../db/idempotencyStore';
import { createOutboxStore } from '../../db/outboxStore';
import { createRefreshTokenStore } from '../../db/accounts/refreshTokenStore';
import { removeUnpaidReservations } from '../../db/reservations/unpaidReservations';
import { createWebhookStore } from '../../db/payments/webhookStore';
import type { ActivityDependencies } from '../dependencies';

/** The kinds of rows that become old, in the words that an operator reads. */
export const HOUSEKEEPING_SUBJECTS = [
  'idempotency keys',
  'refresh tokens',
  'gateway messages',
  'notifications',
  'unpaid reservations',
] as const;

export type HousekeepingSubject = (typeof HOUSEKEEPING_SUBJECTS)[number];

/** Removes up to `limit` rows that the service no longer needs, and resolves to their number. It may run twice. */
type RemoveBatch = (db: Knex, limit: number) => Promise<number>;

const REMOVERS: Readonly<Record<HousekeepingSubject, RemoveBatch>> = {
  'idempotency keys': (db, limit) => createIdempotencyStore(db).removeOld(limit),
  'refresh tokens': (db, limit) => createRefreshTokenStore(db).removeExpired(limit),
  'gateway messages': (db, limit) => createWebhookStore(db).removeOld(limit),
  notifications: (db, limit) => createOutboxStore(db).removeOld(limit),
  'unpaid reservations': (db, limit) => removeUnpaidReservations(db, limit),
};

export function createHousekeepingActivities({ db }: ActivityDependencies) {
  return {
    /**
     * Removes a batch of old rows in one short transaction.
     *
     * @returns how many rows there were; fewer than `limit` means that none are left
     */
    removeOld: async (subject: HousekeepingSubject, limit: number): Promise<number> =>
      REMOVERS[subject](db, limit),
  };
}
