import { resolve } from 'node:path';
import type { Command } from 'commander';
import { every, systemClock } from '@multiswarm/core';
import { HttpApi } from '../../api/http-api';
import { followEvents } from '../../api/follow-events';
import { Continuity } from '../../archive/continuity';
import { ArchiveFiles, type Rotation } from '../../archive/files';
import { Recording } from '../../archive/recording';
import type { CommandDefinition, GlobalOptions, Invocation } from '../../command';
import { EXIT, usageFault } from '../../faults';
import { durationOption } from '../../global-options';
import { sizeOption } from '../../options/size';
import { pastMomentOption } from '../../options/moment';
import { collect } from '../../options/repeatable';
import type { Io } from '../../io';
import { Printer } from '../../output/printer';
import { ArchiveProgress } from '../../archive/progress';
import { archiveResultView, type ArchiveResult } from '../../views/archive';

interface Options {
  file?: string;
  from?: string;
  to?: string;
  namespace?: string[];
  root?: string;
  follow?: boolean;
  resume?: boolean;
  rotateSize?: number;
  rotateEvery?: number;
}

/** The stream from its beginning: nothing can be older. */
const ALL = '1970-01-01T00:00:00Z';
/** What has come is on the disk after this at the latest. */
const SAVE_MS = 1_000;
const HOLES_NAMED = 100;

export const command: CommandDefinition<Options> = {
  description:
    'Writes events into a file of JSON lines with checksums, compressed where its name ends in .gz: what the stream has, or what it had ' +
    'in a time. The events of each task are checked on the way; what the stream has lost is taken from their histories, as long as those are ' +
    'there. With --follow it goes on until Ctrl-C. An archive that was interrupted is gone on with by --resume.',
  examples: [
    { command: 'swarmctl event archive --file events.jsonl.gz', does: 'everything that the stream has' },
    {
      command:
        'swarmctl event archive --file shop.jsonl --namespace shop --from 24h --to 2026-11-23T00:00:00Z',
      does: 'what happened in one namespace, in one time',
    },
    {
      command:
        'swarmctl event archive --file events.jsonl.gz --follow --resume --rotate-size 100MB --rotate-every 1h',
      does: 'goes on for ever, in files of a size and an age',
    },
  ],
  configure(command: Command) {
    const past = (name: string) => pastMomentOption(name, () => systemClock.now());
    command
      .option('--file <file>', 'the archive; a name that ends in .gz is compressed')
      .option('--from <when>', 'only what happened from then on: an instant, or so long ago', past('--from'))
      .option('--to <when>', 'only what happened before', past('--to'))
      .option('--namespace <name>', 'only of these tenants; may be repeated', collect)
      .option('--root <id>', 'only of this task or workflow')
      .option('--follow', 'go on with what happens, until Ctrl-C')
      .option('--resume', 'go on with an archive that was interrupted, from the times that it has')
      .option(
        '--rotate-size <size>',
        'begin a new file when one is so large: 100MB',
        sizeOption('--rotate-size'),
      )
      .option('--rotate-every <duration>', 'begin a new file when one is so old', durationOption);
  },
  run: archive,
};

async function archive({ options, global, io }: Invocation<Options>): Promise<number> {
  const over = new AbortController();
  const stopListening = io.onInterrupt(() => over.abort());
  const cancelTimeout =
    global.timeoutMs === undefined ? () => undefined : io.clock.after(global.timeoutMs, () => over.abort());
  const continuity = new Continuity(options.root);
  const files = await open(options, global.url, continuity, io);
  const progress = new ArchiveProgress(io, files);
  let isWhole: boolean;
  try {
    isWhole = await record(options, new HttpApi(global.url), files, continuity, progress, io, over.signal);
  } catch (error) {
    await files.leave().catch(() => undefined); // what is wrong is the first error
    throw error;
  } finally {
    progress.clear();
    stopListening();
    cancelTimeout();
  }
  if (isWhole) await files.finish();
  else await files.leave();
  return report(files, continuity, isWhole, global, io);
}

/** @returns whether all was written that was asked for; of what goes on for ever it always was */
async function record(
  { follow = false }: Options,
  api: HttpApi,
  files: ArchiveFiles,
  continuity: Continuity,
  progress: ArchiveProgress,
  io: Io,
  signal: AbortSignal,
): Promise<boolean> {
  const { filter } = files;
  const { from, to, namespace, root } = filter;
  const recording = new Recording({
    ...{ api, continuity, filter, signal },
    from: from === undefined ? -Infinity : Date.parse(from),
    to: to === undefined ? Infinity : Date.parse(to),
    recall: () => files.recall((text) => progress.note(text)),
    warn: (text) => progress.note(text),
  });
  const broken = new AbortController();
  const stream = followEvents(api, io.clock, {
    query: { from: from ?? ALL, to, namespace, root, follow },
    after: files.writer.position,
    signal: AbortSignal.any([signal, broken.signal]),
    onBroken: () => progress.note('the stream broke; going on'),
    onPosition: (id) => files.writer.moveTo(id),
  });
  const inTurn = serially();
  const stopSaving = every(io.clock, SAVE_MS, () =>
    inTurn(() => save(files)).catch((error: unknown) => broken.abort(error)),
  );
  try {
    for await (const message of stream) {
      if (await inTurn(() => recording.take(message, files.writer))) return true;
      if (signal.aborted) break; // what is left of it comes again, and a gap that could not be filled has to
      progress.draw();
      await inTurn(() => files.rotate());
    }
  } finally {
    stopSaving();
    await inTurn(() => Promise.resolve());
  }
  broken.signal.throwIfAborted();
  return follow;
}

async function save(files: ArchiveFiles): Promise<void> {
  await files.rotate();
  await files.writer.checkpoint();
}

/** One after the other: a file has one place at which it is written. */
function serially(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };
}

function report(
  files: ArchiveFiles,
  { holes }: Continuity,
  complete: boolean,
  { format }: GlobalOptions,
  io: Io,
): number {
  const result: ArchiveResult = {
    files: files.done.map(({ path, end }) => ({ file: path, ...end })),
    complete,
    holes: [...holes].slice(0, HOLES_NAMED),
  };
  new Printer(io, format).one(archiveResultView, result);
  if (!complete) {
    io.stderr.write(`interrupted: --resume goes on with ${files.writer.path}\n`);
    return EXIT.interrupted;
  }
  return holes.size > 0 ? EXIT.workFailed : EXIT.ok;
}

function open(options: Options, source: string, continuity: Continuity, io: Io): Promise<ArchiveFiles> {
  const { file, from, to, namespace, root, follow, resume, rotateSize, rotateEvery } = options;
  if (file === undefined) throw usageFault('--file is missing', 'say where the archive is to be written');
  if (follow === true && to !== undefined) throw usageFault('--follow has no end: leave --to out');
  const rotates = rotateSize !== undefined || rotateEvery !== undefined;
  if (follow !== true && rotates) throw usageFault('--rotate-size and --rotate-every go with --follow');
  const rotation: Rotation | undefined = rotates ? { bytes: rotateSize, ms: rotateEvery } : undefined;
  const asked = { from, to, namespace: namespace?.join(','), root };
  const given = Object.entries(asked).filter((pair): pair is [string, string] => pair[1] !== undefined);
  const { clock } = io;
  const times = { now: () => clock.now(), monotonic: () => clock.monotonic() };
  const filter = Object.fromEntries(given);
  return ArchiveFiles.open(
    { path: resolve(io.cwd, file), rotation, source, filter, continuity, ...times },
    resume === true,
  );
}
