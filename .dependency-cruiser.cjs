/**
 * Which way dependencies may point:
 *
 *   contracts <- core <- workflow, bus, store, telemetry <- sharding, service, sdk <- services <- apps, e2e, examples, bench, sim, chaos, fuzz
 *
 * scripts/test/boundaries.test.mjs breaks each rule on purpose and expects to be caught.
 */

const NOT_SHIPPED = '(^|/)(test|e2e|bench|sim|chaos|fuzz|deploy)/|\\.test\\.ts$';

/** `layer('core', ['contracts'])`: of our libraries, libs/core may import libs/contracts and itself, and nothing else of ours. */
const layer = (name, allowed) => ({
  name: `libs-${name}-imports-only-what-is-below`,
  comment: `libs/${name} may import ${allowed.length > 0 ? allowed.join(', ') : 'nothing'} of ours`,
  severity: 'error',
  from: { path: `^libs/${name}/`, pathNot: NOT_SHIPPED },
  to: {
    path: '^(libs|services|apps|examples|e2e|bench|sim|chaos|fuzz)/',
    pathNot: `^libs/(${[name, ...allowed].join('|')})/`,
  },
});

module.exports = {
  forbidden: [
    layer('contracts', []),
    layer('core', ['contracts']),
    layer('workflow', ['contracts', 'core']),
    layer('bus', ['contracts', 'core']),
    layer('messaging', ['contracts', 'core', 'bus']),
    layer('store', ['contracts', 'core']),
    layer('telemetry', ['contracts', 'core']),
    layer('sharding', ['contracts', 'core', 'bus', 'telemetry']),
    layer('service', ['contracts', 'core', 'bus', 'store', 'telemetry']),
    layer('sdk', ['contracts', 'core', 'workflow', 'bus', 'messaging', 'telemetry']),
    layer('testing', ['contracts', 'core']),
    {
      name: 'contracts-need-only-zod',
      comment: 'Whoever speaks to us can use the contracts without taking on anything but zod.',
      severity: 'error',
      from: { path: '^libs/contracts/src/', pathNot: '\\.test\\.ts$' },
      to: {
        dependencyTypes: ['npm', 'npm-dev', 'npm-peer', 'npm-optional', 'npm-no-pkg', 'npm-unknown'],
        pathNot: '(^|/)zod(/|$)',
      },
    },
    {
      name: 'services-never-import-each-other',
      comment: 'Services meet on the bus, in terms of libs/contracts.',
      severity: 'error',
      from: { path: '^services/([^/]+)/' },
      to: { path: '^services/', pathNot: '^services/$1/' },
    },
    {
      name: 'services-import-only-libraries',
      comment: 'Services are below the applications that start them.',
      severity: 'error',
      from: { path: '^services/' },
      to: { path: '^(apps|examples|e2e|bench|sim|chaos|fuzz)/' },
    },
    {
      name: 'apps-never-import-services',
      comment: 'An application speaks to the services over the network, or starts them as processes.',
      severity: 'error',
      from: { path: '^(apps|examples)/' },
      to: { path: '^services/' },
    },
    {
      name: 'domain-is-pure',
      comment:
        'domain/ knows its own folder, contracts, core and workflow, which are pure: no adapters, no other library of ours.',
      severity: 'error',
      from: { path: '^services/([^/]+)/src/domain/', pathNot: '\\.test\\.ts$' },
      to: { path: '^(libs|services)/', pathNot: '^services/$1/src/domain/|^libs/(contracts|core|workflow)/' },
    },
    {
      name: 'domain-has-no-dependencies',
      comment:
        'A rule of the domain that needs a package or the operating system belongs behind a port; hashing is arithmetic.',
      severity: 'error',
      from: { path: '^services/[^/]+/src/domain/', pathNot: '\\.test\\.ts$' },
      to: {
        dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-peer', 'npm-optional', 'npm-no-pkg', 'npm-unknown'],
        pathNot: '^(node:)?crypto$',
      },
    },
    {
      name: 'application-knows-no-adapter',
      comment: 'Use cases see the world through ports.ts.',
      severity: 'error',
      from: { path: '^services/([^/]+)/src/(application/|ports\\.ts$)', pathNot: '\\.test\\.ts$' },
      to: { path: '^services/$1/src/(adapters/|main\\.ts$)' },
    },
    {
      name: 'testing-only-in-tests',
      comment: 'libs/testing starts servers; nothing that ships may.',
      severity: 'error',
      from: { pathNot: `^libs/testing/|${NOT_SHIPPED}` },
      to: { path: '^libs/testing/' },
    },
    {
      name: 'libraries-only-through-their-index',
      comment: 'What a library does not export is its own business.',
      severity: 'error',
      from: { path: '^(libs/[^/]+|services/[^/]+|apps/[^/]+|examples|e2e|bench|sim|chaos|fuzz)/' },
      to: { path: '^libs/[^/]+/src/', pathNot: '^$1/|^libs/[^/]+/src/index\\.ts$' },
    },
    {
      name: 'no-cycles',
      comment: 'Two files that need each other are one thought in two places.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-unresolvable',
      comment: 'Every import leads somewhere.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: '(^|/)(node_modules|dist)/' },
    exclude: { path: '(^|/)dist/|^examples/delivery/project/' },
    // Types are dependencies too: a type of an adapter inside the domain is an adapter inside the domain.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['multiswarm-source', 'import', 'require', 'node', 'default', 'types'],
      extensions: ['.ts', '.mjs', '.cjs', '.js', '.json'],
      mainFields: ['main', 'types'],
    },
  },
};
