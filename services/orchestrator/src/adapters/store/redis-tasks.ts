import { keys } from '@multiswarm/contracts';
import type { Store } from '@multiswarm/store';
import type { TaskRecord } from '../../domain/task/record';
import type { WaitingPlace } from '../../ports';
import { decodeTask } from './task-codec';

/** Tasks that are read at once: Redis must not be busy for long, and an input may have LIMITS.TASK_INPUT_BYTES. */
const PAGE = 200;

/** The replies of a pipeline, which rejects nothing by itself: faults of the connection are among its replies. */
export function firstErrorThrown(replies: [Error | null, unknown][] | null): unknown[] {
  return (replies ?? []).map(([error, value]) => {
    if (error) throw error;
    return value;
  });
}

/** Tasks as they were committed, in the order of `ids`. */
export async function readTasks(
  store: Store,
  shard: number,
  ids: readonly string[],
): Promise<(TaskRecord | undefined)[]> {
  const found: (TaskRecord | undefined)[] = [];
  for (let at = 0; at < ids.length; at += PAGE)
    found.push(...(await readPage(store, shard, ids.slice(at, at + PAGE))));
  return found;
}

/** In one transaction: specification and state of a task have to be of the same moment. */
async function readPage(
  store: Store,
  shard: number,
  ids: readonly string[],
): Promise<(TaskRecord | undefined)[]> {
  const replies = await store.guard(async (redis) => {
    const read = redis.multi();
    read.hmget(keys.specs(shard), ...ids).hmget(keys.states(shard), ...ids);
    return firstErrorThrown(await read.exec());
  });
  const [specs, states] = replies as [(string | null)[], (string | null)[]];
  return ids.map((id, index) => decodeTask(id, specs[index], states[index]));
}

/** Lone tasks that wait, from behind `after` on. Shorter than `limit` only where there are no more. */
export async function readWaiting(
  store: Store,
  shard: number,
  after: WaitingPlace | undefined,
  limit: number,
): Promise<TaskRecord[]> {
  const found: TaskRecord[] = [];
  let place = after;
  while (found.length < limit) {
    const places = await placesBehind(store, shard, place, Math.min(PAGE, limit - found.length));
    place = places.at(-1);
    if (!place) break;
    const records = await readTasks(
      store,
      shard,
      places.map(({ id }) => id),
    );
    // Between the two reads a task may have left the line.
    for (const record of records) if (record && stillWaits(record)) found.push(record);
  }
  return found;
}

function stillWaits({ state }: TaskRecord): boolean {
  return state === 'queued' || state === 'blocked' || state === 'waiting' || state === 'backoff';
}

/** Redis orders equal scores by the bytes of the member, which for ids is the order of texts. */
async function placesBehind(
  store: Store,
  shard: number,
  after: WaitingPlace | undefined,
  limit: number,
): Promise<WaitingPlace[]> {
  const key = keys.waitingTasks(shard);
  const replies = await store.guard(async (redis) => {
    const read = redis.pipeline();
    if (after) read.zrangebyscore(key, after.order, after.order, 'WITHSCORES');
    const from = after ? `(${after.order}` : '-inf';
    read.zrangebyscore(key, from, '+inf', 'WITHSCORES', 'LIMIT', 0, limit);
    return firstErrorThrown(await read.exec());
  });
  const places = (replies as string[][]).flatMap(toPlaces);
  return places.filter(({ order, id }) => !after || order > after.order || id > after.id).slice(0, limit);
}

function toPlaces(reply: string[]): WaitingPlace[] {
  const places: WaitingPlace[] = [];
  for (let at = 0; at + 1 < reply.length; at += 2)
    places.push({ id: reply[at] as string, order: Number(reply[at + 1]) });
  return places;
}
