/** @type {import('jest').Config} */
module.exports = {
  ...require('../../jest.config.js'),
  rootDir: '../..',
  testMatch: ['<rootDir>/test/breakage/run.ts'],
  // Each run of Jest on the broken copy starts servers of its own.
  globalSetup: undefined,
  globalTeardown: undefined,
  testTimeout: 300_000,
};
