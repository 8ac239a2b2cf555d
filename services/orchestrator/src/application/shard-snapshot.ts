import type { TaskRecord } from '../domain/task/record';
import { isHeld, isPlaceable } from '../domain/task/record';
import type { SnapshotPage } from '../ports';
import { STREAM_PAGE, type ColdTasks } from './cold-tasks';
import { heldAttempt, queuedChange } from './shard-effects';
import type { ShardState } from './shard-state';

/**
 * Everything that a scheduler has to know of a shard: what is held first, then what is queued, oldest first; last what is
 * queued and not committed yet.
 * @param stateOf throws where the shard is not served any more
 */
export async function* snapshotOf(
  state: ShardState,
  cold: ColdTasks,
  stateOf: () => ShardState,
): AsyncGenerator<SnapshotPage> {
  const hot = [...state.hot()];
  yield* pagesOf(hot.filter(isHeld).map(heldAttempt), (held) => ({ held }));
  const steps = hot.filter((record) => record.spec.workflowId !== undefined && isPlaceable(record));
  yield* pagesOf(steps.sort(byOrder), queuedPage);
  const lone = new Set(hot.filter(({ spec }) => spec.workflowId === undefined).map(({ id }) => id));
  const missed = new Set<string>();
  for await (const page of cold.waiting(missed)) {
    stateOf();
    for (const { id } of page) lone.delete(id);
    // What is in memory is newer than what was read.
    yield* pagesOf(page.map((record) => state.task(record.id) ?? record).filter(isPlaceable), queuedPage);
  }
  // Neither read nor let go: not committed when it was their page's turn. Some are by now, and may have left the memory.
  const left = [...(await cold.recall([...new Set([...lone, ...missed])], stateOf)).values()].filter(
    isPlaceable,
  );
  yield* pagesOf(left.sort(byOrder), queuedPage);
}

function byOrder(one: TaskRecord, other: TaskRecord): number {
  return one.order - other.order;
}

function queuedPage(records: readonly TaskRecord[]): SnapshotPage {
  return { queued: records.map((record) => queuedChange(record)) };
}

function* pagesOf<T>(items: readonly T[], page: (items: T[]) => SnapshotPage): Generator<SnapshotPage> {
  for (let at = 0; at < items.length; at += STREAM_PAGE) yield page(items.slice(at, at + STREAM_PAGE));
}
