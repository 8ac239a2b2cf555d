import { isTerminal, keys, type TaskState } from '@multiswarm/contracts';
import { eventMessages, printedEvents, textOf } from '../../application/event-batches';
import type { TaskRecord } from '../../domain/task/record';
import { isDead, isDeadLetter } from '../../domain/task/dead-letter';
import { factsOf } from '../../domain/task/dead-letter-facts';
import type { Batch } from '../../ports';
import { changesOf, type BatchChanges, type RunChange, type TaskChange } from './batch-changes';
import { CommitCommands, type Argument } from './commit-commands';
import { encodeFacts } from './dead-letter-codec';
import { addedField, encodeRunSpec, encodeRunState } from './run-codec';
import { encodeSpec, encodeState } from './task-codec';

export interface CommitInput {
  keys: string[];
  args: Argument[];
}

/** A batch as `commit.lua` takes it: few commands with many arguments each, whatever the number of its writes. */
export function encodeBatch(batch: Batch): CommitInput {
  const { shard, epoch, after, batchSeq, writes } = batch;
  const commands = new CommitCommands([keys.shard(shard), keys.outbox(shard)]);
  const changes = changesOf(writes);
  removeForgotten(commands, shard, changes);
  writeTasks(commands, shard, changes.tasks);
  for (const [id, change] of changes.runs) writeRun(commands, shard, id, change);
  writeEnded(commands, shard, changes.ended);
  for (const [state, by] of changes.counts)
    if (by !== 0) commands.add('HINCRBY', keys.counts(shard), [state, by]);
  const { histories, args } = encodeEvents(batch);
  return {
    keys: [...commands.keys, ...histories],
    args: [epoch, after, batchSeq, commands.keys.length + 1, commands.count, ...commands.args, ...args],
  };
}

function removeForgotten(
  commands: CommitCommands,
  shard: number,
  { forgottenTasks, forgottenRoots }: BatchChanges,
): void {
  for (const key of [keys.specs(shard), keys.states(shard)]) commands.add('HDEL', key, forgottenTasks);
  commands.add('ZREM', keys.tasks(shard), forgottenTasks);
  commands.add('ZREM', keys.waitingTasks(shard), forgottenTasks);
  commands.add('SREM', keys.activeTasks(shard), forgottenTasks);
  commands.add('ZREM', keys.ended(shard), forgottenRoots);
  const runs = forgottenRoots.filter(isRun);
  commands.add('ZREM', keys.workflows(shard), runs);
  commands.add('SREM', keys.activeWorkflows(shard), runs);
  commands.add('ZREM', keys.deadLetters(shard), forgottenTasks);
  commands.add('HDEL', keys.deadLetterFacts(shard), forgottenTasks);
  commands.add('HDEL', keys.payloadRefs(shard), forgottenTasks);
  for (const root of forgottenRoots) commands.addAlone('UNLINK', keys.history(shard, root));
  for (const run of runs) commands.addAlone('UNLINK', keys.workflow(shard, run));
}

function writeTasks(commands: CommitCommands, shard: number, changes: ReadonlyMap<string, TaskChange>): void {
  const specs: Argument[] = [];
  const states: Argument[] = [];
  const created: Argument[] = [];
  const payloads: Argument[] = [];
  const moves = new Moves();
  const letters = new LetterMoves();
  for (const [id, { record, isNew, was }] of changes) {
    if (isNew) {
      specs.push(id, encodeSpec(record));
      created.push(record.createdAt, id);
      moves.add(record, undefined);
    } else {
      states.push(id, encodeState(record));
      moves.add(record, was ?? 'unknown');
    }
    letters.add(record, isNew ? undefined : (was ?? 'unknown'));
    if (record.outputRef !== undefined || (isNew && record.spec.inputRef !== undefined))
      payloads.push(id, payloadsOf(record));
  }
  commands.add('HSET', keys.specs(shard), specs);
  commands.add('HSET', keys.states(shard), states);
  commands.add('ZADD', keys.tasks(shard), created);
  commands.add('HSET', keys.payloadRefs(shard), payloads);
  commands.add('ZREM', keys.waitingTasks(shard), moves.outOfWaiting);
  commands.add('ZADD', keys.waitingTasks(shard), moves.intoWaiting);
  commands.add('SREM', keys.activeTasks(shard), moves.outOfActive);
  commands.add('SADD', keys.activeTasks(shard), moves.intoActive);
  commands.add('ZREM', keys.deadLetters(shard), letters.gone);
  commands.add('HDEL', keys.deadLetterFacts(shard), letters.gone);
  commands.add('ZADD', keys.deadLetters(shard), letters.times);
  commands.add('HSET', keys.deadLetterFacts(shard), letters.facts);
}

/** All that a task refers to, as long as it is stored. */
export function payloadsOf({ spec, outputRef }: TaskRecord): string {
  return [spec.inputRef, outputRef].flatMap((ref) => (ref ? [ref.id] : [])).join(' ');
}

/** Which tasks enter and leave the two groups that a new owner reads. */
class Moves {
  /** With the order as score. */
  readonly intoWaiting: Argument[] = [];
  readonly outOfWaiting: Argument[] = [];
  readonly intoActive: Argument[] = [];
  readonly outOfActive: Argument[] = [];

  /** @param was undefined for a task that is not stored */
  add(record: TaskRecord, was: TaskState | 'unknown' | undefined): void {
    const { id, order } = record;
    const from = was === 'unknown' ? was : was && groupOf(record, was);
    const to = groupOf(record, record.state);
    if (from === to) return;
    if (from === 'waiting' || (from === 'unknown' && to !== 'waiting')) this.outOfWaiting.push(id);
    if (from === 'active' || (from === 'unknown' && to !== 'active')) this.outOfActive.push(id);
    if (to === 'waiting') this.intoWaiting.push(order, id);
    if (to === 'active') this.intoActive.push(id);
  }
}

/** Which tasks become dead letters, and which are none any more: nothing for tasks that never were. */
class LetterMoves {
  /** With the time of the end as score. */
  readonly times: Argument[] = [];
  readonly facts: Argument[] = [];
  readonly gone: Argument[] = [];

  /** @param was undefined for a task that is not stored */
  add(record: TaskRecord, was: TaskState | 'unknown' | undefined): void {
    if (isDeadLetter(record)) {
      this.times.push(record.since, record.id);
      this.facts.push(record.id, encodeFacts(factsOf(record)));
    } else if (was !== undefined && (was === 'unknown' || isDead(was))) this.gone.push(record.id);
  }
}

/** Active is what an owner must know before it serves: placed tasks, and every step that has not ended. */
function groupOf({ spec }: TaskRecord, state: TaskState): 'active' | 'waiting' | undefined {
  if (isTerminal(state)) return undefined;
  const placed = state === 'assigned' || state === 'running';
  return placed || spec.workflowId !== undefined ? 'active' : 'waiting';
}

function writeRun(
  commands: CommitCommands,
  shard: number,
  id: string,
  { record, progress, isNew, steps }: RunChange,
): void {
  const fields: Argument[] = progress ? ['progress', JSON.stringify(progress)] : [];
  for (const [from, added] of steps ?? []) fields.push(addedField(from), JSON.stringify(added));
  if (record) fields.push('state', encodeRunState(record));
  if (record && isNew) fields.push('spec', encodeRunSpec(record), 'hash', record.spec.bodyHash);
  commands.add('HSET', keys.workflow(shard, id), fields);
  if (!record) return;
  if (isNew) commands.add('ZADD', keys.workflows(shard), [record.createdAt, id]);
  commands.add(record.state === 'running' ? 'SADD' : 'SREM', keys.activeWorkflows(shard), [id]);
}

function writeEnded(
  commands: CommitCommands,
  shard: number,
  ended: ReadonlyMap<string, number | undefined>,
): void {
  const expires: Argument[] = [];
  const opened: Argument[] = [];
  for (const [root, at] of ended) {
    if (at === undefined) opened.push(root);
    else expires.push(at, root);
  }
  commands.add('ZREM', keys.ended(shard), opened);
  commands.add('ZADD', keys.ended(shard), expires);
}

/** Each event was printed once, whether it goes into a history, into a message or both. */
function encodeEvents(batch: Batch): { histories: string[]; args: Argument[] } {
  const histories: string[] = [];
  const args: Argument[] = [];
  for (const [root, texts] of printedEvents(batch.writes).histories) {
    for (let at = 0; at < texts.length; at += CommitCommands.MOST_ARGUMENTS) {
      const part = texts.slice(at, at + CommitCommands.MOST_ARGUMENTS);
      histories.push(keys.history(batch.shard, root));
      args.push(part.length, ...part);
    }
  }
  const messages = eventMessages(batch);
  args.push(messages.length);
  for (const message of messages) args.push(`${message.batchSeq}-0`, textOf(message));
  return { histories, args };
}

export function isRun(root: string): boolean {
  return root.startsWith('w');
}
