import fc from 'fast-check';
import type { Event } from '@multiswarm/contracts';
import { Continuity } from './continuity';

function event(root: string, seq: number): Event {
  return { v: 1, seq, at: 0, type: 'task.progress', namespace: 'default', root };
}

const seen = fc.array(fc.tuple(fc.constantFrom('t0-a', 't0-b', 't0-c'), fc.integer({ min: 1, max: 12 })));

test('of any events of any roots it tells those that repeat, begin late or leave a hole, as a list of all that was seen would', () => {
  fc.assert(
    fc.property(seen, (events) => {
      const continuity = new Continuity();
      const model = new Map<string, number[]>();
      const holes = new Set<string>();
      for (const [root, seq] of events) {
        const before = model.get(root) ?? [];
        const last = Math.max(0, ...before);
        const expected =
          before.length === 0
            ? { kind: seq === 1 ? 'next' : 'late' }
            : seq <= last
              ? { kind: 'repeated' }
              : seq === last + 1
                ? { kind: 'next' }
                : { kind: 'after-hole', from: last + 1 };
        expect(continuity.standing(event(root, seq))).toEqual(expected);
        expect(continuity.note(event(root, seq))).toEqual(expected);
        if (expected.kind === 'after-hole') holes.add(root);
        model.set(root, [...before, seq]);
      }
      expect(continuity.counts).toEqual({ roots: model.size, holes: holes.size });
      expect(new Set(continuity.holes)).toEqual(holes);
    }),
  );
});

test('of an archive of one step the numbers of the other steps are no holes, and what comes twice is told', () => {
  const continuity = new Continuity('t0-step');
  const kinds = [2, 5, 5, 9].map((seq) => continuity.note(event('w0-run', seq)).kind);
  expect(kinds).toEqual(['late', 'next', 'repeated', 'next']);
  expect(continuity.counts).toEqual({ roots: 1, holes: 0 });
  const ofRun = new Continuity('w0-run');
  expect([2, 5].map((seq) => ofRun.note(event('w0-run', seq)).kind)).toEqual(['late', 'after-hole']);
});

test('what is recalled from files before is known, and counts for nothing', () => {
  const continuity = new Continuity(undefined, 2);
  continuity.note(event('t0-a', 5));
  for (const [root, seq] of [
    ['t0-a', 3],
    ['t0-b', 2],
    ['t0-b', 1],
    ['t0-c', 1],
  ] as const)
    continuity.recall(event(root, seq));
  expect(['t0-a', 't0-b', 't0-c'].map((root) => continuity.standing(event(root, 3)).kind)).toEqual([
    ...['repeated', 'next'],
    'late', // there was no room for it
  ]);
  expect(continuity.counts).toEqual({ roots: 1, holes: 0 });
});

test('what is recalled is forgotten before anything of the present file, until it is seen again', () => {
  const continuity = new Continuity(undefined, 4);
  for (const root of ['t0-a', 't0-b']) continuity.note(event(root, 1));
  for (const root of ['t0-old', 't0-back']) continuity.recall(event(root, 1));
  expect(continuity.note(event('t0-back', 2)).kind).toBe('next');
  expect(continuity.counts).toEqual({ roots: 3, holes: 0 });
  continuity.note(event('t0-c', 1));
  const repeats = (root: string): boolean => continuity.standing(event(root, 1)).kind === 'repeated';
  const roots = ['t0-old', 't0-a', 't0-b', 't0-back', 't0-c'];
  expect(roots.map(repeats)).toEqual([false, true, true, true, true]);
  continuity.note(event('t0-d', 1));
  expect(roots.map(repeats)).toEqual([false, false, true, true, true]);
});

test('it remembers so many roots, and forgets the one that was silent for longest', () => {
  const continuity = new Continuity(undefined, 2);
  for (const root of ['t0-a', 't0-b']) continuity.note(event(root, 1));
  continuity.note(event('t0-a', 2));
  continuity.note(event('t0-c', 1));
  expect(continuity.standing(event('t0-b', 2)).kind).toBe('late');
  expect(continuity.standing(event('t0-a', 3)).kind).toBe('next');
});

test('each file counts its own roots and holes, and knows what stands in those before it', () => {
  const continuity = new Continuity();
  for (const [root, seq] of [
    ['t0-a', 1],
    ['t0-a', 3],
    ['t0-b', 1],
  ] as const)
    continuity.note(event(root, seq));
  expect(continuity.counts).toEqual({ roots: 2, holes: 1 });
  continuity.nextFile();
  expect(continuity.counts).toEqual({ roots: 0, holes: 0 });
  expect(continuity.note(event('t0-b', 2)).kind).toBe('next');
  continuity.note(event('t0-b', 3));
  expect(continuity.counts).toEqual({ roots: 1, holes: 0 });
  expect([...continuity.holes]).toEqual(['t0-a']);
});
