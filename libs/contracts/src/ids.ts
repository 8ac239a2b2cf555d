import { hash } from 'node:crypto';
import { z } from 'zod';

/**
 * Ids embed their shard, so that any replica finds the owner from the id alone:
 * `t<shard>-<unique>` for tasks, `w<shard>-<unique>` for workflow runs.
 */
export const TaskId = z.string().regex(/^t\d{1,4}-[0-9a-z]{8,40}$/, 'a task id looks like t3-0198c2...');
export const WorkflowId = z
  .string()
  .regex(/^w\d{1,4}-[0-9a-z]{8,40}$/, 'a workflow id looks like w3-0198c2...');

export function taskId(shard: number, unique: string): string {
  return `t${shard}-${unique}`;
}

export function workflowId(shard: number, unique: string): string {
  return `w${shard}-${unique}`;
}

/** Of ids of ours: whether it is that of a run, not of a task. */
export function isRunId(id: string): boolean {
  return id.startsWith('w');
}

/** The shard in an id, or undefined where the text is no id of ours or names a shard that does not exist. */
export function shardOf(id: string, shards: number): number | undefined {
  const match = /^[tw](\d{1,4})-[0-9a-z]{8,40}$/.exec(id);
  if (!match) return undefined;
  const shard = Number(match[1]);
  return shard < shards ? shard : undefined;
}

/** A submission with an idempotency key gets its id from (kind, namespace, key), so repeats meet in one shard under one id. */
export function keyedUnique(
  kind: 'task' | 'workflow',
  namespace: string,
  key: string,
): { unique: string; hash: number } {
  const digest = hash('sha256', `${kind}\0${namespace}\0${key}`, 'hex');
  return { unique: digest.slice(0, 32), hash: Number.parseInt(digest.slice(56), 16) };
}
