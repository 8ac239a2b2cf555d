import { join } from 'node:path';
import { startRedis } from '@multiswarm/testing';
import { Queue, QueueEvents } from 'bullmq';
import { startChild, type Child } from '../child';
import { PROBED, profiled } from '../profiling';
import { redisVersion, withRedis } from '../redis-facts';
import { flows } from './bullmq-flows';
import { inChunks, startOrUndo, type Endings, type RunningSystem, type System } from './system';

const QUEUE = 'bench';
/** A queue without a worker. */
const PARKED_QUEUE = 'parked';

/**
 * BullMQ on its own Redis with the same configuration: the queue here, one worker in a process of its own.
 *
 * A batch counts as done when the worker has completed its jobs and says so. Following QueueEvents, as our side follows
 * its events, costs BullMQ a tenth to a third of its rate, so the peer is measured without unless it is asked for.
 */
export const bullmq: System = {
  name: 'bullmq',
  start: ({ appendfsync, concurrency, chunk, followed = false, probed = false }) =>
    startOrUndo(async (endings) => {
      const redis = await startRedis({ appendfsync });
      endings.add(() => redis.stop());
      const worker = startChild({
        name: 'worker',
        args: [
          ...(probed ? PROBED : []),
          '-r',
          'ts-node/register',
          join(__dirname, 'bullmq-worker-process.ts'),
        ],
        env: {
          BENCH_REDIS_PORT: String(redis.port),
          BENCH_CONCURRENCY: String(concurrency),
          BENCH_QUEUE: QUEUE,
        },
      });
      endings.add(() => worker.stop());
      await worker.ready;
      const queue = await openQueue(QUEUE, redis.port, endings);
      const parked = await openQueue(PARKED_QUEUE, redis.port, endings);
      let followedSince: Promise<QueueEvents> | undefined;
      const following = (): Promise<QueueEvents> => (followedSince ??= followEvents(redis.port, endings));
      return {
        batch: followed
          ? await followedBatch(queue, worker, redis.port, endings, chunk)
          : (count) => batch(queue, worker, count, chunk),
        lone: loneJobs(queue, worker, following),
        flow: flows(QUEUE, redis.port, worker, following, endings),
        submit: () => parked.add('noop', { n: 0 }),
        profiled: (directory, label, work) => profiled(directory, `${label}-bullmq`, [worker], work),
        processes: [
          { name: 'worker', pid: worker.pid },
          { name: 'redis', pid: redis.pid },
          { name: 'client', pid: process.pid },
        ],
        serverVersions: { redis: await redisVersion(redis.port) },
        stop: () => endings.run(),
      };
    }),
};

/** A queue in this process. */
export async function openQueue(name: string, port: number, endings: Endings): Promise<Queue> {
  const queue = new Queue(name, { connection: { host: '127.0.0.1', port } });
  endings.add(() => queue.close());
  await queue.waitUntilReady();
  return queue;
}

async function batch(queue: Queue, worker: Child, count: number, chunk: number | undefined): Promise<number> {
  const jobs = Array.from({ length: count }, (_, n) => ({ name: 'noop', data: { n } }));
  // Answered first: a busy worker would otherwise complete jobs before it begins to count.
  await worker.ask({ tellAfter: count });
  const completed = worker.told();
  const from = performance.now();
  await inChunks(jobs, chunk, (part) => queue.addBulk(part));
  await completed;
  return performance.now() - from;
}

/** The clock stops when this process has heard of the completion of every job. */
async function followedBatch(
  queue: Queue,
  worker: Child,
  port: number,
  endings: Endings,
  chunk: number | undefined,
): Promise<RunningSystem['batch']> {
  const events = await followEvents(port, endings);
  let left = 0;
  let resolve: () => void = () => undefined;
  events.on('completed', () => {
    left -= 1;
    if (left === 0) resolve();
  });
  return async (count) => {
    const jobs = Array.from({ length: count }, (_, n) => ({ name: 'noop', data: { n } }));
    left = count;
    const completed = new Promise<void>((done) => (resolve = done));
    const from = performance.now();
    await inChunks(jobs, chunk, (part) => queue.addBulk(part));
    await Promise.race([completed, worker.failed]);
    return performance.now() - from;
  };
}

/** @param following from the first lone job on, so that batches are measured without it */
function loneJobs(queue: Queue, worker: Child, following: () => Promise<QueueEvents>): RunningSystem['lone'] {
  return async () => {
    const events = await following();
    const from = performance.now();
    const job = await queue.add('noop', { n: 0 });
    await Promise.race([job.waitUntilFinished(events), worker.failed]);
    return performance.now() - from;
  };
}

/**
 * From a given event on: "whatever comes next", the default, misses what happens between its start and its first read, and
 * whoever waits for that waits for ever.
 */
async function followEvents(port: number, endings: Endings): Promise<QueueEvents> {
  const connection = { host: '127.0.0.1', port };
  const [newest] = await withRedis(port, (redis) =>
    redis.xrevrange(`bull:${QUEUE}:events`, '+', '-', 'COUNT', 1),
  );
  const events = new QueueEvents(QUEUE, { connection, lastEventId: newest?.[0] ?? '0-0' });
  events.on('error', (error) => console.error('bench: bullmq events:', error));
  endings.add(() => events.close());
  await events.waitUntilReady();
  return events;
}
