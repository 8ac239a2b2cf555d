import fc from 'fast-check';
import { DEAD_STATES, type DeadLetterFilter } from '@multiswarm/contracts';
import type { DeadLetterEntry, TruthReader } from '../ports';
import { DeadLetterList } from './dead-letter-list';
import { decodeCursor } from './pages';

/** Letters spread over shards by their ids. */
function listOf(letters: readonly DeadLetterEntry[], lookedAt?: number): DeadLetterList {
  const deadLetters: TruthReader['deadLetters'] = (shard, before, limit) =>
    Promise.resolve(
      letters
        .filter(({ id }) => Number(id[1]) === shard)
        .filter(({ id, at }) => !before || at < before.at || (at === before.at && id < before.id))
        .sort(newest)
        .slice(0, limit),
    );
  // Only the index is asked.
  return new DeadLetterList({ deadLetters } as TruthReader, 3, lookedAt);
}

const newest = (a: DeadLetterEntry, b: DeadLetterEntry): number => b.at - a.at || (a.id < b.id ? 1 : -1);
const letter = (
  index: number,
  at: number,
  given: Partial<DeadLetterEntry['facts']> = {},
): DeadLetterEntry => ({
  id: `t${index % 3}-${String(index).padStart(8, '0')}`,
  at,
  facts: { state: 'failed', type: 'build', namespace: 'default', code: 'no-key', ...given },
});
const iso = (ms: number): string => new Date(ms).toISOString();

async function all(list: DeadLetterList, filter: DeadLetterFilter, limit: number): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await list.page(filter, { limit, from: decodeCursor(cursor), counted: false });
    ids.push(...page.ids);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return ids;
}

test('whatever is asked for, the pages together are all that match, newest first, each once, and so are the counts', async () => {
  const entries = fc
    .array(
      fc.record({
        at: fc.nat(6),
        state: fc.constantFrom(...DEAD_STATES),
        type: fc.constantFrom('build', 'report'),
        namespace: fc.constantFrom('default', 'shop'),
        code: fc.constantFrom('no-key', ''),
      }),
      { maxLength: 40 },
    )
    .map((given) => given.map(({ at, ...facts }, index) => letter(index, at, facts)));
  const filters = fc.record(
    {
      state: fc.constantFrom(...DEAD_STATES),
      type: fc.constantFrom('build', 'other'),
      namespace: fc.constantFrom('default', 'shop'),
      code: fc.constant('no-key'),
      endedAfter: fc.nat(6).map(iso),
      endedBefore: fc.nat(7).map(iso),
    },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(entries, filters, fc.integer({ min: 1, max: 9 }), async (letters, filter, limit) => {
      const { endedAfter, endedBefore, ...facts } = filter;
      const expected = letters
        .filter(({ at }) => endedAfter === undefined || at >= Date.parse(endedAfter))
        .filter(({ at }) => endedBefore === undefined || at < Date.parse(endedBefore))
        .filter((each) =>
          Object.entries(facts).every(([name, value]) => Reflect.get(each.facts ?? {}, name) === value),
        )
        .sort(newest);
      const list = listOf(letters);
      expect(await all(list, filter, limit)).toEqual(expected.map(({ id }) => id));
      expect(await all(listOf(letters, 3), filter, limit)).toEqual(expected.map(({ id }) => id));
      const { counts } = await list.page(filter, { limit, from: undefined, counted: true });
      expect(counts).toMatchObject({ total: expected.length, complete: true });
      for (const groups of [counts?.byCode, counts?.byType])
        expect(groups?.reduce((sum, { count }) => sum + count, 0)).toBe(expected.length);
    }),
    { numRuns: 200 },
  );
});

test('counts go on behind a full page, most first, and say where there are more than are looked at', async () => {
  const letters = Array.from({ length: 10 }, (_, index) =>
    letter(index, index, { code: index < 3 ? 'boom' : 'no-key' }),
  );
  const asked = { limit: 2, from: undefined, counted: true };
  const page = await listOf(letters).page({}, asked);
  expect(page.ids).toHaveLength(2);
  expect(page.counts).toEqual({
    total: 10,
    complete: true,
    byCode: [
      { code: 'no-key', count: 7 },
      { code: 'boom', count: 3 },
    ],
    byType: [{ type: 'build', count: 10 }],
  });
  expect((await listOf(letters, 4).page({}, asked)).counts).toMatchObject({ total: 4, complete: false });
  expect((await listOf(letters, 10).page({}, asked)).counts).toMatchObject({ total: 10, complete: true });
});

test('one that left the list while it was read is passed over', async () => {
  const gone = { ...letter(1, 5), facts: undefined };
  expect(await all(listOf([letter(0, 9), gone, letter(2, 1)]), {}, 1)).toEqual([
    't0-00000000',
    't2-00000002',
  ]);
});
