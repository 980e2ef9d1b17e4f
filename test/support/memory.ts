const MOST_MB = 1_024;

/**
 * In each suite: checks that the process that runs it has never had more memory. This finds memory that grows from
 * suite to suite.
 */
afterAll(() => {
  const { maxRSS } = process.resourceUsage();
  if (maxRSS / 1_024 > MOST_MB) {
    throw new Error(
      `this test process had ${Math.round(maxRSS / 1_024)} MB resident; ${MOST_MB} MB are allowed`,
    );
  }
});
