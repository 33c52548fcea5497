'use strict';

/** Libraries know nothing of Temporal, so their tests need no server: they start at once. */
const LIBRARIES = [
  'backup-path',
  'carbonio',
  'carbonio-restore',
  'config',
  'contracts',
  'export',
  'ground',
  'ledger',
  'mail',
  'mailer',
  'offsite',
  'overrides',
  'report',
  'restore',
  'rsync',
  'server-config',
];

const shared = {
  testEnvironment: 'node',
  setupFilesAfterEnv: ['<rootDir>/test/retry.js'],
  transform: {
    '^.+\\.tsx?$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } },
    ],
  },
  // What was built is run by the tests as a program; it is not theirs to import.
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
};

/** @type {import('jest').Config} */
module.exports = {
  maxWorkers: 2,
  // Each file leaves something in the heap of the process that ran it; a large one makes every collection slow.
  workerIdleMemoryLimit: '1GB',
  reporters: ['default', '<rootDir>/test/count-reporter.js'],
  testTimeout: 300_000,
  projects: [
    {
      ...shared,
      displayName: 'library',
      testMatch: LIBRARIES.map((name) => `<rootDir>/test/${name}/**/*.test.ts`),
    },
    {
      ...shared,
      displayName: 'system',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: ['/node_modules/', ...LIBRARIES.map((name) => `<rootDir>/test/${name}/`)],
      globalSetup: '<rootDir>/test/global-setup.ts',
      globalTeardown: '<rootDir>/test/global-teardown.ts',
    },
  ],
};
