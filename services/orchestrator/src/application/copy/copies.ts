import {
  MultiswarmError,
  type ExportShard,
  type ImportShard,
  type RecoverShard,
  type RecoverShardReply,
  type ShardCopyHead,
  type ShardExportPart,
  type ShardImportReply,
} from '@multiswarm/contracts';
import type { Cancel, Clock, Ids } from '@multiswarm/core';
import type { Logger } from '@multiswarm/telemetry';
import type { ShardInspector } from '../check/inspector';
import type { Incarnations } from '../incarnation';
import type { ShardOwner } from '../shard-owner';
import type { CopyStore } from './copy-store';
import { ShardExport } from './shard-export';
import { headOf, refused, ShardImport, type CopyCodec } from './shard-import';

export interface CopiesParts {
  copies: CopyStore;
  codec: CopyCodec;
  inspector: ShardInspector;
  incarnations: Incarnations;
  shards: number;
  clock: Clock;
  ids: Ids;
  logger: Logger;
  /** Gives a shard up in order and takes it anew. */
  reload: (shard: number) => void;
}

/** With which nobody goes on for so long is given up. */
const IDLE_MS = 60_000;

/** What is copied of an owner, and by what it is known. */
export type CopiedOwner = Pick<ShardOwner, 'shard' | 'epoch' | 'importing' | 'insides'>;

interface Exporting {
  copy: ShardExport;
  owner: CopiedOwner;
  idle: Cancel;
}

/** Of an owner that has opened with the mark of an import. */
interface Importing {
  /** Once its first part has come. */
  copy: ShardImport | undefined;
  owner: CopiedOwner;
  idle: Cancel;
  /** The part that is being taken: the same one again is answered with it. */
  taking: { seq: number; reply: Promise<ShardImportReply> } | undefined;
  /** Nothing is taken any more. */
  isOver: boolean;
}

type Begun = Importing & { copy: ShardImport };

/**
 * Copies of the shards that this process owns, out and in, one of each at a time.
 *
 * C1. While a shard is imported it serves nobody, and is marked: whoever takes it over meanwhile deletes what has come so far.
 * C2. What is refused, or given up, leaves the shard empty and serving. An import that was marked, and that nobody goes on with, is
 *     given up by whoever owns the shard then.
 * C3. An imported shard begins a new incarnation: nothing is used again that was used since the copy was made.
 */
export class Copies {
  private readonly exports = new Map<number, Exporting>();
  private readonly imports = new Map<number, Importing>();

  constructor(private readonly parts: CopiesParts) {}

  /** An owner has begun to serve: if it has a mark it waits for its import, for so long. @returns to be called when it ends */
  serves(owner: CopiedOwner): Cancel {
    if (owner.importing === undefined) return () => undefined;
    const importing: Importing = {
      ...{ copy: undefined, owner, idle: () => undefined, taking: undefined, isOver: false },
    };
    this.imports.set(owner.shard, importing);
    this.awaitMore(importing);
    return () => {
      importing.isOver = true;
      importing.idle();
    };
  }

  /** @throws MultiswarmError `copy-not-found` where the export is none of this owner's: begin a new one */
  async export(owner: CopiedOwner, { run, seq }: Omit<ExportShard, 'shard'>): Promise<ShardExportPart> {
    const { shard } = owner;
    const known = this.exports.get(shard);
    if (run === undefined && seq === 0) return this.goOn(shard, await this.beginExport(owner), seq);
    if (known?.owner !== owner || known.copy.run !== run)
      throw new MultiswarmError('copy-not-found', `shard ${shard} has no export "${run}": begin a new one`);
    return this.goOn(shard, known, seq);
  }

  /** @throws MultiswarmError `copy-refused`, `copy-not-found` */
  async import(owner: CopiedOwner, asked: Omit<ImportShard, 'shard'>): Promise<ShardImportReply> {
    const { run, seq, lines } = asked;
    if (run === undefined) return this.beginImport(owner, asked);
    const { shard } = owner;
    const known = this.importingOf(owner)?.copy?.run === run;
    // The mark is gone, and the answer that said so may be lost: whoever repeats what was asked is told the same.
    const done = known ? undefined : await this.parts.copies.imported(shard);
    if (done?.run === run) return done;
    const importing = this.importOf(owner, run, lines, seq);
    if (!importing) return { run, state: 'preparing', seq: 0, tasks: 0, runs: 0 };
    const { copy, taking } = importing;
    if (taking?.seq === seq) return taking.reply;
    if (seq === 0 || seq === copy.seq - 1) return replyOf(copy);
    if (seq !== copy.seq || importing.isOver)
      throw new MultiswarmError(
        'copy-not-found',
        `part ${seq} is not the one that is awaited: begin a new import`,
      );
    const reply = this.takePart(owner, copy, lines).finally(() => (importing.taking = undefined));
    importing.taking = { seq, reply };
    return reply;
  }

  /** The shard begins a new incarnation. */
  async recover(
    owner: CopiedOwner,
    { requestedBy, reason }: Omit<RecoverShard, 'shard'>,
  ): Promise<RecoverShardReply> {
    const { incarnations, logger, clock, reload } = this.parts;
    const { shard } = owner;
    await incarnations.askFor(shard);
    logger.warn('a new incarnation of a shard was asked for', { shard, requestedBy, reason });
    clock.soon(() => reload(shard));
    return { shard, state: 'beginning' };
  }

  private async beginExport(owner: CopiedOwner): Promise<Exporting> {
    const { ids, copies, incarnations, shards, clock } = this.parts;
    const { shard, epoch } = owner;
    const { attemptBase } = await incarnations.of(shard);
    const exportedAt = new Date(clock.now()).toISOString();
    const head: ShardCopyHead = {
      format: 'multiswarm-shard',
      v: 1,
      shards,
      shard,
      epoch,
      attemptBase,
      exportedAt,
    };
    this.endExport(shard);
    const copy = new ShardExport(ids.next(), owner.insides(), copies, head);
    const exporting = { copy, owner, idle: (): void => undefined };
    this.exports.set(shard, exporting);
    return exporting;
  }

  private async goOn(shard: number, exporting: Exporting, seq: number): Promise<ShardExportPart> {
    exporting.idle();
    exporting.idle = this.parts.clock.after(IDLE_MS, () => {
      if (this.exports.get(shard) === exporting) this.endExport(shard);
    });
    return exporting.copy.next(seq);
  }

  private endExport(shard: number): void {
    const known = this.exports.get(shard);
    known?.idle();
    known?.copy.close();
    this.exports.delete(shard);
  }

  private async beginImport(
    owner: CopiedOwner,
    asked: Omit<ImportShard, 'shard'>,
  ): Promise<ShardImportReply> {
    const { ids, copies, inspector, shards, logger, clock, reload } = this.parts;
    const { shard } = owner;
    const { lines, replace, requestedBy, reason } = asked;
    headOf(lines[0], shard, shards, clock.now());
    const importing = this.importingOf(owner);
    // One of which not even the first part has come may have been left, by whoever began it: another one takes its place.
    if (importing?.copy)
      throw refused(`shard ${shard} is being imported: wait a minute, or until that is over`);
    if (importing) this.awaitMore(importing);
    const { tasks, workflows } = await inspector.sums(shard);
    if (tasks + workflows > 0 && !replace)
      throw refused(`shard ${shard} is not empty: it has ${tasks} tasks and ${workflows} workflows`);
    const run = ids.next();
    if (!(await copies.mark(shard, owner.epoch, run)))
      throw new MultiswarmError('stale-epoch', `shard ${shard} has another owner`);
    logger.warn('a shard is imported', { shard, run, replaced: { tasks, workflows }, requestedBy, reason });
    clock.soon(() => reload(shard));
    return { run, state: 'preparing', seq: 0, tasks: 0, runs: 0 };
  }

  /** @returns undefined where the shard has not been taken anew yet */
  private importOf(
    owner: CopiedOwner,
    run: string,
    lines: ImportShard['lines'],
    seq: number,
  ): Begun | undefined {
    const { shard } = owner;
    const importing = this.importingOf(owner);
    let copy = importing?.copy;
    if (!importing || copy?.run !== run) {
      if (seq > 0)
        throw new MultiswarmError('copy-not-found', `shard ${shard} has no import "${run}": begin a new one`);
      if (!importing || owner.importing !== run) return undefined;
      const head = headOf(lines[0], shard, this.parts.shards, this.parts.clock.now());
      copy = new ShardImport(run, head, owner.insides(), this.parts.codec);
    }
    this.awaitMore(importing);
    return Object.assign(importing, { copy });
  }

  private importingOf(owner: CopiedOwner): Importing | undefined {
    const known = this.imports.get(owner.shard);
    return known?.owner === owner ? known : undefined;
  }

  private awaitMore(importing: Importing): void {
    importing.idle();
    if (importing.isOver) return;
    importing.idle = this.parts.clock.after(IDLE_MS, () => {
      if (importing.taking) return this.awaitMore(importing);
      // Where that fails the shard would serve nobody for ever: again.
      this.giveUp(importing.owner).catch(() => this.awaitMore(importing));
    });
  }

  private async takePart(
    owner: CopiedOwner,
    copy: ShardImport,
    lines: ImportShard['lines'],
  ): Promise<ShardImportReply> {
    try {
      await copy.take(lines);
      if (copy.end) await this.finish(owner, copy, copy.end.batchSeq);
      copy.next();
      return replyOf(copy);
    } catch (error) {
      if (error instanceof MultiswarmError && error.code === 'copy-refused') await this.giveUp(owner);
      throw error;
    }
  }

  private async finish(owner: CopiedOwner, copy: ShardImport, batchSeq: number): Promise<void> {
    const { copies, logger } = this.parts;
    const { run, tasks, runs } = copy;
    const { epoch, attemptBase } = copy.head;
    const done: ShardImportReply = { ...replyOf(copy), seq: copy.seq + 1, state: 'done' };
    const isStored = await copies.unmark(owner.shard, owner.epoch, { epoch, attemptBase, batchSeq }, done);
    this.over(owner);
    // The mark is still there: the next owner deletes all of it.
    if (!isStored) throw new MultiswarmError('stale-epoch', `shard ${owner.shard} has another owner`);
    logger.warn('a shard was imported', { shard: owner.shard, run, tasks: tasks.size, runs: runs.size });
  }

  /** C2. Whoever has lost the shard deletes nothing: what is there now is another owner's. */
  private async giveUp(owner: CopiedOwner): Promise<void> {
    const { copies, logger } = this.parts;
    const { shard, epoch, importing: run } = owner;
    if (run === undefined || !(await copies.clear(shard, epoch, run, true))) return;
    this.over(owner);
    logger.warn('the import of a shard was given up', { shard });
  }

  private over(owner: CopiedOwner): void {
    const { clock, reload } = this.parts;
    const importing = this.importingOf(owner);
    if (importing) {
      importing.isOver = true;
      importing.idle();
    }
    clock.soon(() => {
      reload(owner.shard);
    });
  }
}

function replyOf({ run, seq, tasks, runs, isDone }: ShardImport): ShardImportReply {
  return { run, state: isDone ? 'done' : 'open', seq, tasks: tasks.size, runs: runs.size };
}
