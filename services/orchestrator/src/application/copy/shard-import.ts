import {
  Event,
  MultiswarmError,
  parseOrThrow,
  ShardCopyEnd,
  ShardCopyHead,
  ShardCopyLine,
  type JsonValue,
} from '@multiswarm/contracts';
import type { TaskRecord } from '../../domain/task/record';
import type { RunProgress, RunRecord } from '../../domain/workflow/run';
import type { Change } from '../change';
import type { OwnerInsides } from '../owner-insides';

/** Turns what is in a copy back into records. @throws where it is none */
export interface CopyCodec {
  task(id: string, spec: JsonValue, state: JsonValue | undefined): TaskRecord;
  run(
    id: string,
    spec: JsonValue,
    state: JsonValue,
    progress: JsonValue,
  ): { run: RunRecord; progress: RunProgress };
}

/** Lines of one commit. */
const TOGETHER = 50;

/** @throws MultiswarmError `copy-refused` */
export function headOf(line: JsonValue | undefined, shard: number, shards: number): ShardCopyHead {
  const head = ShardCopyHead.safeParse(line);
  if (!head.success) throw refused('it does not begin as a copy of a shard of version 1 does');
  if (head.data.shards !== shards)
    throw refused(
      `it was made with SHARDS=${head.data.shards}, here there are ${shards}: ids would lead to other shards`,
    );
  if (head.data.shard !== shard) throw refused(`it is of shard ${head.data.shard}, not ${shard}`);
  return head.data;
}

/** Takes in the parts of one copy, by commits of the owner of a shard that is empty and serves nobody meanwhile. */
export class ShardImport {
  seq = 1;
  tasks = new Set<string>();
  runs = new Set<string>();
  end: ShardCopyEnd | undefined;
  /** Its mark was taken away: it stays. */
  isDone = false;

  constructor(
    readonly run: string,
    readonly head: ShardCopyHead,
    private readonly owner: OwnerInsides,
    private readonly codec: CopyCodec,
  ) {}

  /** @throws MultiswarmError `copy-refused` where a line is none of a copy of this shard */
  async take(lines: readonly JsonValue[]): Promise<void> {
    for (let at = 0; at < lines.length; at += TOGETHER) {
      const change = this.owner.state().change();
      for (const line of lines.slice(at, at + TOGETHER)) this.line(line, change);
      await this.owner.commit(change);
    }
  }

  private line(given: JsonValue, change: Change): void {
    if (this.end) throw refused('there are lines after its end');
    const end = ShardCopyEnd.safeParse(given);
    if (end.success) return this.over(end.data, change);
    const line = ShardCopyLine.safeParse(given);
    if (!line.success) throw refused(`this is no line of a copy: ${JSON.stringify(given).slice(0, 80)}`);
    const told = line.data;
    try {
      if ('task' in told) this.takeTask(told, change);
      else if ('run' in told) this.takeRun(told, change);
      else if ('gone' in told) this.gone(told.gone, change);
      else this.takeHistory(told, change);
    } catch (error) {
      if (error instanceof MultiswarmError && error.code === 'copy-refused') throw error;
      throw refused(`a line cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** What was told of it before is void. */
  private takeTask(line: Extract<ShardCopyLine, { task: string }>, change: Change): void {
    const { task: id, spec, state, expiresAt } = line;
    this.own(id, 't');
    const record = this.codec.task(id, spec, state);
    change.forget(id, [id]);
    change.writes.push({ kind: 'task', record, isNew: true });
    if (expiresAt !== undefined) change.rootEnded(id, expiresAt);
    this.tasks.add(id);
  }

  private takeRun(line: Extract<ShardCopyLine, { run: string }>, change: Change): void {
    const { run: id, spec, state, progress, expiresAt } = line;
    this.own(id, 'w');
    const { run, progress: known } = this.codec.run(id, spec, state, progress);
    change.forget(id, []);
    change.writes.push({ kind: 'run', record: run, progress: known, isNew: true });
    if (expiresAt !== undefined) change.rootEnded(id, expiresAt);
    this.runs.add(id);
  }

  /** Its lines follow that of its root, which has removed what was told before. */
  private takeHistory(
    { history, events }: Extract<ShardCopyLine, { history: string }>,
    change: Change,
  ): void {
    if (!this.tasks.has(history) && !this.runs.has(history))
      throw refused(`a history of ${history}, which it has not`);
    for (const event of events) change.writes.push({ kind: 'keep', event: parseOrThrow(Event, event) });
  }

  private gone(id: string, change: Change): void {
    change.forget(id, id.startsWith('w') ? [] : [id]);
    this.tasks.delete(id);
    this.runs.delete(id);
  }

  private over(end: ShardCopyEnd, change: Change): void {
    const { tasks, runs } = this;
    if (tasks.size !== end.tasks || runs.size !== end.runs)
      throw refused(
        `it says ${end.tasks} tasks and ${end.runs} workflows, and has ${tasks.size} and ${runs.size}`,
      );
    for (const [state, by] of Object.entries(end.counts)) change.writes.push({ kind: 'count', state, by });
    this.end = end;
  }

  private own(id: string, kind: 't' | 'w'): void {
    if (!id.startsWith(`${kind}${this.owner.shard}-`))
      throw refused(`${id} is no id of shard ${this.owner.shard}`);
  }
}

export function refused(why: string): MultiswarmError {
  return new MultiswarmError('copy-refused', why);
}
