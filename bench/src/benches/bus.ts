import { join } from 'node:path';
import { connectBus, type Bus } from '@multiswarm/bus';
import { startNats } from '@multiswarm/testing';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { z } from 'zod';
import { startChild } from '../child';
import { rounded } from '../statistics';
import { startOrUndo } from '../systems/system';
import type { Bench } from './bench';

const SUBJECT = 'bench.echo';
const IN_FLIGHT = 64;
const REQUESTS = { quick: 20_000, full: 100_000 };
const WARM_UP_REQUESTS = 20_000;
const BODY = { n: 1, text: 'the same small body for everyone' };

/**
 * Request and reply through libs/bus, beside the request() of the NATS client itself: the same server, the same responder
 * in a process of its own, JSON both ways. The client is measured as it comes and with its asynchronous traces off.
 */
export const bus: Bench = async (options, progress) => {
  const requests = options.quick ? REQUESTS.quick : REQUESTS.full;
  return startOrUndo(async (endings) => {
    const nats = await startNats();
    endings.add(() => nats.stop());
    const echo = startChild({
      name: 'echo',
      args: ['-r', 'ts-node/register', join(__dirname, '..', 'systems', 'echo-process.ts')],
      env: { NATS_URL: nats.url, BENCH_SUBJECT: SUBJECT },
    });
    endings.add(() => echo.stop());
    await echo.ready;
    const own = await connectBus({ servers: nats.url, name: 'bench' });
    endings.add(() => own.close());
    const plain = await connect({ servers: nats.url });
    endings.add(() => plain.close());
    const untraced = await connect({ servers: nats.url, noAsyncTraces: true });
    endings.add(() => untraced.close());

    const ways = {
      'libs/bus': () => throughBus(own),
      'nats client': () => throughClient(plain),
      'nats client, noAsyncTraces': () => throughClient(untraced),
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
    const serverVersions = { nats: own.serverVersion };
    await endings.run();
    const series = (name: string): { name: string; runs: number[] } => ({
      name,
      runs: results.get(name) ?? [],
    });
    const common = { bench: 'bus', unit: 'requests/s', own: series('libs/bus'), serverVersions };
    const settings = { requests, inFlight: IN_FLIGHT, runs: options.runs };
    return [
      { ...common, metric: 'request-reply', peer: series('nats client'), settings },
      {
        ...common,
        metric: 'request-reply, client tuned',
        peer: series('nats client, noAsyncTraces'),
        settings,
      },
    ];
  });
};

const throughBus = (own: Bus): Promise<unknown> => own.request(SUBJECT, BODY, { reply: z.unknown() });

async function throughClient(connection: NatsConnection): Promise<unknown> {
  const reply = await connection.request(SUBJECT, JSON.stringify(BODY), { timeout: 5_000 });
  return JSON.parse(reply.string());
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
