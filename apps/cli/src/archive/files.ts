import { readdir, rm } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { EXIT, Fault } from '../faults';
import { codeOf } from '../error-code';
import { readBlocks } from './blocks';
import { isEmpty } from './placing';
import type { Continuity } from './continuity';
import type { End, Header } from './format';
import { resumeArchive } from './resume';
import { ArchiveWriter } from './writer';

/** When a new file is begun; undefined: never. */
export interface Rotation {
  bytes?: number | undefined;
  ms?: number | undefined;
}

export interface FilesOptions {
  path: string;
  rotation: Rotation | undefined;
  source: string;
  /** What is asked for; an archive that is gone on with keeps its own times. */
  filter: Readonly<Record<string, string>>;
  continuity: Continuity;
  /** Epoch ms. */
  now: () => number;
  /** Of a process: what a rotated file is as old as. */
  monotonic: () => number;
}

/** The file or, with rotation, the files of one archive, one after the other. */
export class ArchiveFiles {
  readonly done: { path: string; end: End }[] = [];
  private current!: ArchiveWriter;
  private openedAt = 0;
  private namedAt = 0;
  private asked: Readonly<Record<string, string>>;
  /** Files of this archive that were there before the one that is gone on with: nobody has read them. */
  private unread: string[] = [];

  private constructor(private readonly options: FilesOptions) {
    this.asked = options.filter;
  }

  /** @param resumes goes on with what is there; otherwise what is there is not touched */
  static async open(options: FilesOptions, resumes: boolean): Promise<ArchiveFiles> {
    const files = new ArchiveFiles(options);
    const last = resumes ? await files.lastOne() : undefined;
    if (last === undefined) await files.begin(undefined);
    else await files.goOn(last);
    return files;
  }

  /** What the archive is of. */
  get filter(): Readonly<Record<string, string>> {
    return this.asked;
  }

  get writer(): ArchiveWriter {
    return this.current;
  }

  /**
   * Brings what the files before have into what is known of each root; newest first, since that is what is known where not all fits.
   * @param warn of a file that was moved away meanwhile: what it has may be written once more, which is no reason to end
   */
  async recall(warn: (text: string) => void): Promise<void> {
    for (let path = this.unread.pop(); path !== undefined; path = this.unread.pop())
      await this.recallFile(path).catch((error: unknown) => {
        if (!(error instanceof Fault) || codeOf(error.cause) !== 'ENOENT') throw error;
        warn(`${path} is not there any more: what stands in it may be taken from histories again`);
      });
  }

  private async recallFile(path: string): Promise<void> {
    const { continuity } = this.options;
    for await (const { lines } of readBlocks(path, { partial: true }))
      for (const line of lines) if (line.kind === 'event') continuity.recall(line.event);
  }

  /** Begins a new file where the present one is large or old enough. */
  async rotate(): Promise<void> {
    const { bytes = Infinity, ms = Infinity } = this.options.rotation ?? {};
    const isOld = this.options.monotonic() - this.openedAt >= ms;
    if (this.current.events === 0 || (this.current.bytes < bytes && !isOld)) return;
    const { path, position } = this.current;
    const { sha256 } = await this.finish();
    await this.begin({ file: basename(path), sha256, ...(position === undefined ? {} : { position }) });
  }

  async finish(): Promise<End> {
    const { continuity } = this.options;
    const end = await this.current.finish(continuity.counts);
    await this.current.close();
    continuity.nextFile();
    this.done.push({ path: this.current.path, end });
    return end;
  }

  /** Leaves the file without its end: it can be gone on with. */
  async leave(): Promise<void> {
    try {
      await this.current.checkpoint();
    } finally {
      await this.current.close();
    }
  }

  private async goOn(path: string): Promise<void> {
    const { filter, continuity } = this.options;
    const resumed = await resumeArchive(path, continuity, (header) => {
      if (['namespace', 'root'].some((name) => header.filter[name] !== filter[name]))
        throw otherFilter(path, header);
    });
    const { header, writer, sha256, position } = resumed;
    this.asked = header.filter;
    if (!writer && !this.options.rotation) throw isComplete(path);
    if (!writer) {
      continuity.nextFile();
      return this.begin({ file: basename(path), sha256, ...(position === undefined ? {} : { position }) });
    }
    if (writer.position === undefined && header.after?.position !== undefined)
      writer.moveTo(header.after.position);
    this.current = writer;
    this.openedAt = this.options.monotonic();
  }

  private async begin(after: Header['after']): Promise<void> {
    const { path, rotation, source, now, monotonic } = this.options;
    // Two files of one millisecond, or a clock that was set back, would break the order of the names.
    this.namedAt = Math.max(now(), this.namedAt + 1);
    const name = rotation ? rotated(path, this.namedAt) : path;
    const createdAt = new Date(now()).toISOString();
    const header = { createdAt, source, filter: this.asked, ...(after === undefined ? {} : { after }) };
    this.current = await ArchiveWriter.create(name, header).catch((error: unknown) => {
      throw notMade(name, error);
    });
    if (after?.position !== undefined) this.current.moveTo(after.position);
    this.openedAt = monotonic();
  }

  /** The newest file of the archive. An empty one is none: what made it was ended before it wrote anything. */
  private async lastOne(): Promise<string | undefined> {
    const { path, rotation } = this.options;
    if (!rotation) return this.onlyOne();
    const [stem, extension] = split(basename(path));
    const stamp = (name: string): string => name.slice(stem.length, -extension.length);
    const names = await readdir(dirname(path)).catch(() => [] as string[]);
    const ours = names.filter((name) => name.startsWith(`${stem}-`) && name.endsWith(extension));
    const stamped = ours.filter((name) => STAMP.test(stamp(name))).sort();
    const newest = stamped.at(-1);
    if (newest !== undefined) this.namedAt = stampOf(stamp(newest).slice(1));
    const files: string[] = [];
    for (const name of stamped) {
      const file = join(dirname(path), name);
      if (!(await isEmpty(file))) files.push(file);
    }
    const last = files.pop();
    this.unread = files;
    return last;
  }

  private async onlyOne(): Promise<string | undefined> {
    const { path } = this.options;
    const names = await readdir(dirname(path)).catch(() => [] as string[]);
    if (!names.includes(basename(path))) return undefined;
    if (!(await isEmpty(path))) return path;
    await rm(path); // so that its name is free for the one that is begun
    return undefined;
  }
}

const STAMP = /^-\d{8}T\d{9}Z$/;

/** `events.jsonl.gz` at an instant: `events-20261123T031500123Z.jsonl.gz`, in the order of the names. */
function rotated(path: string, at: number): string {
  const [stem, extension] = split(basename(path));
  const stamp = new Date(at).toISOString().replaceAll(/[-:.]/g, '');
  return join(dirname(path), `${stem}-${stamp}${extension}`);
}

/** Epoch ms of what `rotated` has put into a name. */
function stampOf(stamp: string): number {
  return Date.parse(stamp.replace(/^(.{4})(..)(..T..)(..)(..)(...)Z$/, '$1-$2-$3:$4:$5.$6Z'));
}

function split(name: string): [string, string] {
  const outer = name.endsWith('.gz') ? '.gz' : '';
  const inner = extname(name.slice(0, name.length - outer.length));
  const extension = inner + outer;
  return extension === '' ? [name, '.jsonl'] : [name.slice(0, -extension.length), extension];
}

function notMade(path: string, error: unknown): Fault {
  if (codeOf(error) === 'EEXIST')
    return new Fault(`${path} is there already`, {
      code: 'file-exists',
      exit: EXIT.conflict,
      hint: '--resume goes on with an archive that was not ended; otherwise take another name',
    });
  const why = error instanceof Error ? error.message : String(error);
  return new Fault(`${path} cannot be written: ${why}`, { code: 'file', exit: EXIT.usage, cause: error });
}

function isComplete(path: string): Fault {
  return new Fault(`${path} is complete: nothing can be added to it`, {
    code: 'file-exists',
    exit: EXIT.conflict,
    hint: 'take another name, and --from the time of its end; --rotate-size or --rotate-every begin new files by themselves',
  });
}

function otherFilter(path: string, { filter }: Header): Fault {
  const ours = Object.entries(filter).filter(([name]) => name === 'namespace' || name === 'root');
  const asked = ours.map(([name, value]) => `--${name} ${value}`);
  return new Fault(
    `${path} was made with ${asked.join(' ') || 'neither --namespace nor --root'}: go on with the same`,
    {
      code: 'usage',
      exit: EXIT.usage,
    },
  );
}
