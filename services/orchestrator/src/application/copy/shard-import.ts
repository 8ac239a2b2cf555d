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
/**
 * No larger numbers are taken over. The shard goes on from them, and they must not come near 2^53, from where on there is no next
 * one: epochs follow the clock of Redis, in seconds, and a new incarnation adds a thousand million to the number of commits.
 */
const MOST = { epochAheadS: 365 * 24 * 3_600, batchSeq: 2 ** 50, attemptBase: 2 ** 40 };

/**
 * @param now epoch ms
 * @throws MultiswarmError `copy-refused`
 */
export function headOf(
  line: JsonValue | undefined,
  shard: number,
  shards: number,
  now: number,
): ShardCopyHead {
  const head = ShardCopyHead.safeParse(line);
  if (!head.success) throw refused('it does not begin as a copy of a shard of version 1 does');
  if (head.data.shards !== shards)
    throw refused(
      `it was made with SHARDS=${head.data.shards}, here there are ${shards}: ids would lead to other shards`,
    );
  if (head.data.shard !== shard) throw refused(`it is of shard ${head.data.shard}, not ${shard}`);
  const { epoch, attemptBase } = head.data;
  limited('epoch', epoch, Math.floor(now / 1_000) + MOST.epochAheadS);
  limited('attemptBase', attemptBase, MOST.attemptBase);
  return head.data;
}

function limited(name: string, value: number, most: number): void {
  if (value > most)
    throw refused(
      `its ${name} is ${value}, and no shard has one over ${most}: it was changed, or a clock is wrong`,
    );
}

/**
 * Takes in the parts of one copy, by commits of the owner of a shard that is empty and serves nobody meanwhile.
 *
 * P1. A line is given to a commit once. What this owner has given is committed, or the owner is lost, and with it all that came: so a
 *     part that could not be taken to its end is gone on with where it stopped.
 */
export class ShardImport {
  seq = 1;
  tasks = new Set<string>();
  runs = new Set<string>();
  end: ShardCopyEnd | undefined;
  /** Its mark was taken away: it stays. */
  isDone = false;
  /** P1: lines of the part that is awaited. */
  private given = 0;
  /** The task or workflow of the last line, and how many events of its history have come. */
  private told = { root: '', events: 0 };

  constructor(
    readonly run: string,
    readonly head: ShardCopyHead,
    private readonly owner: OwnerInsides,
    private readonly codec: CopyCodec,
  ) {}

  /** @throws MultiswarmError `copy-refused` where a line is none of a copy of this shard */
  async take(lines: readonly JsonValue[]): Promise<void> {
    while (this.given < lines.length) {
      const change = this.owner.state().change();
      const some = lines.slice(this.given, this.given + TOGETHER);
      for (const line of some) this.line(line, change);
      this.given += some.length;
      await this.owner.commit(change);
    }
    await this.owner.settled();
  }

  /** The part was taken. */
  next(): void {
    this.seq += 1;
    this.given = 0;
    this.isDone = this.end !== undefined;
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
    this.told = { root: id, events: 0 };
  }

  private takeRun(line: Extract<ShardCopyLine, { run: string }>, change: Change): void {
    const { run: id, spec, state, progress, expiresAt } = line;
    this.own(id, 'w');
    const { run, progress: known } = this.codec.run(id, spec, state, progress);
    change.forget(id, []);
    change.writes.push({ kind: 'run', record: run, progress: known, isNew: true });
    if (expiresAt !== undefined) change.rootEnded(id, expiresAt);
    this.runs.add(id);
    this.told = { root: id, events: 0 };
  }

  /** Its lines follow that of its root, which has removed what was told before. */
  private takeHistory(
    { history, from, events }: Extract<ShardCopyLine, { history: string }>,
    change: Change,
  ): void {
    const { root, events: known } = this.told;
    if (history !== root || from !== known)
      throw refused(`events of ${history} from ${from} on, where it was at ${known} of ${root || 'none'}`);
    this.told.events += events.length;
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
    limited('batchSeq', end.batchSeq, MOST.batchSeq);
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
