import { mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Event } from '@multiswarm/contracts';
import { Continuity } from './continuity';
import { ArchiveFiles } from './files';
import { archiveFiles } from './read';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'archive-files-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

function event(root: string, seq: number): Event {
  return { v: 1, seq, at: seq, type: 'task.progress', namespace: 'default', root };
}

const NOW = Date.UTC(2026, 0, 1);

function openFiles(now: number, continuity = new Continuity(), rotates = true): Promise<ArchiveFiles> {
  const rotation = rotates ? { bytes: 1 } : undefined;
  const path = join(directory, 'events.jsonl');
  const times = { now: () => now, monotonic: () => 0 };
  return ArchiveFiles.open({ ...times, path, rotation, source: 'http://here', filter: {}, continuity }, true);
}

/** Files of one event each, as an archiver writes them that is started again for each. */
async function written(count: number): Promise<string[]> {
  for (let seq = 1; seq <= count; seq += 1) {
    const files = await openFiles(NOW + seq * 1_000);
    await files.writer.event(event('t0-a', seq), String(seq));
    await files.finish();
  }
  return names();
}

const names = async (): Promise<string[]> => (await readdir(directory)).sort();

async function pathsOf(): Promise<{ paths: string[]; told: string[] }> {
  const told: string[] = [];
  const stderr = { write: (text: string) => told.push(text), isTty: false, columns: 80, rows: 24 };
  const paths = await archiveFiles([directory], { cwd: directory, stderr });
  return { paths: paths.map((path) => basename(path)), told };
}

const empty = (name: string): Promise<void> => writeFile(join(directory, name), '');

test('an empty file and a temporary one, as a kill before the first write left them, are passed over by who goes on and who reads', async () => {
  const [first] = await written(1);
  await empty('events-20260101T000500000Z.jsonl');
  await writeFile(join(directory, 'events-20260101T000501000Z.jsonl.0a1b2c3d.tmp'), '{"archive":');
  const files = await openFiles(NOW + 1_000);
  expect(basename(files.writer.path)).toBe('events-20260101T000500001Z.jsonl'); // behind the empty one
  expect(files.writer.position).toBe('1'); // where the one with something in it ends
  await files.finish();
  const { paths, told } = await pathsOf();
  expect(paths).toEqual([first, 'events-20260101T000500001Z.jsonl']);
  expect(told).toEqual([expect.stringContaining('events-20260101T000500000Z.jsonl is empty: passed over')]);
});

test('where all files of a directory are empty there is no archive to read, and one is begun', async () => {
  await empty('events-20260101T000500000Z.jsonl');
  await expect(pathsOf()).rejects.toMatchObject({ code: 'not-an-archive' });
  const files = await openFiles(NOW);
  await files.finish();
  expect((await pathsOf()).paths).toEqual(['events-20260101T000500001Z.jsonl']);
});

test('the one file of an archive that was left empty is begun', async () => {
  await empty('events.jsonl');
  const files = await openFiles(NOW, new Continuity(), false);
  await files.writer.event(event('t0-a', 1), '1');
  await files.finish();
  expect(await names()).toEqual(['events.jsonl']);
  await expect(openFiles(NOW, new Continuity(), false)).rejects.toMatchObject({ code: 'file-exists' });
});

test('a file before that was moved away since the start is told, and what the others have is known', async () => {
  const [, second] = await written(4);
  await empty('events-20250101T000000000Z.jsonl');
  const continuity = new Continuity();
  const files = await openFiles(NOW + 9_000, continuity);
  await rename(join(directory, second ?? ''), join(directory, 'moved'));
  const told: string[] = [];
  const recalled = jest.spyOn(continuity, 'recall');
  await files.recall((text) => told.push(text));
  expect(told).toEqual([expect.stringContaining(`${second} is not there any more`)]);
  expect(recalled.mock.calls.map(([{ seq }]) => seq)).toEqual([3, 1]);
  await files.recall(() => told.push('again'));
  expect(told).toHaveLength(1);
  await files.finish();
});
