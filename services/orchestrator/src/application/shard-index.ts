import { MultiswarmError } from '@multiswarm/contracts';
import { delay, type Clock } from '@multiswarm/core';
import type { Criteria } from '../domain/search/criteria';
import { findCounts, findPage, ROWS_AT_ONCE, type Counts, type PageQuestion } from '../domain/search/scan';
import { TaskIndex, type TaskPlace } from '../domain/search/task-index';
import type { TaskRecord } from '../domain/task/record';
import type { ShardStore, Write } from '../ports';
import type { Breather } from './breather';
import type { Turns } from './turns';

/** Records that are read and taken in at once: what else the process has to do waits for no more than these. */
const RECORDS_AT_ONCE = 200;
const RETRY_MS = { first: 200, most: 5_000 };

export interface ShardIndexParts {
  shard: number;
  store: Pick<ShardStore, 'ids' | 'idCount' | 'tasks'>;
  clock: Clock;
  /** Of this process: one page of records is read at a time, for whichever shard. */
  turns: Turns;
  /** Of this process, too: searches take a little of each turn of the event loop. */
  breather: Breather;
  isClosed: () => boolean;
  onFault: (error: unknown) => void;
  rowsAtOnce?: number | undefined;
}

/**
 * What a shard is searched by: its committed tasks, in the memory of its owner.
 *
 * S1. It follows the commits of this owner, each when it is confirmed. What is read of the tasks that were there before is
 *     taken only where no commit has told of the task since, neither of a change nor of its end.
 * S2. Until all that were there are read it answers nothing.
 */
export class ShardIndex {
  private readonly index: TaskIndex;
  private isComplete = false;
  /** Deleted since the reading began. */
  private readonly forgotten = new Set<string>();
  private stored = 0;

  constructor(private readonly parts: ShardIndexParts) {
    this.index = new TaskIndex(parts.shard);
  }

  /** S1. */
  committed(writes: readonly Write[]): void {
    for (const write of writes) {
      if (write.kind === 'task') this.index.put(write.record);
      else if (write.kind === 'forget') for (const id of write.taskIds) this.forget(id);
    }
  }

  /** S1. What was read as it was committed. */
  take(records: readonly (TaskRecord | undefined)[]): void {
    for (const record of records)
      if (record && !this.index.has(record.id) && !this.forgotten.has(record.id)) this.index.put(record);
  }

  /** Reads what is stored; to be called once, when the owner serves. */
  async build(): Promise<void> {
    const { clock, isClosed, onFault } = this.parts;
    for (let wait = RETRY_MS.first; !isClosed(); wait = Math.min(RETRY_MS.most, wait * 2)) {
      try {
        await this.read();
        // They were read in whatever order Redis has them.
        await this.parts.breather.do(() => this.index.tidy());
        this.isComplete = !isClosed();
        this.forgotten.clear();
        return;
      } catch (error) {
        if (isClosed()) return;
        onFault(error);
        await delay(clock, wait);
      }
    }
  }

  /** @throws MultiswarmError `not-ready` while it is built */
  async page(question: PageQuestion): Promise<TaskPlace[]> {
    this.check();
    return this.inTurns(findPage(this.index, question, this.parts.rowsAtOnce ?? ROWS_AT_ONCE));
  }

  /** @throws MultiswarmError `not-ready` while it is built */
  async counts(criteria: Criteria, by: string): Promise<Counts> {
    this.check();
    return this.inTurns(findCounts(this.index, criteria, by, this.parts.rowsAtOnce ?? ROWS_AT_ONCE));
  }

  /** Whether all that was stored is in it. */
  get isWhole(): boolean {
    return this.isComplete;
  }

  has(id: string): boolean {
    return this.index.has(id);
  }

  /** In what it is not as the record of a task says. */
  differences(record: TaskRecord): string[] {
    return this.index.differences(record);
  }

  /** Places at which there are tasks, or were. */
  get rows(): number {
    return this.index.rows;
  }

  /** Tasks at some of these places. */
  idsFrom(row: number, count: number): string[] {
    const ids: string[] = [];
    for (let at = row; at < Math.min(row + count, this.index.rows); at += 1)
      if (!this.index.isGone(at)) ids.push(this.index.id(at));
    return ids;
  }

  /** Anew, as the record says. @param record undefined where there is no such task */
  enter(id: string, record: TaskRecord | undefined): void {
    if (record) this.index.enter(record);
    else this.index.remove(id);
  }

  private forget(id: string): void {
    this.index.remove(id);
    if (!this.isComplete) this.forgotten.add(id);
  }

  private async read(): Promise<void> {
    const { shard, store, isClosed } = this.parts;
    this.stored = await store.idCount(shard);
    for await (const page of store.ids(shard)) {
      const missing = page.filter((id) => id.startsWith('t') && !this.index.has(id));
      for (let at = 0; at < missing.length; at += RECORDS_AT_ONCE) {
        if (isClosed()) return;
        await this.readSome(missing.slice(at, at + RECORDS_AT_ONCE));
      }
    }
  }

  private async readSome(ids: readonly string[]): Promise<void> {
    const { shard, store, turns } = this.parts;
    await turns.take(async () => this.take(await store.tasks(shard, ids)));
  }

  private async inTurns<T>(steps: Generator<void, T>): Promise<T> {
    for (;;) {
      const step = await this.parts.breather.do(() => steps.next());
      if (step.done) return step.value;
    }
  }

  /** S2. */
  private check(): void {
    if (this.isComplete) return;
    const { shard } = this.parts;
    const text = `tasks of shard ${shard} are being read for searches: ${this.index.size} of about ${this.stored}`;
    throw new MultiswarmError('not-ready', text);
  }
}
