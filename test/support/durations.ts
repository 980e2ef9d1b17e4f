/**
 * How time passes in suites of workflows: skipped, or in real time on the real server (`TEST_TIME=real`;
 * jest.config.js runs both). The durations of these suites are defined here, so that the same tests run in both ways.
 */
export const TIME: 'skipped' | 'real' = process.env['TEST_TIME'] === 'real' ? 'real' : 'skipped';

/** The duration of a hold. */
export const HOLD_SECONDS = TIME === 'real' ? 8 : 300;

/** How long after the end of the hold an unknown payment may keep the seats. */
export const SETTLE_SECONDS = TIME === 'real' ? 5 : 60;

/** The time from the announcement of a sale to its opening. */
export const OPENING_MS = TIME === 'real' ? 4_000 : 3_600_000;

/** How long an operator pauses the refunds of a show. */
export const PAUSE_MS = TIME === 'real' ? 5_000 : 600_000;

/** A test that needs minutes to pass, or that relies on a stopped clock. It is skipped on the real server. */
export const itWithSkippedTime: jest.It = TIME === 'skipped' ? it : it.skip;
