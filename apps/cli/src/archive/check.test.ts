import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Event } from '@multiswarm/contracts';
import { ArchiveCheck } from './check';
import { Continuity } from './continuity';
import type { Header } from './format';
import { ArchiveWriter } from './writer';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'archive-check-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

let count = 0;

function event(root: string, seq: number): Event {
  return { v: 1, seq, at: seq, type: 'task.progress', namespace: 'default', root };
}

/** As `event archive` writes one file of a sequence. */
async function file(
  events: readonly Event[],
  continuity: Continuity,
  more: Partial<Pick<Header, 'after' | 'filter'>> = {},
): Promise<{ path: string; after: NonNullable<Header['after']> }> {
  const path = join(directory, `${(count += 1)}.jsonl`);
  const header = { createdAt: '2026-01-01T00:00:00.000Z', source: 'http://here', filter: {}, ...more };
  const writer = await ArchiveWriter.create(path, header);
  for (const one of events) {
    continuity.note(one);
    await writer.event(one, String(one.seq));
  }
  const { sha256 } = await writer.finish(continuity.counts);
  await writer.close();
  continuity.nextFile();
  return { path, after: { file: basename(path), sha256 } };
}

async function holes(...paths: string[]): Promise<(number | string)[]> {
  const check = new ArchiveCheck();
  const found: (number | string)[] = [];
  for (const path of paths) {
    const one = await check.check(path);
    found.push('end' in one ? one.end.holes : one.fault.message);
  }
  return found;
}

test('a hole between two files of a sequence counts once, in the second, also where the first is not there', async () => {
  const continuity = new Continuity();
  const first = await file([event('t0-a', 1), event('t0-b', 1), event('t0-b', 3)], continuity);
  const { after } = first;
  const second = await file([event('t0-a', 3), event('t0-b', 4)], continuity, { after });
  const third = await file([event('t0-a', 4), event('t0-b', 5)], continuity, { after: second.after });
  expect(await holes(first.path, second.path, third.path)).toEqual([1, 1, 0]);
  expect(await holes(second.path, third.path)).toEqual([1, 0]);
});

test('a hole behind a file that was written before an interruption is found where that file is there', async () => {
  const first = await file([event('t0-a', 1)], new Continuity());
  const second = await file([event('t0-a', 3)], new Continuity(), { after: first.after });
  expect(await holes(first.path, second.path)).toEqual([0, 1]);
  expect(await holes(second.path)).toEqual([0]);
});

test('files that do not follow each other are held against each other in nothing', async () => {
  const one = await file([event('t0-a', 1)], new Continuity());
  const other = await file([event('t0-a', 3)], new Continuity());
  expect(await holes(one.path, other.path)).toEqual([0, 0]);
});

test('the numbers between those of one step are no holes', async () => {
  const filter = { root: 't0-step' };
  const { path } = await file(
    [2, 5].map((seq) => event('w0-run', seq)),
    new Continuity(filter.root),
    { filter },
  );
  expect(await holes(path)).toEqual([0]);
});

test('an end that tells of other holes than there are is found', async () => {
  const all = [event('t0-a', 1), event('t0-a', 3)];
  const tooFew = await file(all, new Continuity('t0-b'));
  expect(await holes(tooFew.path)).toEqual([`${tooFew.path} is damaged: its end says 0 holes, it has 1`]);
});
