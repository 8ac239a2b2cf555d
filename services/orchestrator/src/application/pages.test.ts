import fc from 'fast-check';
import type { TruthReader } from '../ports';
import { decodeCursor, encodeCursor, newestFirst, type Position } from './pages';

const isBefore = (a: Position, b: Position): boolean => (a.at === b.at ? a.id < b.id : a.at < b.at);
const newest = (a: Position, b: Position): number => (isBefore(a, b) ? 1 : -1);

/** An index per shard, and a count of how much of it was read. */
function truthOf(shards: Position[][]): { truth: TruthReader; reads: () => number } {
  let reads = 0;
  const recent: TruthReader['recent'] = (_kind, shard, before, limit) => {
    reads += 1;
    const index = [...(shards[shard] ?? [])].sort(newest);
    return Promise.resolve(index.filter((each) => !before || isBefore(each, before)).slice(0, limit));
  };
  // Only `recent` is asked by a list.
  return { truth: { recent } as TruthReader, reads: () => reads };
}

async function collect(positions: AsyncIterable<Position>, limit = Infinity): Promise<Position[]> {
  const found: Position[] = [];
  for await (const position of positions) {
    found.push(position);
    if (found.length >= limit) break;
  }
  return found;
}

// Few distinct times, so that many are equal, in one shard and over several.
const position = fc.record({ at: fc.nat(4), id: fc.stringMatching(/^t[0-9]-[a-z]{4}$/) });
const index = fc
  .uniqueArray(position, { selector: ({ id }) => id, maxLength: 40 })
  .map((all) => [0, 1, 2].map((shard) => all.filter((_, at) => at % 3 === shard)));

test('the indexes of all shards are merged newest first, each entry once, also where times are equal', async () => {
  await fc.assert(
    fc.asyncProperty(index, fc.integer({ min: 1, max: 5 }), async (shards, pageSize) => {
      const { truth } = truthOf(shards);
      const merged = await collect(newestFirst('tasks', truth, shards.length, undefined, pageSize));
      expect(merged).toEqual(shards.flat().sort(newest));
    }),
    { numRuns: 100 },
  );
});

test('page by page through cursors gives the same as all at once', async () => {
  await fc.assert(
    fc.asyncProperty(index, fc.integer({ min: 1, max: 7 }), async (shards, limit) => {
      const { truth } = truthOf(shards);
      const all: Position[] = [];
      for (let cursor: string | undefined = undefined, more = true; more;) {
        const page = await collect(
          newestFirst('tasks', truth, shards.length, decodeCursor(cursor), 3),
          limit,
        );
        all.push(...page);
        const last = page.at(-1);
        more = page.length === limit && last !== undefined;
        cursor = last && encodeCursor(last);
      }
      expect(all).toEqual(shards.flat().sort(newest));
    }),
    { numRuns: 100 },
  );
});

test('a first page does not read the whole of a long index', async () => {
  const shard = Array.from({ length: 10_000 }, (_, at) => ({ at, id: `t0-${at}` }));
  const { truth, reads } = truthOf([shard, []]);
  await collect(newestFirst('tasks', truth, 2, undefined, 100), 50);
  expect(reads()).toBe(2);
});

test('a cursor that is none of ours is refused with its place, whatever it holds', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 60 }), (text) => {
      let fault: unknown;
      try {
        const decoded = decodeCursor(text);
        expect(decodeCursor(encodeCursor(decoded as Position))).toEqual(decoded);
      } catch (error) {
        fault = error;
      }
      if (fault !== undefined)
        expect(fault).toMatchObject({ code: 'invalid-request', findings: [{ pointer: '/query/cursor' }] });
    }),
  );
  expect(() => decodeCursor('bm9uZQ')).toThrow(/not a cursor of this list/);
});
