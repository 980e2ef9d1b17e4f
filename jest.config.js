/** ESM-only packages that Jest must transform to CommonJS. */
const esmOnly = ['jose', 'leven', 'p-limit', 'yocto-queue', 'uuid', 'get-port', 'qr'];

/** @type {import('jest').Config} */
const project = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  transform: {
    '^.+\\.(t|j)s$': ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'typescript' } } }],
  },
  transformIgnorePatterns: [`/node_modules/(?!(${esmOnly.join('|')})/)`],
  globalSetup: '<rootDir>/test/support/globalSetup.ts',
  globalTeardown: '<rootDir>/test/support/globalTeardown.ts',
  setupFilesAfterEnv: ['<rootDir>/test/support/memory.ts'],
};

/** @type {import('jest').Config} */
module.exports = {
  projects: [
    { ...project, displayName: 'all' },
    {
      ...project,
      displayName: 'real server',
      // The suites of workflows once more, on the real Temporal server: see docs/testing.md.
      testMatch: ['**/test/workflows/**/*.test.ts'],
      testPathIgnorePatterns: [
        '/node_modules/',
        // Measurements, and suites that are about days.
        'showCancellationScale',
        // On the real server anyway.
        'operatorView',
        'sweep',
      ],
      setupFiles: ['<rootDir>/test/support/realTime.ts'],
    },
  ],
  // Suites share one Temporal server and two cores.
  maxWorkers: 2,
  // Each suite leaves some 30 MB of modules behind. Past this much heap a worker ends after its suite, and a new one
  // goes on: so they stay below 1 GB resident, which test/support/memory.ts checks.
  workerIdleMemoryLimit: '256MB',
  testTimeout: 30_000,
  reporters: ['default', '<rootDir>/scripts/countReporter.cjs'],
};
