import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { z } from 'zod';
import { createLogger } from '../../src/config/logging';
import { connectPostgres } from '../../src/db/connect';
import { PermanentError } from '../../src/domain/permanentError';
import { Problem } from '../../src/domain/problems';
import { permanentCauseOf } from '../../src/worker/permanence';
import { ProblemInterceptor } from '../../src/worker/problemInterceptor';
import { createTestDatabase, type TestDatabase } from '../support/database';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(async () => database?.drop());

async function errorOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: unknown) => error,
  );
}

const errorOfSql = async (sql: string, bindings: string[] = []) => errorOf(database.db.raw(sql, bindings));

describe('a failure that can never pass', () => {
  it.each([
    ['text that Postgres cannot store', 'SELECT ?::text', ['storm\0'], 'SQLSTATE 22021'],
    ['an id that is none', 'SELECT ?::uuid', ['none'], 'SQLSTATE 22P02'],
    ['a number that is too large', 'SELECT 2147483648::int', [], 'SQLSTATE 22003'],
    [
      'a rule of a table',
      "INSERT INTO outbox (kind, payload) VALUES (NULL, '{}')",
      [],
      'SQLSTATE 23502, table outbox, column kind',
    ],
    [
      'a row that another one needs',
      'INSERT INTO wallets (user_id) VALUES (gen_random_uuid())',
      [],
      'SQLSTATE 23503, table wallets, constraint wallets_user_id_fkey',
    ],
    ['a table that is not there', 'SELECT FROM nothing', [], 'SQLSTATE 42P01'],
    ['a right that is missing', 'DELETE FROM entries', [], 'SQLSTATE 42501'],
  ])('%s', async (_case, sql, bindings, names) => {
    expect(permanentCauseOf(await errorOfSql(sql, bindings))).toBe(`Postgres rejects it: ${names}`);
  });

  it('a record of another form, and records that contradict each other', async () => {
    const malformed = z.object({ fees: z.array(z.int()) }).safeParse({ fees: ['secret'] }).error;

    expect(permanentCauseOf(malformed)).toBe('a record is malformed at fees.0');
    expect(permanentCauseOf(new PermanentError('payment 1 has no reservation'))).toBe(
      'payment 1 has no reservation',
    );
  });

  it('any of these as the cause of another error', () => {
    const error = new Error('wrapped', { cause: new PermanentError('no such row') });

    expect(permanentCauseOf(error)).toBe('no such row');
  });

  it('is reported without the value that was to be stored', async () => {
    const error = await errorOfSql('SELECT ?::uuid', ['my card number']);

    expect(permanentCauseOf(error)).not.toContain('card');
  });
});

describe('a failure that may pass', () => {
  it.each([
    ['a statement that takes too long', 'SET LOCAL statement_timeout = 1; SELECT pg_sleep(1)'],
    ['a deadlock', "DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = 'deadlock_detected'; END $$"],
    ['a server that stops', "DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = 'admin_shutdown'; END $$"],
    ['a full disk', "DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = 'disk_full'; END $$"],
  ])('%s', async (_case, sql) => {
    const inTransaction = database.db.transaction(async (transaction) => {
      await transaction.raw(sql);
    });
    const error = await errorOf(inTransaction);

    expect(permanentCauseOf(error)).toBeNull();
  });

  it('Postgres that is down', async () => {
    const db = connectPostgres('postgres://nobody@127.0.0.1:1/nothing', {
      poolSize: 1,
      applicationName: 'test',
    });

    expect(permanentCauseOf(await errorOf(db.raw('SELECT 1')))).toBeNull();

    await db.destroy();
  });

  it.each([new Error('the gateway has not answered'), new TypeError('fetch failed'), 'not even an error'])(
    '%s',
    (error) => {
      expect(permanentCauseOf(error)).toBeNull();
    },
  );
});

describe('an activity', () => {
  const counted: string[] = [];
  const interceptor = new ProblemInterceptor({
    logger: createLogger('test', 'silent'),
    permanentFailure: (activity) => void counted.push(activity),
  });

  async function failWith(error: Error): Promise<unknown> {
    const environment = new MockActivityEnvironment({ activityType: 'someStep' });
    const input = { args: [], headers: {} };
    const run = async () =>
      interceptor.execute(input, async () => {
        throw error;
      });
    return errorOf(environment.run(run));
  }

  it('that can never succeed fails once, with a name, and is counted', async () => {
    expect(await failWith(new PermanentError('no such row'))).toMatchObject({
      type: 'permanent-failure',
      message: 'someStep: no such row',
      details: ['someStep'],
      nonRetryable: true,
    });
    expect(counted).toEqual(['someStep']);
  });

  it('that rejects a request fails once, with the slug that the client gets, and is no fault', async () => {
    const failure = await failWith(new Problem('not-cancellable', 'Too late.', { reason: 'too-late' }));

    expect(failure).toBeInstanceOf(ApplicationFailure);
    expect(failure).toMatchObject({
      type: 'not-cancellable',
      nonRetryable: true,
      category: ApplicationFailureCategory.BENIGN,
    });
    expect(counted).toHaveLength(1);
  });

  it('whose failure may pass is left to its retries', async () => {
    const error = new Error('away');

    expect(await failWith(error)).toBe(error);
  });
});
