/** @type {import('jest').Config} */
const { projects: [project] = [] } = require('../../../jest.config.js');

/** @type {import('jest').Config} */
module.exports = {
  ...(typeof project === 'object' ? project : {}),
  displayName: 'chaos',
  rootDir: '../../..',
  testMatch: ['<rootDir>/test/chaos/random/run.ts'],
  // The run starts servers of its own, to kill them.
  globalSetup: undefined,
  globalTeardown: undefined,
  // The clients of a long run keep every response for the audit.
  setupFilesAfterEnv: [],
};
