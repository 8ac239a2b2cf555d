import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Event, EventGap } from '@multiswarm/contracts';
import type { Io } from '../io';
import { readBlocks, type ScanOptions } from './blocks';
import { noArchive, unreadable } from './faults';
import type { Header } from './format';
import { isEmpty } from './placing';

const ARCHIVE_NAME = /\.jsonl(\.gz)?$/;

type Where = Pick<Io, 'cwd' | 'stderr'>;

/** The archives that are meant, oldest first: files, or all of a directory, in which those that are empty are told, and passed over. */
export async function archiveFiles(given: readonly string[], io: Where): Promise<string[]> {
  const named = await Promise.all(given.map((path) => filesAt(resolve(io.cwd, path), io)));
  const files = await Promise.all(named.flat().map(async (path) => ({ path, header: await headerOf(path) })));
  const at = ({ header, path }: (typeof files)[number]): string => `${header.createdAt} ${path}`;
  return files.sort((a, b) => (at(a) < at(b) ? -1 : 1)).map(({ path }) => path);
}

async function filesAt(path: string, io: Where): Promise<string[]> {
  const found = await stat(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  if (!found.isDirectory()) return [path];
  const names = (await readdir(path)).filter((name) => ARCHIVE_NAME.test(name)).sort();
  const files: string[] = [];
  for (const file of names.map((name) => join(path, name))) {
    if (await isEmpty(file)) io.stderr.write(`${file} is empty: passed over\n`);
    else files.push(file);
  }
  if (files.length === 0)
    throw noArchive(path, 'this directory has no file that ends in .jsonl or .jsonl.gz, and is not empty');
  return files;
}

/** What stands at the beginning, also of a file that is damaged further on. */
async function headerOf(path: string): Promise<Header> {
  for await (const { header } of readBlocks(path, { partial: true })) if (header) return header;
  throw noArchive(path, 'it has no header');
}

export type Archived =
  { kind: 'event'; event: Event; id: string | undefined } | { kind: 'gap'; gap: EventGap };

/** Everything in some archives; where an event is in two of them it comes twice. */
export async function* readArchives(
  files: readonly string[],
  options: ScanOptions,
): AsyncGenerator<Archived, void, undefined> {
  for (const path of files)
    for await (const { lines } of readBlocks(path, options))
      for (const line of lines) if (line.kind === 'event' || line.kind === 'gap') yield line;
}

/** The history of a task or workflow, oldest first, each event once; for a step, its own events out of those of its run. */
export async function archivedHistory(
  files: readonly string[],
  id: string,
  options: ScanOptions,
): Promise<Event[]> {
  const bySeq = new Map<number, Event>();
  for await (const line of readArchives(files, options))
    if (line.kind === 'event' && (line.event.root === id || line.event.taskId === id))
      bySeq.set(line.event.seq, line.event);
  return [...bySeq.values()].sort((a, b) => a.seq - b.seq);
}

/** What a command that reads archives was given. */
export interface ArchiveSource {
  archive?: string[];
  partial?: boolean;
}

export async function openArchives(
  { archive = [], partial = false }: ArchiveSource,
  io: Io,
): Promise<{ files: string[]; options: ScanOptions }> {
  return { files: await archiveFiles(archive, io), options: { partial } };
}
