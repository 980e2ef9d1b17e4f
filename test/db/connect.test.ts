import { connectPostgres } from '../../src/db/connect';

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
