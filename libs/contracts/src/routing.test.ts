import { parse } from './findings';
import { NamespaceSettings } from './namespace';
import { LIMITS } from './limits';
import { mayWait, POLICIES, Preference, Routing } from './routing';
import { SwarmProfile } from './swarm';
import { parseSubmission } from './plain-submission';

function faults(schema: Parameters<typeof parse>[0], given: unknown): string[] {
  const read = parse(schema, given);
  return read.ok ? [] : read.findings.map(({ pointer, message }) => `${pointer}: ${message}`);
}

test.each([...POLICIES, 'custom:cheapest-gpu'])('%s is a policy', (policy) => {
  expect(faults(Routing, { policy })).toEqual([]);
  expect(faults(NamespaceSettings, { routing: { policy, policies: { render: policy } } })).toEqual([]);
});

test.each(['fastest', 'custom:', 'custom:no good', 'HYBRID', ''])(
  'a policy "%s" is refused with those that there are',
  (policy) => {
    const list = /no such policy; there are hybrid, round-robin, .*custom:<name>/;
    expect(faults(Routing, { policy })).toEqual([expect.stringMatching(list)]);
    expect(faults(NamespaceSettings, { routing: { policies: { render: policy } } })).toEqual([
      expect.stringMatching(/^\/routing\/policies\/render: no such policy/),
    ]);
  },
);

test.each<[string, unknown, RegExp]>([
  ['a preference of nothing', { prefer: [{ weight: 5 }] }, /prefer\/0: say what is preferred/],
  ['no preference', { prefer: [] }, /prefer/],
  ['a weight of none', { prefer: [{ weight: 0, region: ['eu'] }] }, /weight: must be at least 1/],
  ['a weight beyond its limit', { prefer: [{ weight: 101, region: ['eu'] }] }, /at most 100/],
  ['a part of a weight', { prefer: [{ weight: 1.5, region: ['eu'] }] }, /whole number/],
  [
    'the same preference twice',
    { prefer: [{ weight: 5, region: ['eu'] }, { region: ['eu'] }] },
    /two preferences ask for the same/,
  ],
  ['a preference that nobody can meet', { prefer: [{ attributes: { a: { '>': 2, '<': 1 } } }] }, /no value/],
  ['a wait for nowhere', { localityWaitMs: 5 }, /localityWaitMs: waits for a slot near a region/],
  ['a negative wait', { near: 'eu', localityWaitMs: -1 }, /localityWaitMs/],
  ['a pattern as region that is near', { near: 'eu-*' }, /near/],
  ['no skew', { spread: { maxSkew: 0 } }, /maxSkew: must be at least 1/],
  ['a spread over swarms', { spread: { over: 'swarm' } }, /over/],
  ['an unknown place', { apart: { from: 'planet' } }, /from/],
  ['an unknown wish', { nearest: 'eu' }, /nearest/],
])('%s is refused', (_, routing, message) => {
  const [first, ...others] = faults(Routing, routing);
  expect(first).toMatch(message);
  expect(others).toEqual([]);
});

test('what is left out is the least that can be meant', () => {
  expect(Preference.parse({ region: ['eu-*'] }).weight).toBe(1);
  expect(Routing.parse({ apart: {}, spread: {} })).toEqual({
    apart: { from: 'swarm', must: false },
    spread: { over: 'region', maxSkew: 1, must: false },
  });
});

test('a task waits for more than a slot only where it says so', () => {
  const soft = Routing.parse({ near: 'eu', localityWaitMs: 0, apart: {}, spread: {}, policy: 'cost' });
  expect(mayWait(soft)).toBe(false);
  expect(mayWait(Routing.parse({ near: 'eu', localityWaitMs: 1 }))).toBe(true);
  expect(mayWait(Routing.parse({ apart: { must: true } }))).toBe(true);
  expect(mayWait(Routing.parse({ spread: { must: true } }))).toBe(true);
});

test('a submission says its wishes beside what it requires', () => {
  const routing = { near: 'eu-west', affinity: 'customer:acme' };
  const requirements = { vram_gb: { '>=': 24 }, tier: 'gold', maxCostPerSlotHour: 2 };
  expect(parseSubmission({ type: 'a', requirements, routing })).toMatchObject({
    requirements: { attributes: { vram_gb: { '>=': 24 }, tier: 'gold' }, maxCostPerSlotHour: 2 },
    routing,
  });
});

describe('a swarm', () => {
  const swarm = {
    ...{ swarmId: 's', region: 'eu', slots: 2, types: ['*'], capabilities: [], labels: {}, attributes: {} },
    ...{ resources: {}, costPerHour: 1 },
  };
  const many = (count: number): Record<string, string> =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [`key${at}`, 'x'.repeat(100)]));

  test('may say its weight, the types of its GPUs, and counters', () => {
    const resources = { gpu: { a100: 4, l4: 2 }, custom: { licences: 3 } };
    expect(
      faults(SwarmProfile, { ...swarm, weight: 0.5, resources, labels: many(LIMITS.LIST_ITEMS) }),
    ).toEqual([]);
  });

  test.each<[string, object, RegExp]>([
    ['a negative price', { costPerHour: -1 }, /^\/costPerHour: must be at least 0, not -1$/],
    ['a price that is no number', { costPerHour: NaN }, /^\/costPerHour: expected a number$/],
    ['an infinite price', { costPerHour: Infinity }, /^\/costPerHour: expected a number/],
    ['no slots', { slots: 0 }, /^\/slots: must be at least 1, not 0$/],
    ['half a slot', { slots: 1.5 }, /^\/slots: expected a whole number/],
    ['no weight', { weight: 0 }, /^\/weight: must be more than 0, not 0$/],
    ['a weight that is no number', { weight: NaN }, /^\/weight/],
    ['a weight beyond its limit', { weight: 1_001 }, /^\/weight: must be at most 1000/],
    ['an attribute that is no number', { attributes: { a: NaN } }, /^\/attributes\/a/],
    ['negative GPUs', { resources: { gpu: { a100: -1 } } }, /^\/resources\/gpu/],
    ['ten megabytes of labels', { labels: many(100_000) }, /^\/labels: at most 64 entries$/],
    [
      'a label of ten megabytes',
      { labels: { a: 'x'.repeat(10_000_000) } },
      /^\/labels\/a: .* at most 128 characters/,
    ],
    ['too many attributes', { attributes: many(65) }, /^\/attributes: at most 64 entries$/],
  ])('with %s is refused, with one clear finding', (_, change, message) => {
    const found = faults(SwarmProfile, { ...swarm, ...change });
    expect(found).toEqual([expect.stringMatching(message)]);
    expect(JSON.stringify(found).length).toBeLessThan(300);
  });
});
