/**
 * How time passes for suites of workflows: skipped, or in real time on the real server (`TEST_TIME=real`; jest.config.js
 * runs them both ways). The lengths that such suites use stand here, so that the same tests run on both.
 */
export const TIME: 'skipped' | 'real' = process.env['TEST_TIME'] === 'real' ? 'real' : 'skipped';

/** Of a hold. */
export const HOLD_SECONDS = TIME === 'real' ? 8 : 300;

/** How long past the hold an unknown payment may keep the seats. */
export const SETTLE_SECONDS = TIME === 'real' ? 5 : 60;

/** From the announcement of a sale to its opening. */
export const OPENING_MS = TIME === 'real' ? 4_000 : 3_600_000;

/** How long an operator keeps the refunds of a show waiting. */
export const PAUSE_MS = TIME === 'real' ? 5_000 : 600_000;

/** A test that needs minutes to pass, or that counts on time standing still. It is skipped on the real server. */
export const itWithSkippedTime: jest.It = TIME === 'skipped' ? it : it.skip;
