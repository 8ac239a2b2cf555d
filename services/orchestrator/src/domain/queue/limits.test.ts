import fc from 'fast-check';
import { noSlot, QueueBench } from '../../../test/support/queue-bench';

const ids = (picked: readonly { taskId: string }[]): string[] => picked.map(({ taskId }) => taskId);

test('a task that a limit holds is in nobody’s way, and says which limit it is', () => {
  const bench = new QueueBench({ default: { limits: { api: { concurrency: 1 } } } });
  bench.add('first', { limitKeys: ['api'] });
  bench.add('held', { limitKeys: ['api'] });
  bench.add('free');
  expect(bench.run(10)).toEqual(['first', 'free']);
  expect(bench.queue.waiting('held', bench.now)).toMatchObject({
    reason: 'limit',
    detail: 'limit "api" allows 1 at the same time, and 1 are placed or running',
  });
  bench.release('first');
  expect(bench.run(10)).toEqual(['held']);
});

test('each key under a common prefix has a count of its own', () => {
  const bench = new QueueBench({ default: { limits: { 'customer:*': { concurrency: 1 } } } });
  for (const task of ['a1', 'a2', 'b1', 'b2']) bench.add(task, { limitKeys: [`customer:${task[0]}`] });
  expect(bench.run(10)).toEqual(['a1', 'b1']);
});

test('the limit of a namespace holds all of it, and nothing of another', () => {
  const bench = new QueueBench({ small: { limit: { concurrency: 2 } } });
  for (const at of [1, 2, 3]) bench.add(`small${at}`, { namespace: 'small', fairnessKey: `k${at}` });
  bench.add('other', { namespace: 'other' });
  expect(bench.run(10).sort()).toEqual(['other', 'small1', 'small2']);
  expect(bench.queue.waiting('small3', bench.now)?.detail).toMatch(/^namespace "small" allows 2/);
  bench.release('small2');
  expect(bench.run(10)).toEqual(['small3']);
});

test('what a refused task has taken of a limit goes to those behind it', () => {
  const bench = new QueueBench({ default: { limits: { api: { concurrency: 1 } } } });
  bench.add('nowhere', { limitKeys: ['api'], classKey: 'd' });
  bench.add('somewhere', { limitKeys: ['api'] });
  expect(bench.run(10, ({ taskId }) => taskId !== 'nowhere')).toEqual([]);
  expect(bench.run(10)).toEqual(['somewhere']);
});

test('a rate lets through as many as it says in a window, and a refusal does not count', () => {
  const bench = new QueueBench({ default: { limits: { api: { rate: { tasks: 2, perMs: 1_000 } } } } });
  for (let at = 1; at <= 6; at += 1) bench.add(`t${at}`, { limitKeys: ['api'] });
  expect(bench.run(10, () => false)).toEqual([]);
  expect(bench.run(10)).toEqual(['t1']);
  expect(bench.run(10)).toEqual(['t2']);
  expect(bench.run(10)).toEqual([]);
  expect(bench.queue.limits.nextTokenAt).toBe(1_000);
  expect(bench.queue.waiting('t3', bench.now)?.detail).toBe(
    'limit "api" allows 2 starts in 1000 ms, which are used up: the next one at 2023-11-14T22:13:21.000Z',
  );
  bench.pass(999);
  expect(bench.run(10)).toEqual([]);
  bench.pass(1);
  expect([...bench.run(10), ...bench.run(10), ...bench.run(10)]).toEqual(['t3', 't4']);
  bench.pass(10_000);
  expect([...bench.run(10), ...bench.run(10), ...bench.run(10)]).toEqual(['t5', 't6']);
});

test('in no window there are more starts than the rate allows', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 10, max: 500 }),
      fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 60 }),
      (tasks, perMs, pauses) => {
        const bench = new QueueBench({ default: { limit: { rate: { tasks, perMs } } } });
        const starts: number[] = [];
        for (let at = 0; at < 400; at += 1) bench.add(`t${at}`);
        for (const pause of pauses) {
          bench.pass(pause);
          for (let got = bench.run(8); got.length > 0; got = bench.run(8))
            starts.push(...got.map(() => bench.now.monotonic));
        }
        for (const from of starts)
          expect(starts.filter((at) => at >= from && at < from + perMs).length).toBeLessThanOrEqual(tasks);
      },
    ),
    { numRuns: 60 },
  );
});

test('a limit that nobody names any more remembers the starts that still count', () => {
  const bench = new QueueBench({ default: { limits: { api: { rate: { tasks: 1, perMs: 1_000 } } } } });
  bench.add('t1', { limitKeys: ['api'] });
  expect(bench.run(1)).toEqual(['t1']);
  bench.release('t1');
  bench.add('t2', { limitKeys: ['api'] });
  expect(bench.run(1)).toEqual([]);
  bench.pass(1_000);
  expect(bench.run(1)).toEqual(['t2']);
});

test('settings that change count at once, for what waits and with what runs', () => {
  const bench = new QueueBench();
  for (const at of [1, 2, 3, 4]) bench.add(`t${at}`, { limitKeys: ['api'] });
  expect(bench.run(2)).toHaveLength(2);
  bench.set('default', { limits: { api: { concurrency: 2 } } });
  bench.queue.settingsChanged('default');
  expect(bench.run(10)).toEqual([]);
  bench.set('default', { limits: { api: { concurrency: 3 } } });
  bench.queue.settingsChanged('default');
  expect(bench.run(10)).toEqual(['t3']);
  bench.set('default', {});
  bench.queue.settingsChanged('default');
  expect(bench.run(10)).toEqual(['t4']);
});

test('before all is told that runs, what is under a limit waits and says so, and the rest goes', () => {
  const bench = new QueueBench({ default: { limits: { api: { concurrency: 9 } } } });
  const limits = bench.queue.limits as unknown as { complete: boolean };
  limits.complete = false;
  bench.add('limited', { limitKeys: ['api'] });
  bench.add('named', { limitKeys: ['other'] });
  expect(bench.run(10)).toEqual(['named']);
  expect(bench.queue.waiting('limited', bench.now)).toMatchObject({ reason: 'limit' });
  expect(bench.queue.waiting('limited', bench.now)?.detail).toMatch(/until every shard has told/);
  bench.queue.limits.setComplete();
  expect(bench.run(10)).toEqual(['limited']);
});

test('thousands that wait for one limit are not all woken for one that may go', () => {
  const bench = new QueueBench({ default: { limits: { api: { concurrency: 1 } } } });
  for (let at = 0; at < 5_000; at += 1) bench.add(`t${at}`, { limitKeys: ['api'], fairnessKey: `k${at}` });
  expect(bench.run(1)).toEqual(['t0']);
  expect(bench.run(1)).toEqual([]);
  const { table } = bench.queue as unknown as { table: { before: (a: number, b: number) => boolean } };
  const compare = table.before;
  let comparisons = 0;
  table.before = (a, b) => {
    comparisons += 1;
    return compare(a, b);
  };
  for (let at = 0; at < 20; at += 1) {
    bench.release(`t${at}`);
    expect(bench.run(1)).toEqual([`t${at + 1}`]);
  }
  expect(comparisons).toBeLessThan(20 * 200);
});

/** The same limits, counted the simplest way. */
class NaiveLimits {
  readonly running = new Map<string, string[]>();

  constructor(private readonly most: Record<string, number>) {}

  admits(keys: readonly string[]): boolean {
    return keys.every((key) => this.count(key) < (this.most[key] ?? Infinity));
  }

  count(key: string): number {
    return [...this.running.values()].filter((keys) => keys.includes(key)).length;
  }
}

test('over any sequence of starts, refusals, ends, cancellations and fetches the counts are those of a plain list', () => {
  const keysOf = fc.subarray(['a', 'b', 'c']);
  const step = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant('add' as const), keys: keysOf, class: fc.nat(2) }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('pass' as const),
        max: fc.integer({ min: 1, max: 5 }),
        placed: fc.nat(5),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant('end' as const), index: fc.nat(20), fetch: fc.boolean() }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel' as const), index: fc.nat(20) }) },
  );
  const most = { a: 1, b: 2, default: 4 };
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80, size: 'max' }), (steps) => {
      const bench = new QueueBench({
        default: { limit: { concurrency: 4 }, limits: { a: { concurrency: 1 }, b: { concurrency: 2 } } },
      });
      const naive = new NaiveLimits(most);
      const waiting = new Map<string, string[]>();
      let count = 0;
      const started = (id: string): void => {
        const keys = waiting.get(id) ?? [];
        expect(naive.admits(keys)).toBe(true); // never exceeded
        naive.running.set(id, keys);
        waiting.delete(id);
      };
      for (const each of steps) {
        if (each.kind === 'add') {
          count += 1;
          waiting.set(`t${count}`, ['default', ...each.keys]);
          bench.add(`t${count}`, { limitKeys: each.keys, classKey: `c${each.class}` });
        } else if (each.kind === 'pass') {
          bench.freed('s', 2);
          let left = each.placed;
          const picked = bench.take(each.max);
          for (const placed of bench.settle(picked, () => (left-- > 0 ? undefined : noSlot('s'))))
            started(placed.taskId);
        } else if (each.kind === 'cancel') {
          const id = [...waiting.keys()][each.index % Math.max(1, waiting.size)] ?? '';
          bench.queue.remove(id, bench.now);
          waiting.delete(id);
        } else {
          const id = [...naive.running.keys()][each.index % Math.max(1, naive.running.size)] ?? '';
          if (each.fetch) bench.fetch('s', 'c0').forEach(started);
          naive.running.delete(id);
          bench.release(id);
        }
      }
      // Nothing is left counted, and nothing is held for ever: all of it goes, a few at a time.
      for (let round = 0; round < 300 && waiting.size > 0; round += 1) {
        for (const id of [...naive.running.keys()]) {
          naive.running.delete(id);
          bench.release(id);
        }
        bench.freed('s', 4);
        ids(bench.settle(bench.take(8), () => undefined)).forEach(started);
      }
      expect([...waiting.keys()]).toEqual([]);
    }),
    { numRuns: 300 },
  );
});
