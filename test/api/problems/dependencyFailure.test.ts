import { createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { Client as PostgresClient } from 'pg';
import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { Client, Connection } from '@temporalio/client';
import { isDependencyFailure } from '../../../src/api/problems/dependencyFailure';
import { toProblem } from '../../../src/api/problems/toProblem';
import { createLogger } from '../../../src/config/logging';
import { connectPostgres } from '../../../src/db/connect';
import { connectRedis } from '../../../src/redis/connect';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { createTestRedis } from '../../support/redis';

const logger = createLogger('test', 'silent');

/** Accepts connections and never responds. */
let mute: Server;
const sockets = new Set<Socket>();
let mutePort: number;
let closedPort: number;
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  [mute, mutePort] = await listen();
  const [closed, port] = await listen();
  closed.close();
  closedPort = port;
});
afterAll(async () => {
  mute.close();
  // gRPC keeps waiting for a connection that it was told to close.
  for (const socket of sockets) socket.destroy();
  await database.drop();
});

async function listen(): Promise<[Server, number]> {
  const server = createServer((socket) => sockets.add(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not a TCP port');
  return [server, address.port];
}

function grpcError(code: status): ServiceError {
  return Object.assign(new Error(status[code]), { code, details: '', metadata: new Metadata() });
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: unknown) => error,
  );
}

describe('the API recognizes a failed dependency', () => {
  it('when Postgres refuses connections', async () => {
    const options = { poolSize: 1, applicationName: 'test' };
    const db = connectPostgres(`postgres://nobody@127.0.0.1:${closedPort}/nothing`, options);
    const error = await failureOf(db.raw('SELECT 1'));
    await db.destroy();
    expect(isDependencyFailure(error)).toBe(true);
  });

  it('when Postgres accepts a connection and never responds', async () => {
    const client = new PostgresClient({ host: '127.0.0.1', port: mutePort, connectionTimeoutMillis: 100 });
    const error = await failureOf(client.connect());
    expect(isDependencyFailure(error)).toBe(true);
  });

  it('when Postgres cuts a connection', async () => {
    const error = await failureOf(
      database.owner.transaction(async (tx) => {
        const { rows } = await tx.raw<{ rows: { pid: number }[] }>('SELECT pg_backend_pid() AS pid');
        await database.owner.raw('SELECT pg_terminate_backend(?)', [rows[0]?.pid ?? 0]);
        await tx.raw('SELECT 1');
      }),
    );
    expect(isDependencyFailure(error)).toBe(true);
  });

  it('when Postgres takes too long for a statement', async () => {
    const error = await failureOf(
      database.owner.transaction(async (tx) => {
        await tx.raw('SET LOCAL statement_timeout = 20');
        await tx.raw('SELECT pg_sleep(5)');
      }),
    );
    expect(isDependencyFailure(error)).toBe(true);
  });

  it('when the pool has no free connection', async () => {
    const options = { poolSize: 1, applicationName: 'test' };
    const db = connectPostgres(database.url, options);
    const holder = await db.transaction();
    const error = await failureOf(db.raw('SELECT 1'));
    await holder.rollback();
    await db.destroy();
    expect(isDependencyFailure(error)).toBe(true);
  });

  it('when Redis refuses connections', async () => {
    const redis = connectRedis(`redis://127.0.0.1:${closedPort}`, { name: 'test', logger });
    const error = await failureOf(redis.ping());
    redis.disconnect();
    expect(isDependencyFailure(error)).toBe(true);
  });

  it('when Redis hangs in a command', async () => {
    const server = await createTestRedis();
    const redis = connectRedis(server.url, { name: 'test', logger });
    await once(redis, 'ready');
    // Blocks longer than a command may take.
    const error = await failureOf(redis.blpop('nothing', 3));
    redis.disconnect();
    await server.drop();
    expect(isDependencyFailure(error)).toBe(true);
  });

  it.each([
    ['refuses connections', () => closedPort],
    ['does not respond', () => mutePort],
  ])('when Temporal %s', async (_case, port) => {
    const connection = Connection.lazy({ address: `127.0.0.1:${port()}`, connectTimeout: 300 });
    const { workflow } = new Client({ connection });
    const error = await failureOf(
      connection.withDeadline(Date.now() + 300, async () => workflow.getHandle('x').describe()),
    );
    await connection.close();
    expect(isDependencyFailure(error)).toBe(true);
  });

  it('by its gRPC status: each status except OK is 503 with Retry-After, or on purpose a fault of the API', async () => {
    const slugs = Object.fromEntries(
      Object.entries(status).flatMap(([name, code]) =>
        typeof code === 'number' && code !== status.OK ? [[name, toProblem(grpcError(code)).slug]] : [],
      ),
    );

    const faults = Object.keys(slugs).filter((name) => slugs[name] === 'internal-error');
    expect(faults.toSorted()).toEqual([
      'ALREADY_EXISTS',
      'DATA_LOSS',
      'INVALID_ARGUMENT',
      'OUT_OF_RANGE',
      'UNIMPLEMENTED',
    ]);
    const others = Object.keys(slugs).filter((name) => !faults.includes(name));
    expect(others.map((name) => slugs[name])).toEqual(others.map(() => 'temporarily-unavailable'));
  });

  it('and reports a bad query, a bug and an empty rejection as faults of the API', async () => {
    const query = await failureOf(database.db.raw('SELECT nothing'));
    expect(isDependencyFailure(query)).toBe(false);
    expect(toProblem(query)).toMatchObject({ slug: 'internal-error' });
    expect(isDependencyFailure(new TypeError('x is not a function'))).toBe(false);
    expect(isDependencyFailure(undefined)).toBe(false);
  });
});
