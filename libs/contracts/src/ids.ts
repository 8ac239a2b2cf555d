import { createHash } from 'node:crypto';
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
  const digest = createHash('sha256').update(`${kind}\0${namespace}\0${key}`).digest();
  return { unique: digest.toString('hex').slice(0, 32), hash: digest.readUInt32BE(28) };
}

/** Same body, same hash: key order does not matter. */
export function bodyHash(body: unknown): string {
  return createHash('sha256').update(canonical(body)).digest('hex').slice(0, 32);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
