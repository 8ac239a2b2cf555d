import { LIMITS, type ShardCopyHead, type ShardCopyLine } from '@multiswarm/contracts';
import type { Batch, Write } from '../../ports';
import type { OwnerInsides } from '../owner-insides';
import type { CopyStore } from './copy-store';
import { ShardExport } from './shard-export';

const HEAD: ShardCopyHead = {
  ...({ format: 'multiswarm-shard', v: 1 } as const),
  ...{ shards: 1, shard: 0, epoch: 1, attemptBase: 0, exportedAt: '2026-01-01T00:00:00.000Z' },
};

/** A shard with so many tasks, of some kilobytes each, and whoever watches its batches. */
class Shard {
  readonly watchers = new Set<(batch: Batch) => void>();
  reads = 0;
  batchSeq = 1;
  readonly ids: string[];
  readonly copy: ShardExport;

  constructor(tasks: number) {
    this.ids = Array.from({ length: tasks }, (_, n) => `t0-${String(n).padStart(8, '0')}`);
    const insides = {
      shard: 0,
      state: () => ({}),
      settled: () => Promise.resolve(),
      tap: {
        watch: (watcher: (batch: Batch) => void) => {
          this.watchers.add(watcher);
          return () => this.watchers.delete(watcher);
        },
      },
    } as unknown as OwnerInsides;
    this.copy = new ShardExport('run', insides, this.store(), HEAD);
  }

  /** A commit that touches tasks. */
  commit(ids: readonly string[]): void {
    this.batchSeq += 1;
    const writes = ids.map((root): Write => ({ kind: 'root-reopened', root }));
    const batch = { shard: 0, epoch: 1, after: this.batchSeq - 1, batchSeq: this.batchSeq, writes };
    for (const watcher of this.watchers) watcher(batch);
  }

  private store(): CopyStore {
    const read = async (ids: readonly string[]) => {
      this.reads += ids.length;
      await new Promise(setImmediate);
      const lines = ids.map((task): ShardCopyLine => ({ task, spec: 'x'.repeat(5_000) }));
      return { batchSeq: this.batchSeq, lines };
    };
    return {
      listed: (kind: string, _shard: number, after: { id: string } | undefined, limit: number) => {
        const from = after ? this.ids.indexOf(after.id) + 1 : 0;
        const page = kind === 'tasks' ? this.ids.slice(from, from + limit) : [];
        return Promise.resolve(page.map((id) => ({ id, at: 0 })));
      },
      read: (_shard: number, ids: readonly string[]) => read(ids),
      readLast: async (_shard: number, ids: readonly string[]) => ({
        ...(await read(ids)),
        ...{ tasks: this.ids.length, runs: 0, counts: {} },
      }),
    } as unknown as CopyStore;
  }
}

/** Ids of tasks in some lines. */
const tasksIn = (lines: readonly unknown[]): string[] =>
  lines.flatMap((line) => ('task' in (line as object) ? [(line as { task: string }).task] : []));

test('two that ask for the same part at once are given the same one, and what comes after it is whole', async () => {
  const shard = new Shard(300);
  const lines: unknown[] = [];
  for (let seq = 0; ; seq += 1) {
    const [one, other] = await Promise.all([shard.copy.next(seq), shard.copy.next(seq)]);
    expect(other).toBe(one);
    lines.push(...one.lines);
    if (one.done) break;
  }
  expect(tasksIn(lines)).toEqual(shard.ids);
  expect(shard.reads).toBe(300);
});

test('whoever asks for another part than the one that is being made is refused', async () => {
  const shard = new Shard(300);
  const first = shard.copy.next(0);
  await expect(shard.copy.next(1)).rejects.toMatchObject({ code: 'copy-not-found' });
  expect((await first).seq).toBe(0);
  expect((await shard.copy.next(1)).seq).toBe(1);
});

test('an export that was replaced by another one gives out nothing more, also of the part that is being made', async () => {
  const shard = new Shard(10);
  const part = shard.copy.next(0);
  shard.copy.close();
  await expect(part).rejects.toMatchObject({ code: 'copy-not-found' });
  await expect(shard.copy.next(0)).rejects.toMatchObject({ code: 'copy-not-found' });
  expect(shard.watchers.size).toBe(0);
});

test('where more changes than is remembered before its parts are asked for, it is given up, and says what to do', async () => {
  const shard = new Shard(300);
  await shard.copy.next(0);
  const touched = Array.from({ length: LIMITS.EXPORT_TOUCHED + 1 }, (_, n) => `t0-late${n}`);
  shard.commit(touched.slice(1));
  expect((await shard.copy.next(1)).seq).toBe(1);
  expect(shard.watchers.size).toBe(1);
  shard.commit(touched.slice(0, 1));
  expect(shard.watchers.size).toBe(0);
  await expect(shard.copy.next(2)).rejects.toMatchObject({
    code: 'copy-refused',
    message: expect.stringContaining('without pauses') as string,
  });
});
