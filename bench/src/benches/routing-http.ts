import { join } from 'node:path';
import { startChild } from '../child';
import type { Options } from '../options';
import { profiled } from '../profiling';
import { rounded } from '../statistics';
import { startHttpRequester, type Posts } from '../systems/http-requester';
import type { Answered } from '../systems/request-loops';
import { startRoutingFleet } from '../systems/routing-fleet';
import { startOrUndo, type Endings } from '../systems/system';
import type { Bench } from './bench';

const PATH = '/v1/route';
const BODY = JSON.stringify({ type: 'render', namespace: 'default', requirements: {} });
const CONNECTIONS = 64;
const REQUESTS = { quick: 10_000, full: 50_000 };
const WARM_UP_REQUESTS = 20_000;
const SWARMS = 100;
const OURS = 'load-balancer';
const PEER = 'express';

/**
 * Routed requests through HTTP: a built load-balancer in a process of its own, beside a handler of express as it comes that reads the
 * same JSON and prints the same answer. Both are asked by a process of its own, over connections that stay open.
 */
export const routingHttp: Bench = async (options, progress) =>
  startOrUndo(async (endings) => {
    const requests = options.quick ? REQUESTS.quick : REQUESTS.full;
    const { ways, ask } = await start(options, endings);
    const runs = new Map<string, Answered[]>([
      [OURS, []],
      [PEER, []],
    ]);
    for (const name of runs.keys()) await ask(ways(name, WARM_UP_REQUESTS), 'warm-up');
    for (let run = 1; run <= options.runs; run++)
      for (const [name, answers] of runs) {
        const answered = await ask(ways(name, requests), name);
        answers.push(answered);
        progress(`run ${run}/${options.runs}  ${name.padEnd(14)} ${show(answered)}`);
      }
    await endings.run();
    const series = (name: string) => ({ name, runs: (runs.get(name) ?? []).map((each) => each.perSecond) });
    const settings = { requests, connections: CONNECTIONS, runs: options.runs, swarms: SWARMS };
    return [
      {
        ...{ bench: 'routing-http', metric: 'POST /v1/route', unit: 'requests/s' },
        ...{ own: series(OURS), peer: series(PEER), details: { runs: runs.get(OURS) } },
        ...{ settings, serverVersions: {} },
      },
    ];
  });

type Ask = (posts: Posts, label: string) => Promise<Answered>;

async function start(
  { profile }: Options,
  endings: Endings,
): Promise<{ ways: (name: string, requests: number) => Posts; ask: Ask }> {
  const { balancer, beat } = await startRoutingFleet(SWARMS, profile !== undefined, endings);
  const answer = await fetch(`${balancer.url}${PATH}`, {
    ...{ method: 'POST', body: BODY, headers: { 'content-type': 'application/json' } },
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`the load-balancer places nothing: ${text}`);
  const args = ['-r', 'ts-node/register', join(__dirname, '..', 'systems', 'plain-express-process.ts')];
  // As in production, where it is faster.
  const env = { BENCH_ANSWER: text, NODE_ENV: 'production' };
  const express = startChild({ name: 'plain-express', args, env });
  endings.add(() => express.stop());
  const { port } = (await express.ready) as { port: number }; // what plain-express-process sends
  const ports: Record<string, number> = { [OURS]: Number(new URL(balancer.url).port), [PEER]: port };
  const post = await startHttpRequester(endings);
  return {
    ways: (name, requests) => ({
      ...{ port: ports[name] ?? 0, path: PATH, body: BODY, connections: CONNECTIONS, requests },
    }),
    ask: (posts, label) => {
      beat();
      if (profile === undefined || label !== OURS) return post(posts);
      return profiled(profile, 'routing-http', [balancer], () => post(posts));
    },
  };
}

function show({ perSecond, p50Ms, p99Ms }: Answered): string {
  return `${rounded(perSecond)} requests/s, p50 ${rounded(p50Ms)} ms, p99 ${rounded(p99Ms)} ms`;
}
