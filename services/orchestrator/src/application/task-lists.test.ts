import { LIMITS } from '@multiswarm/contracts';
import type { TruthReader } from '../ports';
import { asManyAsTravel, SHARD_GROUPS, TaskLists, type ShardCounts, type ShardSearches } from './task-lists';

function listsOver(shards: readonly ShardCounts[]): TaskLists {
  const searches: ShardSearches = {
    page: () => Promise.resolve([]),
    counts: (shard) => Promise.resolve(shards[shard] ?? { groups: [], others: 0 }),
  };
  return new TaskLists({} as TruthReader, searches, shards.length);
}

test('what is small in each shard and large in all together is among the largest, with its whole number', async () => {
  const shards = Array.from({ length: 16 }, (_, shard) => {
    const own = Array.from({ length: LIMITS.SEARCH_GROUPS + 100 }, (__, at): [string, number] => [
      `${shard}-${at}`,
      2,
    ]);
    return asManyAsTravel(new Map<string | null, number>([...own, ['everywhere', 1], [null, 1]]), 3);
  });
  const counts = await listsOver(shards).counts({ by: 'label:customer' });
  expect(counts.groups.slice(0, 2)).toEqual([
    { value: null, count: 16 },
    { value: 'everywhere', count: 16 },
  ]);
  expect(counts.groups).toHaveLength(LIMITS.SEARCH_GROUPS);
  expect(counts.total).toBe(16 * ((LIMITS.SEARCH_GROUPS + 100) * 2 + 2 + 3));
});

test('a shard tells of no more groups than one message carries, and of the rest how many tasks they have', () => {
  const long = 'é"'.repeat(512);
  const groups = Array.from({ length: 2_000 }, (_, at): [string, number] => [`${long}${at}`, at + 1]);
  const told = asManyAsTravel(new Map(groups), 7);
  const bytes = Buffer.byteLength(JSON.stringify(told.groups));
  expect(bytes).toBeLessThanOrEqual(SHARD_GROUPS.bytes);
  expect(bytes).toBeGreaterThan(SHARD_GROUPS.bytes / 2);
  expect(told.groups[0]?.[1]).toBe(2_000);
  const listed = told.groups.reduce((sum, [, count]) => sum + count, 0);
  expect(listed + told.others).toBe((2_000 * 2_001) / 2 + 7);
});

test('an answer has no more groups than one message carries, the largest, and says how many tasks are in the rest', async () => {
  // As long as values may be, of characters that take six bytes as JSON.
  const long = '\u0001'.repeat(LIMITS.METADATA_VALUE_CHARS - 3);
  const shards = Array.from({ length: 8 }, (_, shard) =>
    asManyAsTravel(
      new Map(Array.from({ length: 80 }, (__, at) => [`${long}${shard}${at}`, 80 * shard + at + 1])),
      1,
    ),
  );
  const counts = await listsOver(shards).counts({ by: 'label:note' });
  const bytes = Buffer.byteLength(JSON.stringify(counts));
  expect(bytes).toBeLessThan(LIMITS.SEARCH_GROUPS_BYTES + 200);
  expect(bytes).toBeGreaterThan(LIMITS.SEARCH_GROUPS_BYTES / 2);
  expect(counts.groups[0]?.count).toBe(640);
  const listed = counts.groups.reduce((sum, { count }) => sum + count, 0);
  expect([counts.total, counts.others]).toEqual([(640 * 641) / 2 + 8, counts.total - listed]);
  expect(counts.others).toBeGreaterThan(0);
});
