import fc from 'fast-check';
import { noSlot, QueueBench } from '../../../test/support/queue-bench';

const weight = fc.constantFrom(0.25, 0.5, 1, 2, 3, 7);

/** Everybody always has tasks; what each was given, after `turns`. */
function serve(bench: QueueBench, who: string[], turns: number, next: () => string | undefined): number[] {
  const got = who.map(() => 0);
  for (let turn = 0; turn < turns; turn += 1) {
    const at = who.indexOf(next() ?? '');
    got[at] = (got[at] ?? 0) + 1;
  }
  return got;
}

/** Stride scheduling: the passes of two that always have something to do differ by the longer of their strides at most. */
function expectShares(got: readonly number[], weights: readonly number[]): void {
  got.forEach((mine, a) => {
    got.forEach((theirs, b) => {
      const [strideA, strideB] = [1 / (weights[a] ?? 1), 1 / (weights[b] ?? 1)];
      expect(Math.abs(mine * strideA - theirs * strideB)).toBeLessThanOrEqual(
        Math.max(strideA, strideB) + 1e-9,
      );
    });
  });
}

function refill(
  bench: QueueBench,
  count: number,
  given: (at: number) => Parameters<QueueBench['add']>[1],
): void {
  for (let at = 0; at < count; at += 1) bench.add(`${JSON.stringify(given(at))}${at}`, given(at));
}

test('namespaces share by their weights, to within one turn at any time', () => {
  fc.assert(
    fc.property(
      fc.array(weight, { minLength: 2, maxLength: 5 }),
      fc.integer({ min: 1, max: 60 }),
      (weights, turns) => {
        const names = weights.map((_, at) => `n${at}`);
        const bench = new QueueBench(
          Object.fromEntries(names.map((name, at) => [name, { weight: weights[at] }])),
        );
        for (const namespace of names) refill(bench, turns, () => ({ namespace }));
        const next = (): string | undefined => {
          const [picked] = bench.take(1);
          bench.settle(picked ? [picked] : [], () => undefined);
          return picked?.track.lane.owner.info.namespace;
        };
        expectShares(serve(bench, names, turns, next), weights);
      },
    ),
    { numRuns: 60 },
  );
});

test('who comes while a turn of somebody else is under way is not behind him when that comes to nothing', () => {
  const bench = new QueueBench({ gold: { weight: 3 }, silver: { weight: 1 } });
  refill(bench, 6, () => ({ namespace: 'silver' }));
  const underWay = bench.take(2);
  refill(bench, 12, () => ({ namespace: 'gold' }));
  bench.settle(underWay, () => noSlot('s'));
  bench.freed('s');
  const turns = { gold: 0, silver: 0 };
  for (let turn = 0; turn < 12; turn += 1) {
    const [picked] = bench.take(1);
    bench.settle(picked ? [picked] : [], () => undefined);
    turns[picked?.track.lane.owner.info.namespace as 'gold' | 'silver'] += 1;
    expectShares([turns.gold, turns.silver], [3, 1]);
  }
});

/** Slots come free one at a time, for all classes, and everything else is refused meanwhile. */
function oneSlotAtATime(bench: QueueBench): string | undefined {
  bench.freed('s');
  let fairnessKey: string | undefined;
  for (let picked = bench.take(8); picked.length > 0; picked = bench.take(8)) {
    bench.settle(picked, ({ track }) => {
      if (fairnessKey !== undefined) return noSlot('s');
      ({ fairnessKey } = track.lane);
      return undefined;
    });
  }
  return fairnessKey;
}

test.each([
  ['in passes of many tasks', 'pass'],
  ['while slots come free one at a time and most are refused', 'slot'],
  ['by finish and fetch', 'fetch'],
])('fairness keys share by their weights, over several classes, %s', (_name, how) => {
  fc.assert(
    fc.property(
      fc.array(weight, { minLength: 2, maxLength: 4 }),
      fc.integer({ min: 1, max: 40 }),
      (weights, turns) => {
        const keys = weights.map((_, at) => `k${at}`);
        const fairnessWeights = Object.fromEntries(keys.map((key, at) => [key, weights[at]]));
        const bench = new QueueBench({ default: { fairnessWeights } });
        for (const fairnessKey of keys)
          for (const classKey of ['c', 'd']) refill(bench, turns, () => ({ fairnessKey, classKey }));
        const byId = new Map<string, string>();
        for (const fairnessKey of keys)
          for (const classKey of ['c', 'd'])
            for (let at = 0; at < turns; at += 1)
              byId.set(`${JSON.stringify({ fairnessKey, classKey })}${at}`, fairnessKey);
        if (how !== 'pass') bench.run(8, () => false);
        if (how === 'fetch') bench.run(8, () => false);
        let line: string[] = [];
        const next = (): string | undefined => {
          if (how === 'slot') return oneSlotAtATime(bench);
          if (how === 'fetch') return byId.get(bench.fetch('s')[0] ?? '');
          if (line.length === 0) {
            const picked = bench.take(8);
            line = picked.map(({ track }) => track.lane.fairnessKey);
            bench.settle(picked, () => undefined);
          }
          return line.shift();
        };
        expectShares(serve(bench, keys, turns, next), weights);
      },
    ),
    { numRuns: 60 },
  );
});

test('a newcomer gets its share from now on, and nothing for the time before', () => {
  const bench = new QueueBench();
  refill(bench, 100, () => ({ fairnessKey: 'old' }));
  for (let turn = 0; turn < 50; turn += 1) bench.run(1);
  refill(bench, 100, () => ({ fairnessKey: 'new' }));
  const got = serve(bench, ['old', 'new'], 20, () => {
    const [picked] = bench.take(1);
    bench.settle(picked ? [picked] : [], () => undefined);
    return picked?.track.lane.fairnessKey;
  });
  expect(got).toEqual([10, 10]);
});

test('coming with one task at a time, again and again, brings no more than the share', () => {
  const bench = new QueueBench();
  refill(bench, 200, () => ({ fairnessKey: 'steady' }));
  let arrivals = 0;
  const got = serve(bench, ['steady', 'fleeting'], 60, () => {
    if (!bench.queue.has(`f${arrivals}`)) {
      arrivals += 1;
      bench.add(`f${arrivals}`, { fairnessKey: 'fleeting' });
    }
    const [picked] = bench.take(1);
    bench.settle(picked ? [picked] : [], () => undefined);
    return picked?.track.lane.fairnessKey;
  });
  expectShares(got, [1, 1]);
});

test('a weight that is changed counts from the next turn on', () => {
  const bench = new QueueBench();
  refill(bench, 100, () => ({ fairnessKey: 'a' }));
  refill(bench, 100, () => ({ fairnessKey: 'b' }));
  bench.run(2);
  bench.set('default', { fairnessWeights: { b: 3 } });
  bench.queue.settingsChanged('default');
  const picked: string[] = [];
  for (let turn = 0; turn < 24; turn += 1)
    bench.settle(bench.take(1), ({ track }) => void picked.push(track.lane.fairnessKey));
  const ofB = picked.filter((key) => key === 'b').length;
  expect(ofB).toBeGreaterThanOrEqual(17);
  expect(ofB).toBeLessThanOrEqual(19);
});
