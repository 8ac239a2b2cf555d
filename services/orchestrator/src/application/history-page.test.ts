import fc from 'fast-check';
import type { Event } from '@multiswarm/contracts';
import { historyPage } from './history-page';

const event = (seq: number, text: string): Event => ({
  ...{ v: 1, seq, at: 0, type: 'task.progress', namespace: 'default', root: 't0-00000001' },
  data: { text },
});

test('page by page a history is the whole, and no page is more than was asked for, unless one event alone is', () => {
  const texts = fc.array(fc.string({ unit: 'binary', maxLength: 60 }), { maxLength: 30 });
  const limits = fc.option(fc.integer({ min: 1, max: 8 }), { nil: undefined });
  fc.assert(
    fc.property(texts, limits, fc.integer({ min: 1, max: 600 }), (given, limit, mostBytes) => {
      const all = given.map((text, index) => event(index + 1, text));
      const seen: Event[] = [];
      for (let after: number | undefined = 0; after !== undefined;) {
        const { items, next } = historyPage(all, { after, limit }, mostBytes);
        expect(items.length).toBeLessThanOrEqual(limit ?? Infinity);
        const bytes = items.reduce((sum, one) => sum + Buffer.byteLength(JSON.stringify(one)) + 1, 0);
        if (items.length > 1) expect(bytes).toBeLessThanOrEqual(mostBytes);
        seen.push(...items);
        after = next === null ? undefined : Number(next);
      }
      expect(seen).toEqual(all);
    }),
  );
});
