import { setTimeout as delay } from 'node:timers/promises';
import { startNats, startRedis } from '@multiswarm/testing';
import { z } from 'zod';
import { redisVersion } from '../redis-facts';
import type { Figure } from '../report';
import { percentile, rounded } from '../statistics';
import { startService } from '../systems/services';
import { SHARDS } from '../systems/population';
import { QUERY_KINDS, type QueryKind } from '../systems/search-queries';
import { storeTasks } from '../systems/stored-tasks';
import { startOrUndo } from '../systems/system';
import type { Bench } from './bench';
import { indexCosts } from './search-index';

/** Of ten tasks one has not ended. */
const STORED = 10;
const WARM_UP = 20;
const READY_MS = 300_000;
const POLL_MS = 100;
const Answer = z.object({ next: z.string().nullish() });

/**
 * Searches among ten times `--waiting` tasks, of which `--waiting` have not ended and all have metadata of their own: how long
 * one request over HTTP takes, one at a time, kind by kind in turns; how long a new owner needs to read them; and what the
 * index alone costs a task.
 */
export const search: Bench = async ({ waiting, probes, appendfsync }, progress) => {
  const count = waiting * STORED;
  const settings = { tasks: count, active: waiting, shards: SHARDS, probes, appendfsync };
  const costs = indexCosts(count);
  progress(
    `index: ${rounded(costs.submitted)} ns for a new task, ${rounded(costs.changed)} ns for a change, ${rounded(costs.bytes)} bytes`,
  );
  const figure = (metric: string, unit: string, value: number, serverVersions = {}): Figure => ({
    ...{
      bench: 'search',
      metric,
      unit,
      own: { name: 'multiswarm', runs: [value] },
      settings,
      serverVersions,
    },
  });
  const figures = [
    figure('index, of a new task', 'ns', costs.submitted),
    figure('index, of a change', 'ns', costs.changed),
    figure('index, outside the heap', 'bytes/task', costs.bytes),
    figure('index, on the heap', 'bytes/task', costs.heapBytes),
    ...costs.queries.map(([name, ms]) => figure(`${name}, processor time of the index`, 'ms', ms)),
  ];
  for (const [name, ms] of costs.queries)
    progress(`${name}: ${rounded(ms)} ms of processor time in the index`);
  await startOrUndo(async (endings) => {
    const redis = await startRedis({ appendfsync });
    endings.add(() => redis.stop());
    const nats = await startNats();
    endings.add(() => nats.stop());
    const stored = performance.now();
    await storeTasks(redis.url, count);
    progress(`${count} tasks stored in ${rounded((performance.now() - stored) / 1_000)} s`);
    const urls = { NATS_URL: nats.url, REDIS_URL: redis.url, SHARDS: String(SHARDS) };
    const service = { urls, probed: false, logLevel: 'error' };
    await startService('load-balancer', 'load-balancer', service, endings);
    const begun = performance.now();
    const { url } = await startService('orchestrator', 'orchestrator', service, endings);
    const client = new SearchClient(url, count);
    await client.ready();
    const readMs = performance.now() - begun;
    progress(`all of them can be searched ${rounded(readMs / 1_000)} s after the start`);
    const versions = { redis: await redisVersion(redis.port) };
    figures.push(figure('from the start until all can be searched', 'ms', readMs, versions));
    for (let i = 0; i < WARM_UP; i += 1) for (const kind of QUERY_KINDS) await client.ask(kind, i);
    const times = new Map(QUERY_KINDS.map(({ name }) => [name, [] as number[]]));
    for (let i = 0; i < probes; i += 1)
      for (const kind of QUERY_KINDS) times.get(kind.name)?.push(await client.ask(kind, WARM_UP + i));
    for (const [name, all] of times) {
      const [p50, p99] = [percentile(all, 0.5), percentile(all, 0.99)];
      progress(`${name}: p50 ${rounded(p50)} ms, p99 ${rounded(p99)} ms`);
      figures.push(figure(`${name}, p50`, 'ms', p50, versions), figure(`${name}, p99`, 'ms', p99, versions));
    }
    await endings.run();
  });
  return figures;
};

/** Asks the orchestrator over HTTP, one question at a time. */
class SearchClient {
  private readonly cursors = new Map<string, string>();

  constructor(
    private readonly url: string,
    private readonly count: number,
  ) {}

  /** Counts are answered only when every shard is served and has read all its tasks. */
  async ready(): Promise<void> {
    const deadline = performance.now() + READY_MS;
    for (;;) {
      const response = await fetch(`${this.url}/v1/tasks/counts`);
      const text = await response.text();
      if (response.ok) {
        this.check(text);
        return;
      }
      if (performance.now() > deadline) throw new Error(`the tasks cannot be searched: ${text}`);
      await delay(POLL_MS);
    }
  }

  /** @returns milliseconds */
  async ask(kind: QueryKind, i: number): Promise<number> {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(kind.query(i, this.count)))
      for (const each of [value].flat()) query.append(name, each);
    const cursor = kind.pages !== undefined && i % kind.pages > 0 ? this.cursors.get(kind.name) : undefined;
    if (cursor !== undefined) query.set('cursor', cursor);
    const begun = performance.now();
    const response = await fetch(`${this.url}${kind.path}?${query.toString()}`);
    const text = await response.text();
    const ms = performance.now() - begun;
    if (!response.ok) throw new Error(`${kind.name}: ${text}`);
    const { next } = Answer.parse(JSON.parse(text));
    if (next) this.cursors.set(kind.name, next);
    else this.cursors.delete(kind.name);
    return ms;
  }

  private check(text: string): void {
    const { total } = z.object({ total: z.number() }).parse(JSON.parse(text));
    if (total !== this.count) throw new Error(`${total} of ${this.count} tasks can be searched`);
  }
}
