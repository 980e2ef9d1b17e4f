import knex, { type Knex } from 'knex';
import { types, type Client } from 'pg';
import type { Logger } from '../config/logging';

/** Least privilege for everything but migrations; created by migration 005. */
const APPLICATION_ROLE = 'holdfast_app';

// Money is bigint in Postgres; a number holds every integer up to 2^53, far beyond any sum of won here.
types.setTypeParser(types.builtins.INT8, (text) => {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`bigint ${text} is beyond 2^53`);
  return value;
});

export interface ConnectOptions {
  poolSize: number;
  /** Shows in pg_stat_activity. */
  applicationName: string;
  /** Where knex's own words go. They come with an error that its caller gets anyway, so without it nowhere. */
  logger?: Logger;
  /** Acts as the database's owner instead of the application role; for migrations and set-up alone. */
  asOwner?: boolean;
}

/**
 * A pool. Statements time out after 10 s, acquiring a connection after 5 s. The statements of a hold and a
 * payment carry a `name`: Postgres then parses and plans them once for each connection.
 */
export function connectPostgres(url: string, options: ConnectOptions): Knex {
  return knex({
    client: 'pg',
    connection: {
      connectionString: url,
      application_name: options.applicationName,
      connectionTimeoutMillis: 5_000,
      ...(options.asOwner ? {} : { statement_timeout: 10_000, idle_in_transaction_session_timeout: 15_000 }),
    },
    acquireConnectionTimeout: 5_000,
    log: knexLog(options.logger),
    pool: {
      min: 0,
      max: options.poolSize,
      afterCreate(connection: Client, done: (error: Error | null, connection: Client) => void) {
        if (options.asOwner) return done(null, connection);
        connection.query(`SET ROLE ${APPLICATION_ROLE}`, (error: Error | null) => done(error, connection));
      },
    },
  });
}

/** Left to itself, knex prints to the console. What it says of a lost connection comes with each statement's error. */
function knexLog(logger: Logger | undefined): NonNullable<Knex.Config['log']> {
  const debug = (message: unknown): void => logger?.debug({ detail: message }, 'knex');
  const deprecate = (message: unknown): void =>
    logger?.warn({ detail: message }, 'knex is used in an old way');
  return { warn: debug, error: debug, debug, deprecate };
}
