import { connectPostgres } from '../../src/db/connect';
import { isDependencyFailure } from '../../src/api/problems/dependencyFailure';
import { createTestDatabase } from '../support/database';
import { createFreezableProxy } from '../support/freezableProxy';

describe('a pool without a logger', () => {
  it('prints nothing when it gets no connection: the caller gets the error', async () => {
    const printed = (['log', 'warn', 'error', 'debug'] as const).map((name) =>
      jest.spyOn(console, name).mockImplementation(() => undefined),
    );
    // Nothing listens there.
    const db = connectPostgres('postgres://127.0.0.1:1/holdfast', { poolSize: 1, applicationName: 'test' });

    await expect(db.raw('SELECT 1')).rejects.toThrow('ECONNREFUSED');

    expect(printed.flatMap(({ mock }) => mock.calls)).toEqual([]);
    await db.destroy();
  });
});

describe('a connection that the network has lost without a message', () => {
  it('fails its statement after 12 s, and the next statement gets a new connection', async () => {
    const database = await createTestDatabase();
    const proxy = await createFreezableProxy(database.url);
    const db = connectPostgres(proxy.url, { poolSize: 1, applicationName: 'test' });
    try {
      await db.raw('SELECT 1');
      proxy.freeze();
      const since = performance.now();
      const lost: unknown = await db.raw('SELECT 1').catch((error: unknown) => error);

      expect(isDependencyFailure(lost)).toBe(true);
      expect(performance.now() - since).toBeGreaterThan(11_000);
      proxy.thaw();
      await expect(db.raw('SELECT 1')).resolves.toMatchObject({ rowCount: 1 });
    } finally {
      await db.destroy();
      proxy.stop();
      await database.drop();
    }
  }, 40_000);

  it('stays open while no statement runs, and is given up later all the same', async () => {
    const database = await createTestDatabase();
    const proxy = await createFreezableProxy(database.url);
    const db = connectPostgres(proxy.url, { poolSize: 1, applicationName: 'test' });
    const backend = async () => (await db.raw<{ rows: unknown[] }>('SELECT pg_backend_pid()')).rows;
    try {
      const before = await backend();
      await new Promise((resolve) => setTimeout(resolve, 13_000));
      expect(await backend()).toEqual(before);
      proxy.freeze();
      await expect(db.raw('SELECT 1')).rejects.toMatchObject({ code: 'ETIMEDOUT' });
      proxy.thaw();
    } finally {
      await db.destroy();
      proxy.stop();
      await database.drop();
    }
  }, 40_000);
});
