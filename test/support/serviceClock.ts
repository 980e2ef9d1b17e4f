import type { Knex } from 'knex';

/** The service clock of Postgres. A test with skipped time keeps it in step with the clock of Temporal. */
export interface ServiceClock {
  /**
   * Sets the clock to the result of `read`, in milliseconds since 1970. The clock runs on from there. Overlapping
   * calls run one after the other, so that no call sets an older time after a newer one.
   */
  set(read: () => Promise<number> | number): Promise<void>;
}

/** Smaller differences come from the machine, not from skipped time. */
const CLOSE_MS = 200;

/** A slow answer says nothing about the time now, so a busy machine is asked again. */
const TRIES = 50;

/** How far a clock is ahead of that of the machine, in milliseconds, to within CLOSE_MS. */
async function howFarAhead(read: () => Promise<number> | number): Promise<number> {
  for (let tried = 0; tried < TRIES; tried += 1) {
    const before = Date.now();
    const time = await read();
    const after = Date.now();
    if (after - before < CLOSE_MS) return time - after;
  }
  throw new Error('the machine is too busy to compare two clocks');
}

/** Replaces the real clock with one that can be set, in the database of one suite. */
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
    const ahead = await howFarAhead(read);
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
