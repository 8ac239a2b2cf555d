import fc from 'fast-check';
import { EventRemovals } from './event-removals';

const RETENTION: Readonly<Record<string, number>> = { brief: 1_000, day: 86_400_000 };
const retentionOf = (namespace: string): number | undefined => RETENTION[namespace];

const message = (...namespaces: string[]): string =>
  JSON.stringify({
    v: 1,
    events: namespaces.map((namespace) => ({ namespace, data: { text: '"namespace":"x"' } })),
  });

test('a message goes with the last of its namespaces, and never where one of them keeps what the stream keeps', () => {
  const namespaces = fc.array(fc.constantFrom('brief', 'day', 'default'), { minLength: 1, maxLength: 4 });
  const messages = fc.array(fc.tuple(namespaces, fc.integer({ min: 0, max: 100_000 })), { maxLength: 30 });
  fc.assert(
    fc.property(messages, fc.integer({ min: 0, max: 200_000_000 }), (given, now) => {
      const removals = new EventRemovals(retentionOf);
      for (const [index, [names, at]] of given.entries()) removals.see(index + 1, at, message(...names));
      const due = removals.takeDue(now);
      for (const [index, [names, at]] of given.entries()) {
        const keep = Math.max(...names.map((name) => retentionOf(name) ?? Infinity));
        const isDue = due.includes(index + 1);
        if (isDue) expect(now).toBeGreaterThan(at + keep);
        else expect(now).toBeLessThanOrEqual(at + keep + 1_000);
      }
      expect(due).toEqual([...due].sort((a, b) => a - b));
      expect(removals.takeDue(now)).toEqual([]);
    }),
  );
});

test('what is none of ours stays', () => {
  const removals = new EventRemovals(retentionOf);
  for (const [index, text] of ['', '{}', '\u0000', '{"namespace":1}'].entries()) removals.see(index, 0, text);
  expect(removals.takeDue(Infinity)).toEqual([]);
});

test('it remembers so many, until some of them have gone', () => {
  const removals = new EventRemovals(retentionOf, 2);
  removals.see(1, 0, message('brief'));
  expect(removals.isFull).toBe(false);
  removals.see(2, 0, message('day'));
  expect(removals.isFull).toBe(true);
  expect(removals.takeDue(5_000)).toEqual([1]);
  expect(removals.isFull).toBe(false);
});
