import { join } from 'node:path';
import { subjects, type Heartbeat } from '@multiswarm/contracts';
import { startNats, startRedis } from '@multiswarm/testing';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { startChild } from '../child';
import { rounded } from '../statistics';
import { startService } from '../systems/services';
import { startOrUndo } from '../systems/system';
import type { Bench } from './bench';

const SUBJECT = 'bench.plain-echo';
const IN_FLIGHT = 64;
const REQUESTS = { quick: 20_000, full: 100_000 };
const WARM_UP_REQUESTS = 20_000;
const SWARMS = 100;
/** Nobody reports these requests: their slots come free by themselves. */
const HOLD_MS = '200';

/**
 * Routed requests, one by one, through NATS: a built load-balancer in a process of its own, beside an echo that only reads and
 * prints the same JSON. Both are asked through request() of the NATS client, without asynchronous traces.
 */
export const routingNats: Bench = async (options, progress) => {
  const requests = options.quick ? REQUESTS.quick : REQUESTS.full;
  return startOrUndo(async (endings) => {
    const [nats, redis] = await Promise.all([startNats(), startRedis()]);
    endings.add(() => nats.stop());
    endings.add(() => redis.stop());
    const urls = { NATS_URL: nats.url, REDIS_URL: redis.url, RESERVATION_HOLD_MS: HOLD_MS };
    const service = { urls, probed: false, logLevel: 'warn' };
    await startService('load-balancer', 'load-balancer', service, endings);
    const echo = startChild({
      name: 'plain-echo',
      args: ['-r', 'ts-node/register', join(__dirname, '..', 'systems', 'plain-echo-process.ts')],
      env: { NATS_URL: nats.url, BENCH_SUBJECT: SUBJECT },
    });
    endings.add(() => echo.stop());
    await echo.ready;
    const connection = await connect({ servers: nats.url, noAsyncTraces: true });
    endings.add(() => connection.close());
    for (let at = 0; at < SWARMS; at += 1) connection.publish(...heartbeatOf(`s${at}`));
    const body = JSON.stringify({ type: 'render', namespace: 'default', requirements: {} });
    const reply = await ask(connection, subjects.lbRoute(), body);
    if (!reply.includes('"ok"')) throw new Error(`the load-balancer places nothing: ${reply}`);

    const ways = {
      'load-balancer': () => ask(connection, subjects.lbRoute(), body),
      // As many bytes back as the load-balancer sends: a receipt.
      'nats client echo': () => ask(connection, SUBJECT, reply),
      'nats client echo, small': () => ask(connection, SUBJECT, body),
    };
    const results = new Map(Object.keys(ways).map((name) => [name, [] as number[]]));
    for (const request of Object.values(ways)) await rate(request, WARM_UP_REQUESTS);
    for (let run = 1; run <= options.runs; run++) {
      for (const [name, request] of Object.entries(ways)) {
        const perSecond = await rate(request, requests);
        results.get(name)?.push(perSecond);
        progress(`run ${run}/${options.runs}  ${name.padEnd(26)} ${rounded(perSecond)} requests/s`);
      }
    }
    const serverVersions = { nats: connection.info?.version ?? 'unknown' };
    await endings.run();
    const series = (name: string): { name: string; runs: number[] } => ({
      name,
      runs: results.get(name) ?? [],
    });
    const settings = { requests, inFlight: IN_FLIGHT, runs: options.runs, swarms: SWARMS };
    const common = {
      bench: 'routing-nats',
      unit: 'requests/s',
      own: series('load-balancer'),
      serverVersions,
      settings,
    };
    return [
      { ...common, metric: 'one request, beside an echo of the answer', peer: series('nats client echo') },
      {
        ...common,
        metric: 'one request, beside an echo of the request',
        peer: series('nats client echo, small'),
      },
    ];
  });
};

function heartbeatOf(swarmId: string): [string, string] {
  const heartbeat: Heartbeat = {
    ...{ v: 1, swarmId, region: 'eu-west', slots: 10_000, types: ['*'], capabilities: [], labels: {} },
    ...{
      attributes: {},
      resources: {},
      costPerHour: 1,
      instance: 'i',
      seq: 1,
      sentAt: 0,
      intervalMs: 3_600_000,
    },
    ...{ state: 'ready', held: [], resourcesUsed: {} },
  };
  return [subjects.swarmHeartbeat(swarmId), JSON.stringify(heartbeat)];
}

async function ask(connection: NatsConnection, subject: string, body: string): Promise<string> {
  const reply = (await connection.request(subject, body, { timeout: 5_000 })).string();
  JSON.parse(reply);
  return reply;
}

/** Requests per second with `IN_FLIGHT` of them under way all the time. */
async function rate(request: () => Promise<unknown>, count: number): Promise<number> {
  let left = count;
  const from = performance.now();
  const lane = async (): Promise<void> => {
    while (left-- > 0) await request();
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
  return count / ((performance.now() - from) / 1_000);
}
