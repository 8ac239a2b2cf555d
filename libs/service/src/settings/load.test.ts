import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MultiswarmError } from '@multiswarm/contracts';
import { SETTING_NAMES, SETTINGS } from './catalogue';
import { loadSettings, type LoadOptions } from './load';
import type { Setting } from './setting';

let directory: string;
beforeAll(() => (directory = mkdtempSync(join(tmpdir(), 'settings-'))));
afterAll(() => rmSync(directory, { recursive: true }));

function file(content: string, name = 'config.yaml'): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

function messages(options: LoadOptions): string[] {
  try {
    loadSettings('orchestrator', options);
  } catch (error) {
    expect(error).toBeInstanceOf(MultiswarmError);
    expect((error as MultiswarmError).code).toBe('invalid-configuration');
    return (error as MultiswarmError).findings.map(({ message }) => message);
  }
  return [];
}

describe('settings', () => {
  test('have their defaults where nothing is given', () => {
    const { values, warnings } = loadSettings('orchestrator', { env: {} });
    expect(values).toMatchObject({
      MAX_REGIONS: 5,
      SHARDS: 16,
      ORCHESTRATOR_ROLES: ['global', 'regional'],
      ENV: 'development',
    });
    expect(warnings).toEqual([]);
  });

  test.each(SETTING_NAMES)('the default of %s is itself allowed', (name) => {
    const { type, default: value } = SETTINGS[name] as Setting<unknown>;
    expect(type.read(value)).toEqual(value);
    expect(type.read(Array.isArray(value) ? value.join(',') : String(value))).toEqual(value);
  });

  test('the environment wins over the file, and the file over the default', () => {
    const path = file('max_regions: 7\nshards: 32\n');
    const { values } = loadSettings('orchestrator', { env: { MULTISWARM_CONFIG: path, SHARDS: '64' } });
    expect(values).toMatchObject({ MAX_REGIONS: 7, SHARDS: 64, MAX_SWARMS_PER_REGION: 100 });
  });

  test.each([
    ['--config FILE', (path: string) => ['--config', path]],
    ['--config=FILE', (path: string) => [`--config=${path}`]],
  ])('%s wins over MULTISWARM_CONFIG', (_, argv) => {
    const path = file('{ "maxRegions": 9 }', 'config.json');
    const env = { MULTISWARM_CONFIG: '/does/not/exist' };
    expect(loadSettings('orchestrator', { env, argv: argv(path) }).values.MAX_REGIONS).toBe(9);
  });

  test('keywords are keys of the file', () => {
    const path = file(
      [
        'max_swarms_per_region: 20',
        'default_swarm_capacity: 100',
        'load_balancing_algorithm: least_loaded',
        'cross_swarm_communication_enabled: false',
        'success_rate_threshold: 0.9',
      ].join('\n'),
    );
    expect(loadSettings('load-balancer', { env: {}, file: path }).values).toMatchObject({
      MAX_SWARMS_PER_REGION: 20,
      LOAD_BALANCING_ALGORITHM: 'least-loaded',
      CROSS_SWARM_COMMUNICATION: false,
      SUCCESS_RATE_THRESHOLD: 0.9,
    });
  });

  test('all faults are listed at once, with their source, what was given and what is allowed', () => {
    const path = file('max_region: 3\nresource_utilization_threshold: 1.5\n');
    const found = messages({ env: { SHARDS: 'many', AUTO_SCALING: 'maybe' }, file: path });
    expect(found).toHaveLength(4);
    expect(found).toEqual(
      expect.arrayContaining([
        `${path}: there is no setting "max_region"; did you mean "max_regions"?`,
        'SHARDS (from environment): given "many"; allowed: a whole number from 1 to 1024',
        'AUTO_SCALING (from environment): given "maybe"; allowed: true or false',
        `RESOURCE_UTILIZATION_THRESHOLD (from ${path}): given 1.5; allowed: a number from 0 to 1`,
      ]),
    );
  });

  test.each([['0x10'], ['1e3'], ['3.5'], ['-1'], [' '], ['Infinity'], ['5 regions']])(
    '%j is no whole number',
    (text) => {
      expect(messages({ env: { MAX_REGIONS: text } })).toHaveLength(1);
    },
  );

  test('an empty variable counts as not set', () => {
    expect(loadSettings('orchestrator', { env: { SHARDS: '' } }).values.SHARDS).toBe(16);
  });

  test('passwords of URLs are not shown', () => {
    const [message] = messages({ env: { REDIS_URL: 'http://user:secret@host' } });
    expect(message).toContain('http://***@host');
    expect(message).not.toContain('secret');
  });

  test.each([
    ['a file that is not there', '/does/not/exist.yaml', /cannot be read \(ENOENT\)/],
    ['broken YAML', 'a: [1', /line 1/],
    ['a list', '- 1', /must be a mapping/],
    ['the same key twice', 'shards: 1\nshards: 2', /unique/],
    ['two spellings of one setting', 'shards: 1\nSHARDS: 2', /set the same thing \(SHARDS\)/],
  ])('%s is one clear fault', (_, content, expected) => {
    const path = content.startsWith('/') ? content : file(content);
    const found = messages({ env: {}, file: path });
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(expected);
  });

  test('settings that contradict each other are refused', () => {
    const [message] = messages({ env: { SHARD_LEASE_MS: '2000', SHARD_LEASE_RENEW_MS: '1500' } });
    expect(message).toContain('SHARD_LEASE_RENEW_MS=1500');
  });

  test('a policy of your own may be that of the deployment, if there is one of this name', () => {
    const env = { LOAD_BALANCING_ALGORITHM: 'custom:mine', CUSTOM_POLICIES: 'mine=a.mjs' };
    expect(loadSettings('load-balancer', { env }).values.LOAD_BALANCING_ALGORITHM).toBe('custom:mine');
    const [message] = messages({ env: { ...env, CUSTOM_POLICIES: 'mines=a.mjs' } });
    expect(message).toMatch(/CUSTOM_POLICIES does not name .*LOAD_BALANCING_ALGORITHM=custom:mine/);
    const [unknown] = messages({ env: { LOAD_BALANCING_ALGORITHM: 'custom:' } });
    expect(unknown).toMatch(/allowed: hybrid, .*, or custom:name of CUSTOM_POLICIES$/);
  });

  test('a setting whose feature comes later warns, in the service that it belongs to', () => {
    const env = { AUTO_SCALING: 'true', FAULT_TOLERANCE_LEVEL: 'high' };
    const balancer = loadSettings('load-balancer', { env });
    expect(balancer.warnings).toEqual([expect.stringMatching(/^AUTO_SCALING has no effect yet: /)]);
    expect(loadSettings('orchestrator', { env }).warnings).toEqual([
      expect.stringMatching(/^FAULT_TOLERANCE_LEVEL /),
    ]);
    expect(loadSettings('communicator', { env }).warnings).toEqual([]);
  });

  test('every setting without effect says when it will have one', () => {
    for (const name of SETTING_NAMES) {
      const { since, laterValues, laterNote } = SETTINGS[name] as Setting<unknown>;
      expect(laterNote === undefined).toBe(since === 'now' && laterValues === undefined);
    }
  });
});
