import { seededRandom } from '@multiswarm/core';
import { at, fleetOf, item, place } from '../../../test/support/builders';
import { Placer } from '../engine/placer';
import { isPlaced } from '../engine/decision';
import type { Fleet } from '../fleet';
import { Aids, policyByName } from './index';
import type { Knowledge } from './knowledge';

/** The swarms that items go to, one after the other. */
function chosen(fleet: Fleet, policy: string, count: number, given = {}): (string | undefined)[] {
  const items = Array.from({ length: count }, (_, key) => item(`t${key}`, given));
  return place(fleet, items, at(900), policyByName(policy)).map(({ placement }) => placement?.swarmId);
}

function counts(names: readonly (string | undefined)[]): Record<string, number> {
  const found: Record<string, number> = {};
  for (const name of names) if (name !== undefined) found[name] = (found[name] ?? 0) + 1;
  return found;
}

/** The swarm has done some work, each piece in this time. */
function worked(
  fleet: Fleet,
  swarmId: string,
  durationMs: number,
  outcome: 'succeeded' | 'failed' = 'succeeded',
): void {
  for (let attempt = 1; attempt <= 40; attempt += 1)
    fleet.report(
      { reservationId: '', swarmId, taskId: `${swarmId}-done`, attempt, outcome, durationMs, type: 'build' },
      at(500),
    );
}

const held = (count: number) =>
  Array.from({ length: count }, (_, key) => ({ taskId: `held-${key}`, attempt: 1 }));

function placedBy(
  fleet: Fleet,
  policy: string,
  learner: Knowledge,
  count: number,
  given = {},
): Record<string, number> {
  const placer = new Placer(fleet, new Aids(seededRandom(3), learner));
  const names = Array.from({ length: count }, (_, key) => {
    const [outcome] = placer.place([item(`t${key}`, given)], at(900), () => policyByName(policy));
    return outcome !== undefined && isPlaced(outcome) ? outcome.ranked[0]?.swarmId : undefined;
  });
  return counts(names);
}

/** What a test says is known of two classes. */
function knowing(
  classes: Record<string, { meanMs: number; p90Ms: number; cost: number }>,
  isOn = true,
): Knowledge {
  return {
    isOn: () => isOn,
    estimate: (_type, name) => classes[name] && { ...classes[name], successRate: 1 },
    drawCosts: (_type, names, _prices, count, _random, into) => {
      for (let at = 0; at < count; at += 1) into[at] = classes[names[at] ?? '']?.cost ?? Infinity;
    },
  };
}

test('weighted gives turns in proportion to weights, spread evenly', () => {
  const fleet = fleetOf({ swarmId: 'a', slots: 50, weight: 3 }, { swarmId: 'b', slots: 50, weight: 1 });
  const names = chosen(fleet, 'weighted', 40);
  expect(counts(names)).toEqual({ a: 30, b: 10 });
  for (let from = 4; from < 40; from += 4)
    expect(counts(names.slice(from, from + 4))).toEqual({ a: 3, b: 1 });
});

test('who joins late makes up for no missed turns', () => {
  const fleet = fleetOf({ swarmId: 'a', slots: 100 });
  chosen(fleet, 'weighted', 20);
  const late = fleetOf({ swarmId: 'a', slots: 100 }, { swarmId: 'b', slots: 100 });
  late.columns.due.set([20, 0]);
  late.columns.virtualTime = 20;
  expect(counts(chosen(late, 'weighted', 21))['b']).toBeLessThanOrEqual(11);
});

test('least-connections counts attempts by weight, not by slots', () => {
  const fleet = fleetOf(
    { swarmId: 'large', slots: 20, held: held(3) },
    { swarmId: 'small', slots: 3, held: [{ taskId: 'other', attempt: 1 }] },
    {
      swarmId: 'heavy',
      slots: 20,
      weight: 10,
      held: held(9).map(({ taskId }) => ({ taskId: `${taskId}-h`, attempt: 1 })),
    },
  );
  expect(chosen(fleet, 'least-connections', 4)).toEqual(['heavy', 'heavy', 'heavy', 'heavy']);
  expect(
    chosen(
      fleetOf({ swarmId: 'large', slots: 20, held: held(3) }, { swarmId: 'small', slots: 4 }),
      'least-connections',
      3,
    ),
  ).toEqual(['small', 'small', 'small']);
});

function withLatencies(latencies: Record<string, number>, ...swarms: Parameters<typeof fleetOf>): Fleet {
  const fleet = fleetOf(...swarms);
  for (const [swarmId, ms] of Object.entries(latencies))
    fleet.columns.latencyMs[fleet.get(swarmId)?.index ?? -1] = ms;
  return fleet;
}

test('least-latency and prequal avoid the slower one', () => {
  for (const policy of ['least-latency', 'prequal']) {
    const swarms = [
      { swarmId: 'fast', slots: 50 },
      { swarmId: 'slow', slots: 50 },
    ];
    const fleet = withLatencies({ fast: 100, slow: 5_000 }, ...swarms);
    expect(chosen(fleet, policy, 5)).toEqual(Array(5).fill('fast'));
  }
});

test('prequal goes by latency alone, least-latency also by how many run', () => {
  const fleet = (): Fleet =>
    withLatencies(
      { busy: 1_000, idle: 2_000 },
      { swarmId: 'busy', slots: 50, held: held(30) },
      { swarmId: 'idle', slots: 50 },
    );
  expect(chosen(fleet(), 'prequal', 3)).toEqual(['busy', 'busy', 'busy']);
  expect(chosen(fleet(), 'least-latency', 3)).toEqual(['idle', 'idle', 'idle']);
});

test('least-latency gives a busy one that has not answered yet no more than it must', () => {
  const fleet = withLatencies(
    { known: 60_000 },
    { swarmId: 'known', slots: 50, held: held(5) },
    { swarmId: 'silent', slots: 50, held: [{ taskId: 'other', attempt: 1 }] },
  );
  expect(chosen(fleet, 'least-latency', 3)).toEqual(['known', 'known', 'known']);
});

test('power-of-two takes the less busy of what it draws, and everybody has a turn', () => {
  const two = fleetOf({ swarmId: 'a', slots: 10, held: held(5) }, { swarmId: 'b', slots: 10 });
  expect(chosen(two, 'power-of-two', 5)).toEqual(['b', 'b', 'b', 'b', 'b']);
  const many = fleetOf(...Array.from({ length: 50 }, (_, key) => ({ swarmId: `s${key}`, slots: 4 })));
  const found = counts(chosen(many, 'power-of-two', 100));
  expect(Object.keys(found).length).toBeGreaterThan(40);
  expect(Math.max(...Object.values(found))).toBeLessThanOrEqual(4);
});

test('consistent-hash leads a key to the same swarm, whoever joined first, and elsewhere only while that is full', () => {
  const names = Array.from({ length: 30 }, (_, key) => `s${key}`);
  const fleet = (order: readonly string[]): Fleet =>
    fleetOf(...order.map((swarmId) => ({ swarmId, slots: 4 })));
  const one = fleet(names);
  const other = fleet([...names].reverse());
  const attempts = (of: Fleet, key: string, count: number): (string | undefined)[] => {
    const items = Array.from({ length: count }, (_, attempt) => item(key, { attempt: attempt + 1 }));
    return place(of, items, at(900), policyByName('consistent-hash')).map(
      ({ placement }) => placement?.swarmId,
    );
  };
  for (const key of ['red', 'green', 'blue']) {
    const [first, ...more] = attempts(one, key, 4);
    expect(attempts(other, key, 1)).toEqual([first]);
    // While it is half busy at most it is calm; then it is far busier than the mean.
    expect(more).toEqual([first, first, expect.not.stringMatching(new RegExp(`^${first}$`))]);
  }
});

test('consistent-hash moves few keys when a swarm leaves', () => {
  const names = Array.from({ length: 40 }, (_, key) => `s${key}`);
  const keys = Array.from({ length: 200 }, (_, key) => `key-${key}`);
  const where = (of: readonly string[]): (string | undefined)[] =>
    keys.map((affinity) => {
      const fleet = fleetOf(...of.map((swarmId) => ({ swarmId, slots: 4 })));
      return chosen(fleet, 'consistent-hash', 1, { routing: { affinity } })[0];
    });
  const before = where(names);
  const after = where(names.slice(1));
  const moved = before.filter((name, at) => name !== after[at]);
  expect(new Set(moved)).toEqual(new Set(['s0']));
});

test('cost takes the cheapest slot, and of known classes the cheapest attempt', () => {
  const fleet = (): Fleet =>
    fleetOf(
      { swarmId: 'dear', slots: 4, costPerHour: 16, labels: { class: 'gpu' } },
      { swarmId: 'cheap', slots: 4, costPerHour: 4, labels: { class: 'edge' } },
    );
  expect(chosen(fleet(), 'cost', 2)).toEqual(['cheap', 'cheap']);
  const tenTimes = knowing({
    gpu: { meanMs: 1_000, p90Ms: 2_000, cost: 1 },
    edge: { meanMs: 10_000, p90Ms: 20_000, cost: 2 },
  });
  expect(placedBy(fleet(), 'cost', tenTimes, 2)).toEqual({ dear: 2 });
});

test('cost leaves out classes that are not expected to meet the deadline, unless none is', () => {
  const fleet = (): Fleet =>
    fleetOf(
      { swarmId: 'dear', slots: 4, costPerHour: 16, labels: { class: 'gpu' } },
      { swarmId: 'cheap', slots: 4, costPerHour: 4, labels: { class: 'edge' } },
    );
  const known = knowing({
    gpu: { meanMs: 1_000, p90Ms: 2_000, cost: 1 },
    edge: { meanMs: 2_000, p90Ms: 4_000, cost: 1 },
  });
  expect(placedBy(fleet(), 'cost', known, 2, { dueInMs: 10_000 })).toEqual({ cheap: 2 });
  expect(placedBy(fleet(), 'cost', known, 2, { dueInMs: 3_000 })).toEqual({ dear: 2 });
  expect(placedBy(fleet(), 'cost', known, 2, { dueInMs: -1 })).toEqual({ cheap: 2 });
});

test('predictive takes the earliest expected end: what is known of the class, and how fast the swarm is', () => {
  const known = knowing({
    gpu: { meanMs: 1_000, p90Ms: 2_000, cost: 9 },
    cpu: { meanMs: 3_000, p90Ms: 5_000, cost: 1 },
  });
  const fleet = fleetOf(
    { swarmId: 'gpu', slots: 4, labels: { class: 'gpu' } },
    { swarmId: 'cpu', slots: 4, labels: { class: 'cpu' } },
  );
  expect(placedBy(fleet, 'predictive', known, 2)).toEqual({ gpu: 2 });
  const slowed = fleetOf({ swarmId: 'a', slots: 9 }, { swarmId: 'b', slots: 9 });
  worked(slowed, 'a', 1_000);
  worked(slowed, 'b', 9_000);
  expect(chosen(slowed, 'predictive', 3)).toEqual(['a', 'a', 'a']);
});

test.each(['learned', 'hybrid'])(
  '%s takes the class that a draw prefers, and the least busy of equals',
  (policy) => {
    const fleet = (): Fleet =>
      fleetOf(
        { swarmId: 'a1', slots: 4, labels: { class: 'a' } },
        { swarmId: 'a2', slots: 4, labels: { class: 'a' } },
        { swarmId: 'b', slots: 4, labels: { class: 'b' } },
      );
    const one = { meanMs: 1, p90Ms: 1 };
    expect(placedBy(fleet(), policy, knowing({ a: { ...one, cost: 1 }, b: { ...one, cost: 2 } }), 6)).toEqual(
      { a1: 3, a2: 3 },
    );
    expect(
      placedBy(fleet(), policy, knowing({ a: { ...one, cost: 1 }, b: { ...one, cost: 1.01 } }), 6),
    ).toEqual({ a1: 2, a2: 2, b: 2 });
    // What was learned is not used for a namespace that wants none of it.
    expect(
      placedBy(fleet(), policy, knowing({ a: { ...one, cost: 1 }, b: { ...one, cost: 9 } }, false), 6),
    ).toEqual({ a1: 2, a2: 2, b: 2 });
  },
);

test('who fails fast does not look fast', () => {
  const fleet = fleetOf({ swarmId: 'well', slots: 8 }, { swarmId: 'failing', slots: 8 });
  worked(fleet, 'well', 1_000);
  worked(fleet, 'failing', 1, 'failed');
  const names = counts(chosen(fleet, 'hybrid', 6));
  expect(names['well']).toBeGreaterThan(names['failing'] ?? 0);
});

test('hybrid counts a slow swarm as a busier one, until it was long not heard of', () => {
  const fleet = (): Fleet => {
    const both = fleetOf({ swarmId: 'fast', slots: 8 }, { swarmId: 'slow', slots: 8 });
    worked(both, 'fast', 1_000);
    worked(both, 'slow', 4_000);
    return both;
  };
  const early = counts(chosen(fleet(), 'hybrid', 6));
  expect(early['fast']).toBeGreaterThan(early['slow'] ?? 0);
  const items = Array.from({ length: 6 }, (_, key) => item(`t${key}`));
  const later = fleet();
  for (const swarmId of ['fast', 'slow'])
    later.columns.heardMs[later.get(swarmId)?.index ?? -1] = at(-600_000).monotonicMs;
  const names = place(later, items, at(900), policyByName('hybrid')).map(
    ({ placement }) => placement?.swarmId,
  );
  expect(counts(names)).toEqual({ fast: 3, slow: 3 });
});
