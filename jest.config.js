/** ESM-only packages that Jest must transform to CommonJS. */
const esmOnly = ['jose', 'p-limit', 'yocto-queue', 'uuid', 'get-port', 'qr'];

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  transform: {
    '^.+\\.(t|j)s$': ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'typescript' } } }],
  },
  transformIgnorePatterns: [`/node_modules/(?!(${esmOnly.join('|')})/)`],
  globalSetup: '<rootDir>/test/support/globalSetup.ts',
  globalTeardown: '<rootDir>/test/support/globalTeardown.ts',
  // Suites share one Temporal server and two cores.
  maxWorkers: 2,
  testTimeout: 30_000,
};
