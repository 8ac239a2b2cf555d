import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { cruise } from 'dependency-cruiser';

const { forbidden, options } = createRequire(import.meta.url)('../../.dependency-cruiser.cjs');

const LIBRARIES = [
  'contracts',
  'core',
  'bus',
  'messaging',
  'store',
  'telemetry',
  'sharding',
  'service',
  'sdk',
  'testing',
];

/** A small system that keeps every rule. */
const SOUND = {
  'libs/core/src/clock.ts': "import { limit } from '@multiswarm/contracts'; export const clock = limit;",
  'libs/contracts/src/schema.ts': "import { z } from 'zod'; export const schema = z;",
  'libs/bus/src/bus.ts': "import { index } from '@multiswarm/core'; export const bus = index;",
  'libs/sdk/src/sdk.ts': "import { index } from '@multiswarm/bus'; export const sdk = index;",
  'libs/bus/test/bus.test.ts': "import { index } from '@multiswarm/testing'; export const used = index;",
  'services/red/src/main.ts': "import { index } from '@multiswarm/service'; export const main = index;",
  'services/red/src/ports.ts': 'export interface Port { at: number }',
  'services/red/src/domain/rule.ts': "import { index } from '@multiswarm/core'; export const rule = index;",
  'services/red/src/domain/hash.ts':
    "import { createHash } from 'node:crypto'; export const hash = createHash;",
  'services/red/src/application/use.ts': "import { rule } from '../domain/rule'; export const use = rule;",
  'services/red/src/adapters/disk.ts':
    "import { readFileSync } from 'node:fs'; export const disk = readFileSync;",
  'services/blue/src/main.ts': 'export const main = 1;',
  'apps/tool/src/main.ts': "import { index } from '@multiswarm/sdk'; export const main = index;",
  'e2e/all.test.ts': "import { index } from '@multiswarm/testing'; export const used = index;",
};

/** One file per breach: the rule that must catch it, where it is, what it imports. */
const BREACHES = [
  ['libs-contracts-imports-only-what-is-below', 'libs/contracts/src/up.ts', '@multiswarm/core'],
  ['libs-core-imports-only-what-is-below', 'libs/core/src/up.ts', '@multiswarm/bus'],
  ['libs-workflow-imports-only-what-is-below', 'libs/workflow/src/aside.ts', '@multiswarm/bus'],
  ['libs-bus-imports-only-what-is-below', 'libs/bus/src/aside.ts', '@multiswarm/store'],
  ['libs-store-imports-only-what-is-below', 'libs/store/src/up.ts', '@multiswarm/service'],
  ['libs-telemetry-imports-only-what-is-below', 'libs/telemetry/src/aside.ts', '@multiswarm/bus'],
  ['libs-messaging-imports-only-what-is-below', 'libs/messaging/src/aside.ts', '@multiswarm/store'],
  ['libs-sharding-imports-only-what-is-below', 'libs/sharding/src/aside.ts', '@multiswarm/store'],
  ['libs-service-imports-only-what-is-below', 'libs/service/src/aside.ts', '@multiswarm/sdk'],
  ['libs-sdk-imports-only-what-is-below', 'libs/sdk/src/aside.ts', '@multiswarm/service'],
  ['libs-testing-imports-only-what-is-below', 'libs/testing/src/up.ts', '@multiswarm/bus'],
  ['contracts-need-only-zod', 'libs/contracts/src/fat.ts', 'express'],
  ['services-never-import-each-other', 'services/red/src/peer.ts', '../../blue/src/main'],
  ['services-import-only-libraries', 'services/red/src/above.ts', '../../../apps/tool/src/main'],
  ['apps-never-import-services', 'apps/tool/src/below.ts', '../../../services/red/src/main'],
  ['domain-is-pure', 'services/red/src/domain/outward.ts', '../adapters/disk'],
  ['domain-is-pure', 'services/red/src/domain/heavy.ts', '@multiswarm/bus'],
  ['domain-has-no-dependencies', 'services/red/src/domain/disk.ts', 'node:fs'],
  ['domain-has-no-dependencies', 'services/red/src/domain/package.ts', 'express'],
  ['application-knows-no-adapter', 'services/red/src/application/outward.ts', '../adapters/disk'],
  ['testing-only-in-tests', 'services/red/src/adapters/fake.ts', '@multiswarm/testing'],
  [
    'libraries-only-through-their-index',
    'services/red/src/adapters/inner.ts',
    '../../../../libs/core/src/clock',
  ],
  ['no-cycles', 'services/red/src/adapters/left.ts', './right'],
  ['no-unresolvable', 'services/red/src/adapters/lost.ts', './nowhere'],
];

describe('the boundaries', () => {
  let dir;
  let violations;

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'boundaries-'));
    plant(dir);
    // Imports are resolved from the working directory, as on the command line.
    const home = process.cwd();
    process.chdir(dir);
    try {
      const { tsConfig, ...rest } = options;
      const { output } = await cruise(['libs', 'services', 'apps', 'e2e'], {
        ...rest,
        validate: true,
        ruleSet: { forbidden },
      });
      violations = output.summary.violations.map(({ rule, from }) => ({ rule: rule.name, from }));
    } finally {
      process.chdir(home);
    }
  });

  after(() => rmSync(dir, { recursive: true, force: true }));

  test('let a sound system pass', () => {
    assert.deepEqual(
      violations.filter(({ from }) => from in SOUND),
      [],
    );
  });

  for (const [rule, from, target] of BREACHES) {
    test(`${rule}: ${from} may not import ${target}`, () => {
      const found = violations
        .filter((violation) => violation.from === from)
        .map((violation) => violation.rule);
      assert.ok(found.includes(rule), `expected ${rule}, found ${found.join(', ') || 'no violation'}`);
    });
  }

  test('are each broken once here', () => {
    const broken = new Set(BREACHES.map(([rule]) => rule));
    assert.deepEqual(
      forbidden.map(({ name }) => name).filter((name) => !broken.has(name)),
      [],
    );
  });
});

function plant(dir) {
  const write = (path, text) => {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  };
  for (const name of LIBRARIES) {
    const exports = { '.': { 'multiswarm-source': './src/index.ts', default: './dist/index.js' } };
    write(`libs/${name}/package.json`, JSON.stringify({ name: `@multiswarm/${name}`, exports }));
    write(`libs/${name}/src/index.ts`, 'export const index = 1; export const limit = 1;');
    mkdirSync(join(dir, 'node_modules/@multiswarm'), { recursive: true });
    symlinkSync(join(dir, 'libs', name), join(dir, 'node_modules/@multiswarm', name));
  }
  for (const name of ['zod', 'express']) {
    write(`node_modules/${name}/package.json`, JSON.stringify({ name, main: 'index.js' }));
    write(`node_modules/${name}/index.js`, 'exports.z = 1;');
  }
  for (const [path, text] of Object.entries(SOUND)) write(path, text);
  for (const [, path, target] of BREACHES)
    write(path, `import * as breach from '${target}'; export { breach };`);
  write(
    'services/red/src/adapters/right.ts',
    "import { breach } from './left'; export const right = breach;",
  );
}
