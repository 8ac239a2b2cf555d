import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { keys, subjects, type EventBatch } from '@multiswarm/contracts';
import { eventually } from '@multiswarm/testing';
import { z } from 'zod';
import { World, type Replica } from './support/world';

let world: World;
/** So that whatever happens after the backup sets back all there is. */
const ONE_SHARD = { SHARDS: '1' };
const copy = (): string => join(world.redis.dir, '..', `backup-${world.redis.port}`);

beforeEach(async () => {
  world = await World.start();
});
afterEach(async () => {
  await rm(copy(), { recursive: true, force: true });
  await world.stop();
});

/** Copies the append-only file while Redis goes on, as docs/recovery.md tells. */
async function backUp(): Promise<void> {
  await world.store.redis.config('SET', 'auto-aof-rewrite-percentage', '0');
  await cp(join(world.redis.dir, 'appendonlydir'), copy(), { recursive: true });
  await world.store.redis.config('SET', 'auto-aof-rewrite-percentage', '100');
}

async function restore(): Promise<void> {
  await world.redis.kill('SIGKILL');
  await rm(join(world.redis.dir, 'appendonlydir'), { recursive: true });
  await cp(copy(), join(world.redis.dir, 'appendonlydir'), { recursive: true });
  await world.redis.restart();
}

async function shardNow(): Promise<{ epoch: number; batchSeq: number }> {
  const [epoch, batchSeq] = await world.store.redis.hmget(keys.shard(0), 'epoch', 'batchSeq');
  return { epoch: Number(epoch), batchSeq: Number(batchSeq) };
}

/** Follows all events as a consumer does that drops what is not newer than the last it has seen of a shard. */
function follow(): { seen: Map<number, number>; dropped: number; heard: string[] } {
  const reader = { seen: new Map<number, number>(), dropped: 0, heard: [] as string[] };
  world.bus.subscribe(
    subjects.allEvents(),
    { schema: z.custom<EventBatch>(() => true) },
    ({ shard, batchSeq, events }) => {
      if (batchSeq <= (reader.seen.get(shard) ?? 0)) reader.dropped += 1;
      else {
        reader.seen.set(shard, batchSeq);
        reader.heard.push(
          ...events.map(({ taskId, type, attempt }) => `${taskId} ${type} ${attempt ?? ''}`.trim()),
        );
      }
    },
  );
  return reader;
}

test('after a backup was restored everything ends, under numbers that nobody has seen, and every consumer hears of it', async () => {
  const holds = { ids: new Set<unknown>() };
  const first: Replica = await world.replica(ONE_SHARD);
  const swarm = await world.swarm('a', ({ input }) => (holds.ids.has(input) ? undefined : { output: input }));
  const reader = follow();
  holds.ids.add('runs').add('later');
  const done = await first.submit({ input: 'done' });
  await first.ended(done);
  const runs = await first.submit({ input: 'runs' });
  await first.inState(runs, 'running');
  const waits = await first.submit({ input: 'waits', waitFor: { signal: 'go' } });
  await first.inState(waits, 'waiting');
  await backUp();

  // What Redis will not know any more.
  await first.call('POST', `/v1/tasks/${waits}/signal`, { name: 'go' });
  await first.ended(waits);
  const key = { 'idempotency-key': 'after-the-backup' };
  const lost = await first.call('POST', '/v1/tasks', { type: 'echo', input: 'lost' }, key);
  const lostId = (lost.body as { id: string }).id;
  await first.ended(lostId);
  const before = await shardNow();
  await eventually(() => reader.heard.includes(`${lostId} task.succeeded 1`));
  await first.stop();
  await restore();

  const second = await world.replica(ONE_SHARD);
  holds.ids.clear();
  // Its attempt of before the backup counts no more; the next one has a number that nobody has used.
  const again = await second.ended(runs);
  expect(again).toMatchObject({ state: 'succeeded', output: 'runs' });
  expect(again.attempt).toBeGreaterThan(1_000_000);
  expect(again.attempts[0]).toMatchObject({ attempt: 1, outcome: 'lost' });
  expect((await second.task(done)).state).toBe('succeeded');
  // What was signalled since is not known, and can be signalled again; it runs under another number than the one that ran.
  expect((await second.task(waits)).state).toBe('waiting');
  await second.call('POST', `/v1/tasks/${waits}/signal`, { name: 'go' });
  const repeated = await second.ended(waits);
  expect(repeated.state).toBe('succeeded');
  expect(swarm.ran.filter((ref) => ref.startsWith(`${waits}#`))).toEqual([
    `${waits}#1`,
    `${waits}#${repeated.attempt}`,
  ]);
  // A submission that was lost is accepted anew when its client repeats it, under the same id and another number.
  expect((await second.call('GET', `/v1/tasks/${lostId}`)).status).toBe(404);
  const anew = await second.call('POST', '/v1/tasks', { type: 'echo', input: 'lost' }, key);
  expect(anew.body).toMatchObject({ id: lostId, duplicate: false });
  const redone = await second.ended(lostId);
  expect(redone.attempt).toBeGreaterThan(1_000_000);

  const after = await shardNow();
  expect(after.batchSeq).toBeGreaterThan(before.batchSeq + 1_000_000);
  expect(after.epoch).toBeGreaterThan(before.epoch);
  expect(await world.store.redis.hget(keys.shard(0), 'baseEpoch')).toBe(String(after.epoch));
  for (const [id, { attempt }] of [
    [lostId, redone],
    [runs, again],
    [waits, repeated],
  ] as const)
    await eventually(() => reader.heard.includes(`${id} task.succeeded ${attempt}`), {
      describe: () => `hearing of ${id}: ${reader.heard.join(', ')}`,
    });
  expect(second.logs()).toContain('a new incarnation of a shard begins');

  // All of it agrees, and a restart begins no further incarnation.
  const report = await second.call('POST', '/v1/shards/0/check', { waitMs: 3_000 });
  expect(report.body).toMatchObject({ state: 'done', findings: [] });
  await second.stop();
  const third = await world.replica(ONE_SHARD);
  await third.ended(await third.submit({ input: 'x' }));
  expect(third.logs()).not.toContain('a new incarnation of a shard begins');
});
