/** Packages that exist only as ESM. Jest must transform them to CommonJS. */
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
      // Runs the suites of workflows a second time, on the real Temporal server: see docs/testing.md.
      testMatch: ['**/test/workflows/**/*.test.ts'],
      testPathIgnorePatterns: [
        '/node_modules/',
        // Measurements, and suites that run over days.
        'showCancellationScale',
        // These suites always use the real server.
        'operatorView',
        'sweep',
      ],
      setupFiles: ['<rootDir>/test/support/realTime.ts'],
    },
  ],
  // The suites share one Temporal server and two cores.
  maxWorkers: 2,
  // Each suite leaves about 30 MB of modules in memory. A worker with more heap than this limit ends after its suite,
  // and a new worker continues. So workers stay below 1 GB resident; test/support/memory.ts checks that.
  workerIdleMemoryLimit: '160MB',
  testTimeout: 30_000,
  reporters: ['default', '<rootDir>/scripts/countReporter.cjs'],
};
