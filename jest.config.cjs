/**
 * One configuration, four projects: `jest --selectProjects unit`, `integration`, `e2e`, `simulation`.
 * Packages of the workspace resolve to their sources, so tests never run against a stale build.
 */

// Published as ES modules only; jest runs CommonJS, so these are transformed like our own code.
const ESM_ONLY_DEPENDENCIES = ['@marcbachmann/cel-js'];

const insideNodeModules =
  ESM_ONLY_DEPENDENCIES.length === 0 ? '' : `(?!(?:.*/)?(?:${ESM_ONLY_DEPENDENCIES.join('|')})/)`;

const shared = {
  rootDir: __dirname,
  testEnvironment: '<rootDir>/scripts/jest/leak-checking-environment.cjs',
  transform: {
    '^.+\\.[cm]?[jt]s$': [
      '@swc/jest',
      {
        swcrc: false,
        jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
        module: { type: 'commonjs' },
        // Beside the code and not in it: whatever a test loads is compiled anew for it.
        sourceMaps: true,
      },
    ],
  },
  transformIgnorePatterns: [`/node_modules/${insideNodeModules}`],
  testPathIgnorePatterns: ['/node_modules/', '/dist/', '<rootDir>/examples/delivery/project/'],
  modulePathIgnorePatterns: ['/dist/', '<rootDir>/\\.multiswarm/', '<rootDir>/examples/delivery/project/'],
};

const project = (displayName, testMatch, testTimeoutMs) => ({
  ...shared,
  displayName,
  testMatch,
  testEnvironmentOptions: {
    customExportConditions: ['multiswarm-source', 'node', 'node-addons'],
    testTimeoutMs,
  },
});

module.exports = {
  projects: [
    project(
      'unit',
      ['<rootDir>/*/*/src/**/*.test.ts', '<rootDir>/{sim,chaos,fuzz}/src/**/*.test.ts'],
      30_000,
    ),
    project(
      'integration',
      ['<rootDir>/{libs,services,apps}/*/test/**/*.test.ts', '<rootDir>/deploy/test/**/*.test.ts'],
      60_000,
    ),
    project('e2e', ['<rootDir>/{e2e,examples,bench,chaos/test,fuzz/test}/**/*.test.ts'], 120_000),
    project('simulation', ['<rootDir>/sim/test/**/*.test.ts'], 120_000),
  ],
  testSequencer: '<rootDir>/scripts/jest/longest-first.cjs',
  maxWorkers: 2,
  silent: false,
  verbose: false,
};
