import { isTerminal, keys, type EventBatch } from '@multiswarm/contracts';
import { eventBatches } from '../../application/event-batches';
import type { TaskRecord } from '../../domain/task/record';
import type { Batch, Write } from '../../ports';

/** One Redis command: name, key, further arguments. */
export type Command = readonly [name: string, key: string, ...args: (string | number)[]];

/** The commands of a batch, in the order of its writes; then counters and the outbox, once per batch. */
export function encodeBatch(batch: Batch): Command[] {
  const { shard } = batch;
  const commands = batch.writes.flatMap((write) => encodeWrite(shard, write));
  for (const [state, by] of sumCounts(batch.writes))
    commands.push(['HINCRBY', keys.counts(shard), state, by]);
  for (const entry of eventBatches(batch)) commands.push(outboxEntry(entry));
  return commands;
}

function encodeWrite(shard: number, write: Write): Command[] {
  switch (write.kind) {
    case 'task':
      return encodeTask(shard, write.record, write.isNew);
    case 'run': {
      const { id, spec, ...state } = write.record;
      const key = keys.workflow(shard, id);
      const body: Command[] = [
        ['HSET', key, 'state', JSON.stringify(state), 'progress', JSON.stringify(write.progress)],
      ];
      if (write.isNew) {
        body.push(
          ['HSET', key, 'spec', JSON.stringify(spec), 'hash', spec.bodyHash],
          ['ZADD', keys.workflows(shard), state.createdAt, id],
          ['SADD', keys.activeWorkflows(shard), id],
        );
      }
      if (state.state !== 'running') body.push(['SREM', keys.activeWorkflows(shard), id]);
      return body;
    }
    case 'run-progress':
      return [['HSET', keys.workflow(shard, write.runId), 'progress', JSON.stringify(write.progress)]];
    case 'root-ended':
      return [['ZADD', keys.ended(shard), write.expiresAt, write.root]];
    case 'event':
      return [['RPUSH', keys.history(shard, write.event.root), JSON.stringify(write.event)]];
    case 'forget':
      return encodeForget(shard, write.root, write.taskIds);
    case 'count':
      return [];
  }
}

function encodeTask(shard: number, record: TaskRecord, isNew: boolean): Command[] {
  const { id, spec, output, ...state } = record;
  const key = keys.task(shard, id);
  const commands: Command[] = [['HSET', key, 'state', JSON.stringify(state)]];
  if (isNew) {
    commands.push(
      ['HSET', key, 'spec', JSON.stringify(spec), 'hash', spec.bodyHash ?? ''],
      ['ZADD', keys.tasks(shard), state.createdAt, id],
      ['SADD', keys.activeTasks(shard), id],
    );
  }
  if (output !== undefined) commands.push(['HSET', key, 'output', JSON.stringify(output)]);
  if (isTerminal(state.state)) commands.push(['SREM', keys.activeTasks(shard), id]);
  return commands;
}

function encodeForget(shard: number, root: string, taskIds: readonly string[]): Command[] {
  const commands: Command[] = [
    ['DEL', keys.history(shard, root)],
    ['ZREM', keys.ended(shard), root],
  ];
  for (const id of taskIds) commands.push(['DEL', keys.task(shard, id)], ['ZREM', keys.tasks(shard), id]);
  if (root.startsWith('w'))
    commands.push(['DEL', keys.workflow(shard, root)], ['ZREM', keys.workflows(shard), root]);
  return commands;
}

function sumCounts(writes: readonly Write[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const write of writes)
    if (write.kind === 'count') sums.set(write.state, (sums.get(write.state) ?? 0) + write.by);
  return new Map([...sums].filter(([, by]) => by !== 0));
}

/** The number of the message is the entry's id, so that the relay can name what it has handed over. */
function outboxEntry(entry: EventBatch): Command {
  return ['XADD', keys.outbox(entry.shard), `${entry.batchSeq}-0`, 'batch', JSON.stringify(entry)];
}
