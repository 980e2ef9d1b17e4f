import type { Knex } from 'knex';
import { connectPostgres } from './connect';
import * as accounts from './migrations/001_accounts';
import * as catalogue from './migrations/002_catalogue';
import * as reservations from './migrations/003_reservations';
import * as ledger from './migrations/004_ledger';
import * as applicationRole from './migrations/005_application_role';
import * as charges from './migrations/006_charges';
import * as tickets from './migrations/007_tickets';
import * as cancellations from './migrations/008_cancellations';
import * as showCancellations from './migrations/009_show_cancellations';
import * as reconciliation from './migrations/010_reconciliation';
import * as idempotency from './migrations/011_idempotency';
import * as webhooks from './migrations/012_webhooks';
import * as draws from './migrations/013_draws';
import * as accessibleSeats from './migrations/014_accessible_seats';
import * as serviceClock from './migrations/015_service_clock';
import * as requestedAttempts from './migrations/016_requested_attempts';
import * as openReservations from './migrations/017_open_reservations';
import * as accountControl from './migrations/020_account_control';
import * as halls from './migrations/022_halls';
import * as offlineScans from './migrations/023_offline_scans';
import * as staffAssignments from './migrations/024_staff_assignments';
import * as housekeeping from './migrations/025_housekeeping';
import * as clearingAccounts from './migrations/030_clearing_accounts';
import * as booksOfGateways from './migrations/031_books_of_gateways';
import * as cancellationRequests from './migrations/032_cancellation_requests';
import * as partialCancellations from './migrations/033_partial_cancellations';
import * as cutOffByDay from './migrations/034_cut_off_by_day';
import * as roomOfHold from './migrations/035_room_of_hold';
import * as unchangedHolds from './migrations/036_unchanged_holds';

/** The migrations in their order. A released migration never changes. Add a new one at the end. */
const MIGRATIONS: Record<string, Knex.Migration> = {
  '001_accounts': accounts,
  '002_catalogue': catalogue,
  '003_reservations': reservations,
  '004_ledger': ledger,
  '005_application_role': applicationRole,
  '006_charges': charges,
  '007_tickets': tickets,
  '008_cancellations': cancellations,
  '009_show_cancellations': showCancellations,
  '010_reconciliation': reconciliation,
  '011_idempotency': idempotency,
  '012_webhooks': webhooks,
  '013_draws': draws,
  '014_accessible_seats': accessibleSeats,
  '015_service_clock': serviceClock,
  '016_requested_attempts': requestedAttempts,
  '017_open_reservations': openReservations,
  '020_account_control': accountControl,
  '022_halls': halls,
  '023_offline_scans': offlineScans,
  '024_staff_assignments': staffAssignments,
  '025_housekeeping': housekeeping,
  '030_clearing_accounts': clearingAccounts,
  '031_books_of_gateways': booksOfGateways,
  '032_cancellation_requests': cancellationRequests,
  '033_partial_cancellations': partialCancellations,
  '034_cut_off_by_day': cutOffByDay,
  '035_room_of_hold': roomOfHold,
  '036_unchanged_holds': unchangedHolds,
};

/** The names are written by hand, so that the sources and the build write the same names into the database. */
const migrationSource: Knex.MigrationSource<string> = {
  getMigrations: () => Promise.resolve(Object.keys(MIGRATIONS)),
  getMigrationName: (name) => name,
  getMigration: (name) => {
    const migration = MIGRATIONS[name];
    if (!migration) throw new Error(`no migration named ${name}`);
    return Promise.resolve(migration);
  },
};

/** The last migration of this release. */
export const LATEST_MIGRATION = Object.keys(MIGRATIONS).at(-1) ?? '';

export function isKnownMigration(name: string): boolean {
  return Object.hasOwn(MIGRATIONS, name);
}

/** A later release has migrated the database. The message is one line for the operator. */
export class NewerDatabaseError extends Error {
  override readonly name = 'NewerDatabaseError';

  /** @param what the thing that has the migration, such as "the database" */
  constructor(what: string, migration: string) {
    super(
      `${what} was used by a later release, whose migration ${migration} this one does not know: start that release, or ` +
        'restore a backup from before the upgrade',
    );
  }
}

/**
 * Brings the schema up to date. knex holds a lock table, so parallel starts wait for each other.
 *
 * @param url connects as the owner of the schema
 * @throws {NewerDatabaseError} like `refuseNewerDatabase`
 */
export async function migrate(url: string): Promise<void> {
  await asOwner(url, async (knex) => {
    await refuseNewer(knex);
    await knex.migrate.latest({ migrationSource });
  });
}

/**
 * Migrations only go forward. A release that does not know the schema must not change it.
 *
 * @throws {NewerDatabaseError} if the database has a migration of a later release; nothing has been changed then
 */
export async function refuseNewerDatabase(url: string): Promise<void> {
  await asOwner(url, refuseNewer);
}

async function refuseNewer(knex: Knex): Promise<void> {
  if (!(await knex.schema.hasTable('knex_migrations'))) return;
  const names = await knex('knex_migrations').orderBy('id').pluck<string[]>('name');
  const unknown = names.find((name) => !isKnownMigration(name));
  if (unknown !== undefined) throw new NewerDatabaseError('the database', unknown);
}

async function asOwner(url: string, work: (knex: Knex) => Promise<void>): Promise<void> {
  const knex = connectPostgres(url, { poolSize: 2, applicationName: 'holdfast-migrate', asOwner: true });
  try {
    await work(knex);
  } finally {
    await knex.destroy();
  }
}
