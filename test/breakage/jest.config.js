/** @type {import('jest').Config} */
const { projects: [project] = [], maxWorkers } = require('../../jest.config.js');

/** @type {import('jest').Config} */
module.exports = {
  ...(typeof project === 'object' ? project : {}),
  maxWorkers,
  rootDir: '../..',
  testMatch: ['<rootDir>/test/breakage/run.ts'],
  // Each run of Jest on the broken copy starts servers of its own.
  globalSetup: undefined,
  globalTeardown: undefined,
  testTimeout: 300_000,
};
