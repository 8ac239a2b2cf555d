import fc from 'fast-check';
import { Batcher } from './batcher';
import { backoffMs } from './backoff';
import { every } from './clock';
import { Fifo } from './fifo';
import { seededIds } from './ids';
import { ManualClock } from './manual-clock';
import { seededRandom } from './random';
import { randomHex } from './random-hex';

describe('backoff', () => {
  test('stays inside its jitter band around the capped exponential', () => {
    fc.assert(
      fc.property(
        fc.record({
          initialMs: fc.integer({ min: 1, max: 10_000 }),
          factor: fc.double({ min: 1, max: 10, noNaN: true }),
          maxMs: fc.integer({ min: 1, max: 100_000 }),
          jitter: fc.double({ min: 0, max: 1, noNaN: true }),
        }),
        fc.integer({ min: 1, max: 50 }),
        fc.integer(),
        (policy, failures, seed) => {
          const ideal = Math.min(policy.maxMs, policy.initialMs * policy.factor ** (failures - 1));
          const delay = backoffMs(policy, failures, seededRandom(seed));
          expect(delay).toBeGreaterThanOrEqual(Math.floor(ideal * (1 - policy.jitter)));
          expect(delay).toBeLessThanOrEqual(Math.ceil(ideal * (1 + policy.jitter)));
        },
      ),
    );
  });
});

describe('fifo', () => {
  test('behaves like an array used as a queue', () => {
    const command = fc.oneof(
      fc.record({ kind: fc.constant('push' as const), value: fc.integer() }),
      fc.record({ kind: fc.constant('shift' as const) }),
      fc.record({ kind: fc.constant('unshift' as const), values: fc.array(fc.integer(), { maxLength: 4 }) }),
    );
    fc.assert(
      fc.property(fc.array(command, { maxLength: 200 }), (commands) => {
        const queue = new Fifo<number>();
        const model: number[] = [];
        for (const step of commands) {
          if (step.kind === 'push') {
            queue.push(step.value);
            model.push(step.value);
          } else if (step.kind === 'unshift') {
            queue.unshift(step.values);
            model.unshift(...step.values);
          } else {
            expect(queue.shift()).toBe(model.shift());
          }
          expect(queue.size).toBe(model.length);
          expect(queue.peek()).toBe(model[0]);
        }
      }),
    );
  });
});

describe('ids', () => {
  test('sort by time and differ within one millisecond', () => {
    const clock = new ManualClock();
    const ids = seededIds(clock, seededRandom(1));
    const first = [ids.next(), ids.next()];
    clock.advance(1);
    const later = ids.next();
    expect(new Set([...first, later]).size).toBe(3);
    expect(first.every((id) => id < later && /^[0-9a-f]{26}$/.test(id))).toBe(true);
  });
});

describe('manual clock', () => {
  test('fires timers in order of their time, and repeats only after the previous run ended', async () => {
    const clock = new ManualClock();
    const seen: string[] = [];
    clock.after(20, () => seen.push('b'));
    clock.after(10, () => seen.push('a'));
    const stop = every(clock, 15, () => void seen.push('tick'));
    clock.advance(15);
    clock.advance(15);
    expect(seen).toEqual(['a', 'tick', 'b']);
    await Promise.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(15);
    expect(seen).toEqual(['a', 'tick', 'b', 'tick']);
    stop();
  });
});

describe('batcher', () => {
  test('sends a lone item at once and gathers what comes while a batch is under way', async () => {
    const sent: number[][] = [];
    const releases: (() => void)[] = [];
    const batcher = new Batcher<number>(
      (items) =>
        new Promise((resolve) => {
          sent.push(items);
          releases.push(resolve);
        }),
      3,
      () => undefined,
    );
    batcher.add(1);
    await Promise.resolve();
    [2, 3, 4, 5].forEach((item) => batcher.add(item));
    expect(sent).toEqual([[1]]);
    for (let batch = 0; batch < 3; batch += 1) {
      releases[batch]?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await batcher.settled();
    expect(sent).toEqual([[1], [2, 3, 4], [5]]);
  });

  test('reports a failed batch and goes on with the next', async () => {
    const failed: number[][] = [];
    const sent: number[][] = [];
    const batcher = new Batcher<number>(
      (items) => {
        sent.push(items);
        return items.includes(1) ? Promise.reject(new Error('no')) : Promise.resolve();
      },
      1,
      (_error, items) => failed.push(items),
    );
    batcher.add(1);
    batcher.add(2);
    await batcher.settled();
    expect(failed).toEqual([[1]]);
    expect(sent).toEqual([[1], [2]]);
  });
});

test('random digits are as many as were asked for, and never the same again', () => {
  const lengths = [1, 7, 8, 16, 4_096];
  for (const bytes of lengths) expect(randomHex(bytes)).toMatch(new RegExp(`^[0-9a-f]{${2 * bytes}}$`));
  const many = Array.from({ length: 5_000 }, () => randomHex(8));
  expect(new Set(many).size).toBe(many.length);
});
