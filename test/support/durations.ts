/**
 * How time passes for suites of workflows: skipped, or in real time on a real server (`TEST_TIME=real`). The lengths that
 * such suites use stand here, so that the same tests run on both.
 */
export const TIME: 'skipped' | 'real' = process.env['TEST_TIME'] === 'real' ? 'real' : 'skipped';

/** Of a hold. */
export const HOLD_SECONDS = TIME === 'real' ? 5 : 300;

/** How long past the hold an unknown payment may keep the seats. */
export const SETTLE_SECONDS = TIME === 'real' ? 4 : 60;
