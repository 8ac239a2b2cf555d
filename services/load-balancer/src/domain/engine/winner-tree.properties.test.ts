import fc from 'fast-check';
import { WinnerTree } from './winner-tree';

test('whatever is set, changed and removed, the best and the next ones are those of a sorted list', () => {
  const command = fc.record({
    position: fc.nat(40),
    key: fc.option(fc.nat(9), { nil: undefined }),
    count: fc.integer({ min: 1, max: 6 }),
  });
  fc.assert(
    fc.property(fc.array(command, { maxLength: 120 }), (commands) => {
      const keys = new Map<number, number>();
      const ahead = (a: number, b: number): number => (keys.get(a) ?? 0) - (keys.get(b) ?? 0) || a - b;
      const tree = new WinnerTree(ahead);
      for (const { position, key, count } of commands) {
        if (key !== undefined) {
          keys.set(position, key);
          tree.set(position);
        } else if (keys.delete(position)) tree.remove(position);
        const sorted = [...keys.keys()].sort(ahead);
        expect(tree.best).toBe(sorted[0] ?? -1);
        const into = new Int32Array(count);
        expect([...into.subarray(0, tree.top(count, into))]).toEqual(sorted.slice(0, count));
      }
    }),
  );
});
