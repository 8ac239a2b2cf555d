import {
  LIMITS,
  MultiswarmError,
  type JsonValue,
  type ShardCopyHead,
  type ShardCopyLine,
  type ShardExportPart,
} from '@multiswarm/contracts';
import { jsonBytes } from '@multiswarm/core';
import type { Batch, Write } from '../../ports';
import type { ListedId } from '../check/inspector';
import type { OwnerInsides } from '../owner-insides';
import type { CopyStore } from './copy-store';

/** Bytes of one part: well under the 1 MiB that NATS carries, also with one large task. */
const PART_BYTES = 300 * 1024;
/** Tasks, and runs, that are read at once. */
const PAGE = { tasks: 100, workflows: 5 } as const;
/** So few that were touched are read together, at the end; more where they do not become fewer. */
const LAST = { few: 200, most: 5_000, rounds: 50 };

/**
 * A copy of a shard as it is after one commit, although it is read page by page while others are committed.
 *
 * E1. Every batch is seen before it leaves for the store. A task that was touched by a later commit than the one after which it
 *     was read is read again.
 * E2. At the end what is left is read in one transaction, with the number of the last commit: all that was touched up to that
 *     commit left for the store before that read did, and so is among what it reads. Of the lines about one task the last
 *     stands.
 * E3. One part is made at a time, for whoever asks for it.
 * E4. No more than `EXPORT_TOUCHED` is remembered: a copy that is taken more slowly than the shard changes is given up.
 */
export class ShardExport {
  private readonly touched = new Map<string, number>();
  private readonly lines: JsonValue[] = [];
  private readonly stop: () => void;
  private kind: 'tasks' | 'workflows' | 'touched' | 'over' = 'tasks';
  private after: ListedId | undefined;
  private rounds = 0;
  private part: ShardExportPart | undefined;
  /** E3. */
  private making: { seq: number; part: Promise<ShardExportPart> } | undefined;
  private fault: MultiswarmError | undefined;

  constructor(
    readonly run: string,
    private readonly owner: OwnerInsides,
    private readonly store: CopyStore,
    head: ShardCopyHead,
  ) {
    this.lines.push(head);
    this.stop = owner.tap.watch((batch) => this.take(batch));
  }

  /** @throws MultiswarmError `copy-not-found` for another part than the last one or the next, `copy-refused` (E4) */
  async next(seq: number): Promise<ShardExportPart> {
    if (this.fault) throw this.fault;
    if (this.making?.seq === seq) return this.making.part;
    if (this.part?.seq === seq) return this.part;
    if (this.making || seq !== (this.part ? this.part.seq + 1 : 0) || this.part?.done)
      throw notFound(`part ${seq} of this export is not the next one: begin a new one`);
    const part = this.make(seq).finally(() => (this.making = undefined));
    this.making = { seq, part };
    return part;
  }

  close(): void {
    this.end(notFound('this export is over: begin a new one'));
  }

  private async make(seq: number): Promise<ShardExportPart> {
    if (seq === 0) await this.owner.settled(); // E1: what left before nobody saw
    while (this.kind !== 'over' && !this.isFull()) {
      await this.readOn();
      // Of what was committed since then nothing was seen.
      if (this.fault) throw this.fault;
    }
    this.part = { run: this.run, seq, ...this.cut() };
    return this.part;
  }

  private end(fault: MultiswarmError): void {
    this.fault ??= fault;
    this.stop();
    this.touched.clear();
  }

  private isFull(): boolean {
    let bytes = 0;
    for (const line of this.lines) {
      bytes += jsonBytes(line);
      if (bytes >= PART_BYTES) return true;
    }
    return false;
  }

  private cut(): { lines: JsonValue[]; done: boolean } {
    let bytes = 0;
    let count = 0;
    for (; count < this.lines.length; count += 1) {
      bytes += jsonBytes(this.lines[count]);
      if (count > 0 && bytes > PART_BYTES) break;
    }
    const lines = this.lines.splice(0, count);
    return { lines, done: this.kind === 'over' && this.lines.length === 0 };
  }

  private async readOn(): Promise<void> {
    this.owner.state(); // throws where the shard is served no more
    if (this.kind === 'tasks' || this.kind === 'workflows') await this.readPage(this.kind);
    else await this.readTouched();
  }

  private async readPage(kind: 'tasks' | 'workflows'): Promise<void> {
    const { shard } = this.owner;
    const page: ListedId[] = await this.store.listed(kind, shard, this.after, PAGE[kind]);
    await this.read(page.map(({ id }) => id));
    this.after = page.at(-1);
    if (page.length === PAGE[kind]) return;
    this.after = undefined;
    this.kind = kind === 'tasks' ? 'workflows' : 'touched';
  }

  private async readTouched(): Promise<void> {
    this.rounds += 1;
    const isLast = this.touched.size <= (this.rounds > LAST.rounds ? LAST.most : LAST.few);
    if (!isLast) return this.read([...this.touched.keys()].slice(0, LAST.few));
    const last = await this.store.readLast(this.owner.shard, [...this.touched.keys()]);
    this.stop();
    const { batchSeq, tasks, runs, counts } = last;
    this.lines.push(...last.lines.map(asJson), { end: true, batchSeq, tasks, runs, counts });
    this.kind = 'over';
  }

  private async read(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    const { batchSeq, lines } = await this.store.read(this.owner.shard, ids);
    this.lines.push(...lines.map(asJson));
    for (const id of ids) if ((this.touched.get(id) ?? Infinity) <= batchSeq) this.touched.delete(id);
  }

  /** E1, E4. */
  private take({ batchSeq, writes }: Batch): void {
    for (const write of writes) for (const id of rootsOf(write)) this.touched.set(id, batchSeq);
    if (this.touched.size <= LIMITS.EXPORT_TOUCHED) return;
    const text = `more than ${LIMITS.EXPORT_TOUCHED} tasks and workflows have changed since this export began, and were not read again yet`;
    this.end(
      new MultiswarmError(
        'copy-refused',
        `${text}: begin a new one, and ask for its parts without pauses or when less goes on`,
      ),
    );
  }
}

/** What a write touches. */
function rootsOf(write: Write): readonly string[] {
  switch (write.kind) {
    case 'task':
    case 'run':
      return [write.record.id];
    case 'run-progress':
    case 'run-steps':
      return [write.runId];
    case 'event':
    case 'keep':
      return [write.event.root];
    case 'root-ended':
    case 'root-reopened':
      return [write.root];
    case 'forget':
      return [write.root, ...write.taskIds];
    case 'count':
      return [];
  }
}

function notFound(text: string): MultiswarmError {
  return new MultiswarmError('copy-not-found', text);
}

/** Fields that are left out are absent, not undefined. */
function asJson(line: ShardCopyLine): JsonValue {
  return line as JsonValue;
}
