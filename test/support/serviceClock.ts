import type { Knex } from 'knex';

/** Postgres's service clock, which a test with skipped time keeps beside that of Temporal. */
export interface ServiceClock {
  /**
   * Sets the clock to what `read` answers, in milliseconds since 1970; it runs on from there. Calls that overlap go one by
   * one, so that none puts back a time that was read before that of another.
   */
  set(read: () => Promise<number> | number): Promise<void>;
}

/** Differences below this are the machine's, not skipped time. */
const CLOSE_MS = 200;

/** Puts a clock that can be set in the place of the real one, in the database of one suite. */
export async function installServiceClock(owner: Knex): Promise<ServiceClock> {
  await owner.raw(`
    CREATE TABLE test_clock (ahead interval NOT NULL);
    INSERT INTO test_clock VALUES ('0');
    GRANT SELECT ON test_clock TO holdfast_app;
    CREATE OR REPLACE FUNCTION service_now() RETURNS timestamptz LANGUAGE sql VOLATILE
      AS 'SELECT clock_timestamp() + ahead FROM test_clock';
  `);
  let known = 0;
  let last: Promise<unknown> = Promise.resolve();
  const readAndSet = async (read: () => Promise<number> | number): Promise<void> => {
    const ahead = (await read()) - Date.now();
    if (Math.abs(ahead - known) < CLOSE_MS) return;
    await owner.raw(`UPDATE test_clock SET ahead = make_interval(secs => ?)`, [ahead / 1000]);
    known = ahead;
  };
  return {
    async set(read) {
      const turn = last.then(async () => readAndSet(read));
      last = turn.catch(() => undefined);
      return turn;
    },
  };
}
