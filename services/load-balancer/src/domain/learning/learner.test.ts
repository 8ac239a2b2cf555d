import fc from 'fast-check';
import { seededRandom } from '@multiswarm/core';
import { Learner, type Observation } from './learner';

const HOUR = 3_600_000;
const start = 1_700_000_000_000;

function learnerOf(pairs = 100): Learner {
  const isOff = (namespace: string): boolean => namespace === 'off';
  return new Learner({ halfLifeMs: HOUR, pairs, hourOfWaiting: 0.001, failedTry: 2, isOff });
}

function observation(given: Partial<Observation> = {}): Observation {
  return {
    ...{ namespace: 'default', type: 'build', swarmClass: 'cpu', outcome: 'succeeded' },
    ...{ durationMs: 1_000, costPerSlotHour: 2, ...given },
  };
}

function observe(learner: Learner, count: number, given: Partial<Observation> = {}, nowMs = start): void {
  for (let done = 0; done < count; done += 1) learner.observe(observation(given), nowMs);
}

test('what was observed is expected; of what was not, nothing is said', () => {
  const learner = learnerOf();
  observe(learner, 30);
  observe(learner, 10, { outcome: 'failed', durationMs: 100 });
  const estimate = learner.estimate('build', 'cpu');
  expect(estimate?.samples).toBe(40);
  expect(estimate?.successRate).toBeCloseTo(0.75, 1);
  for (const ms of [estimate?.meanMs, estimate?.p50Ms, estimate?.p90Ms, estimate?.p99Ms])
    expect((ms ?? 0) / 1_000).toBeCloseTo(1, 1);
  expect(learner.estimate('build', 'gpu')).toBeUndefined();
  expect(learner.estimate('test', 'cpu')).toBeUndefined();
});

test('a namespace that is turned off teaches nothing, and is not on', () => {
  const learner = learnerOf();
  observe(learner, 5, { namespace: 'off' });
  expect(learner.list()).toEqual([]);
  expect([learner.isOn('off'), learner.isOn('default')]).toEqual([false, true]);
});

test('the better class is drawn as the cheaper one, and one that nobody knows sometimes', () => {
  const learner = learnerOf();
  observe(learner, 50);
  observe(learner, 50, { swarmClass: 'gpu', durationMs: 100 });
  const random = seededRandom(1);
  let [better, unknown] = [0, 0];
  for (let round = 0; round < 1_000; round += 1) {
    const [cpu, gpu, other] = ['cpu', 'gpu', 'new'].map((name) => {
      return learner.draw('build', name, 2, random).costToSuccess;
    });
    if ((gpu ?? 0) < (cpu ?? 0)) better += 1;
    if ((other ?? 0) < (gpu ?? 0)) unknown += 1;
  }
  expect(better).toBeGreaterThan(990);
  expect(unknown).toBeGreaterThan(20);
  expect(unknown).toBeLessThan(400);
});

test('where slots cost nothing, the faster class is the better one', () => {
  const learner = learnerOf();
  observe(learner, 50, { costPerSlotHour: 0 });
  observe(learner, 50, { swarmClass: 'gpu', durationMs: 100, costPerSlotHour: 0 });
  const random = seededRandom(1);
  const [cpu, gpu] = ['cpu', 'gpu'].map((name) => learner.draw('build', name, 0, random).costToSuccess);
  expect(gpu).toBeLessThan(cpu ?? 0);
});

test('a class that becomes ten times as slow is believed to be within some tens of attempts', () => {
  const learner = learnerOf();
  observe(learner, 500);
  observe(learner, 500, { swarmClass: 'gpu' });
  observe(learner, 25, { durationMs: 10_000 });
  expect(learner.estimate('build', 'cpu')?.meanMs).toBeGreaterThan(5_000);
  // The others may have changed too: what they have shown counts less.
  expect(learner.estimate('build', 'gpu')?.samples).toBeLessThanOrEqual(12);
});

test('while it is frozen it is used and learns nothing', () => {
  const learner = learnerOf();
  observe(learner, 10);
  learner.pace({ frozen: true, pausedMs: 0 });
  observe(learner, 10, { durationMs: 9_000 }, start + HOUR);
  learner.advance(start + 2 * HOUR);
  expect(learner.estimate('build', 'cpu')?.samples).toBe(10);
  expect(learner.estimate('build', 'cpu')?.p99Ms).toBeLessThan(1_100);
  learner.pace({ frozen: false, pausedMs: 2 * HOUR });
  learner.advance(start + 2 * HOUR);
  expect(learner.estimate('build', 'cpu')?.samples).toBe(10);
  learner.advance(start + 3 * HOUR);
  expect(learner.list()[0]?.successes).toBe(5);
});

test('a type, a class, a pair or everything can be forgotten', () => {
  const names = (learner: Learner): string[] =>
    learner.list().map(({ type, swarmClass }) => type + swarmClass);
  const filled = (): Learner => {
    const learner = learnerOf();
    for (const type of ['a', 'b'])
      for (const swarmClass of ['x', 'y']) observe(learner, 1, { type, swarmClass });
    return learner;
  };
  const left = (scope: Parameters<Learner['forget']>[0]): string[] => {
    const learner = filled();
    learner.forget(scope);
    return names(learner);
  };
  expect(left({ type: 'a' })).toEqual(['bx', 'by']);
  expect(left({ swarmClass: 'x' })).toEqual(['ay', 'by']);
  expect(left({ type: 'a', swarmClass: 'x' })).toEqual(['ay', 'bx', 'by']);
  expect(left({})).toEqual([]);
});

test('of many pairs those that were heard of last stay, and the rest is named once', () => {
  const learner = learnerOf(16);
  for (let index = 0; index < 17; index += 1) observe(learner, 1, { type: `t${index}` }, start + index);
  expect(learner.list()).toHaveLength(14);
  expect(learner.takeGone().map(({ type }) => type)).toEqual(['t0', 't1', 't2']);
  expect(learner.takeGone()).toEqual([]);
});

test('another learner takes over what is more than it knows, in any order and as often as it comes', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 5 }), (counts) => {
      const states = counts.map((count) => {
        const other = learnerOf();
        observe(other, count, { durationMs: count });
        return other.changedAfter(0).pairs;
      });
      const learner = learnerOf();
      for (const pairs of [...states, ...states])
        for (const { state, ...name } of pairs) learner.adopt(name, state);
      expect(learner.list()[0]?.seen).toBe(Math.max(...counts));
      expect(learner.list()[0]?.durations?.p50Ms).toBeCloseTo(Math.max(...counts), -1);
      // What came from elsewhere is no change of our own.
      expect(learner.changedAfter(0).pairs).toEqual([]);
    }),
  );
});

test('only what has changed since is told', () => {
  const learner = learnerOf();
  observe(learner, 1, { type: 'a' });
  const { change, pairs } = learner.changedAfter(0);
  expect(pairs.map(({ type }) => type)).toEqual(['a']);
  observe(learner, 1, { type: 'b' });
  expect(learner.changedAfter(change).pairs.map(({ type }) => type)).toEqual(['b']);
});

test('what is listed says what it costs', () => {
  const learner = learnerOf();
  observe(learner, 20, { durationMs: HOUR });
  expect(learner.list()[0]).toMatchObject({
    ...{ type: 'build', swarmClass: 'cpu', seen: 20, successes: 20, failures: 0, lastMs: start },
    costPerSlotHour: expect.closeTo(2) as number,
    costPerAttempt: expect.closeTo(2) as number,
  });
  expect(learner.list({ type: 'other' })).toEqual([]);
});
