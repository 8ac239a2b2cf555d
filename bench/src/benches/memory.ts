import { setTimeout as delay } from 'node:timers/promises';
import { startRedis } from '@multiswarm/testing';
import type { Redis } from 'ioredis';
import type { Options } from '../options';
import { heapOf } from '../profiling';
import { memoryByKind, usedMemory, withRedis } from '../redis-facts';
import type { Figure } from '../report';
import { rounded } from '../statistics';
import { openQueue } from '../systems/bullmq';
import { PARKED, startDeployment } from '../systems/deployment';
import { inChunks, startOrUndo } from '../systems/system';
import type { Bench } from './bench';

const CHUNK = 1_000;
const WARM_UP_TASKS = 2_000;
/** Serialized. */
const INPUT_BYTES = 100;
const INPUT = { text: 'x'.repeat(INPUT_BYTES - JSON.stringify({ text: '' }).length) };
const SETTLE = { everyMs: 500, atMostMs: 60_000, bytes: 4_096 };

interface Weight {
  redis: number;
  heap: number;
  kinds: Map<string, number>;
}

/**
 * What a waiting task weighs, with 100 bytes of input and no swarm that could take it: bytes that Redis has allocated
 * for it, and bytes on the heap of the orchestrator, in which its owner and the scheduler are, after collecting garbage.
 * The peer's jobs wait with the same input and no worker.
 */
export const memory: Bench = async (options, progress) => {
  const { waiting, runs, appendfsync, alone } = options;
  const own: Weight[] = [];
  const peer: number[] = [];
  let serverVersions: Record<string, string> = {};
  for (let run = 1; run <= runs; run++) {
    const { weight, versions } = await ownWeight(options);
    serverVersions = versions;
    own.push(weight);
    const { redis, heap, kinds } = weight;
    progress(
      `run ${run}/${runs}  multiswarm ${rounded(redis)} bytes in Redis, ${rounded(heap)} bytes of heap per task`,
    );
    for (const [kind, bytes] of kinds)
      if (rounded(bytes) >= 1) progress(`  ${kind}: ${rounded(bytes)} bytes`);
    if (alone) continue;
    peer.push(await peerWeight(options));
    progress(`run ${run}/${runs}  bullmq ${rounded(peer.at(-1) ?? 0)} bytes in Redis`);
  }
  const settings = { waiting, runs, appendfsync, inputBytes: INPUT_BYTES };
  const common = { bench: 'memory', unit: 'bytes/task', settings, serverVersions };
  const kinds = [...new Set(own.flatMap((weight) => [...weight.kinds.keys()]))];
  return [
    {
      ...common,
      metric: 'Redis, for a waiting task',
      own: { name: 'multiswarm', runs: own.map(({ redis }) => redis) },
      ...(alone ? {} : { peer: { name: 'bullmq', runs: peer } }),
    },
    {
      ...common,
      metric: 'heap of owner and scheduler, for a waiting task',
      own: { name: 'multiswarm', runs: own.map(({ heap }) => heap) },
    },
    ...kinds.map((kind): Figure => ({
      ...common,
      metric: `Redis, ${kind}`,
      own: { name: 'multiswarm', runs: own.map((weight) => weight.kinds.get(kind) ?? 0) },
    })),
  ];
};

async function ownWeight({ waiting, appendfsync }: Options) {
  const deployment = await startDeployment({
    ...{ appendfsync, probed: true },
    swarms: [{ id: 'bench', slots: 1 }],
  });
  try {
    const { redis, orchestrators, pile, serverVersions: versions } = deployment;
    const [orchestrator] = orchestrators;
    if (!orchestrator) throw new Error('no orchestrator was started');
    await pile(WARM_UP_TASKS, PARKED, INPUT);
    return await withRedis(redis.port, async (connection) => {
      await settled(connection);
      const before = { redis: await usedMemory(connection), heap: await heapOf(orchestrator) };
      await pile(waiting, PARKED, INPUT);
      await settled(connection);
      const redisBytes = (await usedMemory(connection)) - before.redis;
      const heapBytes = (await heapOf(orchestrator)) - before.heap;
      const kinds = await memoryByKind(connection, withoutShard);
      const each = new Map([...kinds].map(([kind, bytes]) => [kind, bytes / (waiting + WARM_UP_TASKS)]));
      const weight: Weight = { redis: redisBytes / waiting, heap: heapBytes / waiting, kinds: each };
      return { weight, versions };
    });
  } finally {
    await deployment.stop();
  }
}

function peerWeight({ waiting, appendfsync }: Options): Promise<number> {
  return startOrUndo(async (endings) => {
    const redis = await startRedis({ appendfsync });
    endings.add(() => redis.stop());
    const queue = await openQueue('waiting', redis.port, endings);
    const job = { name: 'parked', data: INPUT };
    const pile = (count: number): Promise<void> =>
      inChunks(
        Array.from({ length: count }, () => job),
        CHUNK,
        (part) => queue.addBulk(part),
      );
    await pile(WARM_UP_TASKS);
    const bytes = await withRedis(redis.port, async (connection) => {
      await settled(connection);
      const before = await usedMemory(connection);
      await pile(waiting);
      await settled(connection);
      return (await usedMemory(connection)) - before;
    });
    await endings.run();
    return bytes / waiting;
  });
}

/** Outboxes empty themselves and buffers are given back shortly after the work; then the size stands still. */
async function settled(redis: Redis): Promise<void> {
  const deadline = performance.now() + SETTLE.atMostMs;
  let quiet = 0;
  let last = await usedMemory(redis);
  while (quiet < 4) {
    if (performance.now() > deadline) throw new Error('the memory of Redis does not come to rest');
    await delay(SETTLE.everyMs);
    const now = await usedMemory(redis);
    quiet = Math.abs(now - last) < SETTLE.bytes ? quiet + 1 : 0;
    last = now;
  }
}

/** `ms:{s3}:specs` and `ms:{s4}:specs` are of one kind; what comes after a kind is the name of one task or run. */
function withoutShard(key: string): string {
  const [, kind = key] = /^ms:\{s\d+\}:([a-z]+)/.exec(key) ?? [];
  return kind;
}
