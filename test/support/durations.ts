/**
 * How time passes for suites of workflows: skipped, or in real time on the real server (`TEST_TIME=real`; jest.config.js
 * runs them both ways). The lengths that such suites use stand here, so that the same tests run on both.
 */
export const TIME: 'skipped' | 'real' = process.env['TEST_TIME'] === 'real' ? 'real' : 'skipped';

/** Of a hold. */
export const HOLD_SECONDS = TIME === 'real' ? 8 : 300;

/** How long past the hold an unknown payment may keep the seats. */
export const SETTLE_SECONDS = TIME === 'real' ? 5 : 60;

/** A test that needs minutes to pass, or that counts on time standing still. It is skipped on the real server. */
export const itWithSkippedTime: jest.It = TIME === 'skipped' ? it : it.skip;
