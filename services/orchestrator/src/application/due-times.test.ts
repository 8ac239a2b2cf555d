import { ManualClock, seededRandom } from '@multiswarm/core';
import fc from 'fast-check';
import { DueTimes } from './due-times';

function dueTimes(): { clock: ManualClock; due: DueTimes; fired: [string, number][] } {
  const clock = new ManualClock(0);
  const fired: [string, number][] = [];
  const due = new DueTimes(clock, (ids) =>
    fired.push(...ids.map((id): [string, number] => [id, clock.now()])),
  );
  return { clock, due, fired };
}

test('each task comes up when its time has come, in the order of the times', () => {
  const { clock, due, fired } = dueTimes();
  due.set('late', 500);
  due.set('soon', 100);
  clock.advance(1_000);
  expect(fired).toEqual([
    ['soon', 100],
    ['late', 500],
  ]);
});

test('only the last time that was set counts, and none when it was taken back', () => {
  const { clock, due, fired } = dueTimes();
  due.set('moved', 100);
  due.set('moved', 300);
  due.set('over', 100);
  due.set('over', undefined);
  due.set('sooner', 400);
  due.set('sooner', 200);
  clock.advance(1_000);
  expect(fired).toEqual([
    ['sooner', 200],
    ['moved', 300],
  ]);
});

test('what is due in years is not forgotten and does not fire early', () => {
  const { clock, due, fired } = dueTimes();
  const month = 31 * 24 * 3_600_000;
  due.set('a', month);
  clock.advance(month - 1);
  expect(fired).toEqual([]);
  clock.advance(1);
  expect(fired).toHaveLength(1);
});

test('after the stop nothing comes up', () => {
  const { clock, due, fired } = dueTimes();
  due.set('a', 100);
  due.stop();
  due.set('b', 50);
  clock.advance(1_000);
  expect(fired).toEqual([]);
});

test('whatever is set, moved and taken back, exactly the last times fire, each once and not before its time', () => {
  const command = fc.record({
    id: fc.constantFrom('a', 'b', 'c', 'd'),
    at: fc.option(fc.integer({ min: 0, max: 2_000 }), { nil: undefined }),
    pass: fc.integer({ min: 1, max: 300 }),
  });
  fc.assert(
    fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
      const { clock, due, fired } = dueTimes();
      const expected: [string, number][] = [];
      const pending = new Map<string, number>();
      const settle = (): void => {
        for (const [id, at] of [...pending])
          if (at <= clock.now()) {
            expected.push([id, at]);
            pending.delete(id);
          }
      };
      for (const { id, at, pass } of commands) {
        due.set(id, at);
        if (at === undefined) pending.delete(id);
        else pending.set(id, at);
        clock.advance(pass);
        settle();
      }
      clock.advance(5_000);
      settle();
      expect(fired.map(([id]) => id).sort()).toEqual(expected.map(([id]) => id).sort());
      for (const [index, [id, at]] of fired.entries()) {
        const own = expected.filter(([other]) => other === id)[
          fired.slice(0, index).filter(([other]) => other === id).length
        ];
        expect(at).toBeGreaterThanOrEqual(own?.[1] ?? Infinity);
      }
    }),
  );
});

test('times that are set anew again and again do not make memory grow', () => {
  const { clock, due, fired } = dueTimes();
  const random = seededRandom(1);
  for (let index = 0; index < 20_000; index += 1)
    due.set('a', 10_000 + Math.floor(random.next() * 1_000_000));
  expect((due as unknown as { heap: unknown[] }).heap.length).toBeLessThan(2_000);
  due.set('a', 5_000);
  clock.advance(5_000);
  expect(fired).toEqual([['a', 5_000]]);
});
