import fc from 'fast-check';
import { Heap } from './heap';

interface Item {
  rank: number;
  at: number;
}

test('whatever is pushed, moved and taken out, the least is on top, and every item knows its place', () => {
  const command = fc.record({
    kind: fc.constantFrom('push', 'push', 'pop', 'remove', 'move'),
    rank: fc.nat(20),
    pick: fc.nat(100),
  });
  fc.assert(
    fc.property(fc.array(command, { maxLength: 200 }), (commands) => {
      const heap = new Heap<Item>(
        (a, b) => a.rank < b.rank,
        (item, at) => {
          item.at = at;
        },
      );
      let items: Item[] = [];
      for (const { kind, rank, pick } of commands) {
        const item = items[pick % Math.max(1, items.length)];
        if (kind === 'push') {
          const added = { rank, at: -1 };
          items.push(added);
          heap.push(added);
        } else if (kind === 'pop') {
          const out = heap.pop();
          expect(out?.rank).toBe(
            items.length === 0 ? undefined : Math.min(...items.map((each) => each.rank)),
          );
          items = items.filter((each) => each !== out);
          expect(out?.at ?? -1).toBe(-1);
        } else if (item && kind === 'remove') {
          heap.removeAt(item.at);
          expect(item.at).toBe(-1);
          items = items.filter((each) => each !== item);
        } else if (item) {
          item.rank = rank;
          heap.fixAt(item.at);
        }
        expect(heap.size).toBe(items.length);
        for (const each of items) expect(heap.values()[each.at]).toBe(each);
      }
    }),
  );
});
