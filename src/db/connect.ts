import { Socket } from 'node:net';
import knex, { type Knex } from 'knex';
import { types, type Client } from 'pg';
import type { Logger } from '../config/logging';

/** The role with the least privileges. Everything except migrations uses it. Migration 005 creates it. */
const APPLICATION_ROLE = 'holdfast_app';

// Money is bigint in Postgres. A JavaScript number holds every integer up to 2^53, far more than any sum in KRW here.
types.setTypeParser(types.builtins.INT8, (text) => {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`bigint ${text} is beyond 2^53`);
  return value;
});

/**
 * A connection on which Postgres has sent nothing for this time while a statement runs is given up. Postgres itself
 * ends a statement earlier. So either Postgres is frozen, or the network has lost the connection without a message.
 */
const SILENT_MS = 12_000;

/** With what the types of pg leave out. */
interface OpenClient extends Client {
  /** False while a statement runs. */
  readyForQuery: boolean;
}

export interface ConnectOptions {
  poolSize: number;
  /** Appears in pg_stat_activity. */
  applicationName: string;
  /** The logger for messages of knex. Without it they are dropped, because the caller gets the error anyway. */
  logger?: Logger;
  /** Acts as the owner of the database instead of the application role. Only for migrations and set-up. */
  asOwner?: boolean;
}

/**
 * Creates a pool. Statements time out after 10 s, or after 12 s if Postgres does not respond, and acquiring a connection
 * after 5 s. The statements of a hold and of
 * a payment have a `name`. So Postgres parses and plans them once for each connection.
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
      afterCreate(connection: OpenClient, done: (error: Error | null, connection: Client) => void) {
        if (options.asOwner) return done(null, connection);
        giveUpIfSilent(connection);
        connection.query(`SET ROLE ${APPLICATION_ROLE}`, (error: Error | null) => done(error, connection));
      },
    },
  });
}

function giveUpIfSilent(client: OpenClient): void {
  const { stream } = client.connection;
  if (!(stream instanceof Socket)) throw new TypeError('a connection of pg without a socket');
  stream.setTimeout(SILENT_MS);
  stream.on('timeout', () => {
    if (client.readyForQuery) return;
    const { bytesRead } = stream;
    // If this process stood still, the response may wait in the socket. Node reads it before an immediate runs.
    setImmediate(() => {
      if (client.readyForQuery || stream.bytesRead !== bytesRead) return;
      const message = `Postgres has sent nothing for ${SILENT_MS / 1_000} s`;
      stream.destroy(Object.assign(new Error(message), { code: 'ETIMEDOUT' }));
    });
  });
}

/**
 * By default, knex prints to the console. What it prints about a lost connection is also in the error of each
 * statement.
 */
function knexLog(logger: Logger | undefined): NonNullable<Knex.Config['log']> {
  const debug = (message: unknown): void => logger?.debug({ detail: message }, 'knex');
  const deprecate = (message: unknown): void =>
    logger?.warn({ detail: message }, 'knex reports a deprecated use');
  return { warn: debug, error: debug, debug, deprecate };
}
