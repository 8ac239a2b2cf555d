import { join } from 'node:path';
import { subjects } from '@multiswarm/contracts';
import { startChild, type Child } from '../child';
import type { Options } from '../options';
import { profiled } from '../profiling';
import type { Figure } from '../report';
import { rounded } from '../statistics';
import { startRequester, type Answered, type Asked, type Requester } from '../systems/requester';
import { startRoutingFleet } from '../systems/routing-fleet';
import { startOrUndo, type Endings } from '../systems/system';
import type { Bench } from './bench';

const SUBJECT = 'bench.plain-echo';
const IN_FLIGHT = [1, 64, 256];
const RATE = 10_000;
/** One at a time is slower. */
const REQUESTS = { quick: { 1: 2_000, more: 20_000 }, full: { 1: 10_000, more: 100_000 } };
const WARM_UP_REQUESTS = 30_000;
const SWARMS = 100;

type Way = 'load-balancer' | 'nats client echo' | 'nats client echo, small';
interface World {
  requester: Requester;
  balancer: Child;
  /** Swarms that say nothing for long are not placed upon. */
  beat: () => void;
  ways: Record<Way, { subject: string; body: string }>;
  serverVersions: Record<string, string>;
}

/**
 * Routed requests, one by one, through NATS: a built load-balancer in a process of its own, beside an echo that only reads and
 * prints the same JSON. Both are asked by a process of its own through request() of the NATS client, without asynchronous traces.
 */
export const routingNats: Bench = async (options, progress) =>
  startOrUndo(async (endings) => {
    const world = await start(options, endings);
    const asked = loops(options);
    const results = new Map<string, Answered[]>();
    for (const way of Object.keys(world.ways) as Way[])
      await world.requester.ask({
        kind: 'closed',
        inFlight: 64,
        requests: WARM_UP_REQUESTS,
        ...world.ways[way],
      });
    for (let run = 1; run <= options.runs; run++)
      for (const [loop, how] of Object.entries(asked))
        for (const way of Object.keys(world.ways) as Way[]) {
          const answered = await measured(world, way, loop, how, options);
          const key = `${loop}/${way}`;
          results.set(key, [...(results.get(key) ?? []), answered]);
          progress(`run ${run}/${options.runs}  ${loop.padEnd(14)} ${way.padEnd(24)} ${show(answered)}`);
        }
    await endings.run();
    return Object.keys(asked).flatMap((loop) => figures(loop, results, world, options));
  });

async function start({ profile }: Options, endings: Endings): Promise<World> {
  const { balancer, natsUrl, connection, beat } = await startRoutingFleet(
    SWARMS,
    profile !== undefined,
    endings,
  );
  const echo = startChild({
    name: 'plain-echo',
    args: ['-r', 'ts-node/register', join(__dirname, '..', 'systems', 'plain-echo-process.ts')],
    env: { NATS_URL: natsUrl, BENCH_SUBJECT: SUBJECT },
  });
  endings.add(() => echo.stop());
  await echo.ready;
  const body = JSON.stringify({ type: 'render', namespace: 'default', requirements: {} });
  const reply = (await connection.request(subjects.lbRoute(), body)).string();
  if (!reply.includes('"ok"')) throw new Error(`the load-balancer places nothing: ${reply}`);
  const serverVersions = { nats: connection.info?.version ?? 'unknown' };
  const ways = {
    'load-balancer': { subject: subjects.lbRoute(), body },
    // As many bytes back as the load-balancer sends: a receipt.
    'nats client echo': { subject: SUBJECT, body: reply },
    'nats client echo, small': { subject: SUBJECT, body },
  };
  return { requester: await startRequester(natsUrl, endings), balancer, beat, ways, serverVersions };
}

type Loop =
  { kind: 'closed'; inFlight: number; requests: number } | { kind: 'open'; rate: number; requests: number };

function loops({ quick }: Options): Record<string, Loop> {
  const requests = quick ? REQUESTS.quick : REQUESTS.full;
  const closed = IN_FLIGHT.map((inFlight): [string, Loop] => {
    const many = inFlight === 1 ? requests[1] : requests.more;
    return [`${inFlight} in flight`, { kind: 'closed', inFlight, requests: many }];
  });
  const open: Loop = { kind: 'open', rate: RATE, requests: requests.more };
  return { ...Object.fromEntries(closed), [`${RATE} a second`]: open };
}

async function measured(
  { requester, balancer, beat, ways }: World,
  way: Way,
  loop: string,
  how: Loop,
  { profile }: Options,
): Promise<Answered> {
  const asked: Asked = { ...how, ...ways[way] };
  beat();
  if (profile === undefined || way !== 'load-balancer') return requester.ask(asked);
  return profiled(profile, loop.replaceAll(' ', '-'), [balancer], () => requester.ask(asked));
}

function figures(
  loop: string,
  results: ReadonlyMap<string, readonly Answered[]>,
  { serverVersions }: World,
  options: Options,
): Figure[] {
  const runsOf = (way: Way): readonly Answered[] => results.get(`${loop}/${way}`) ?? [];
  const how = loops(options)[loop];
  const settings = { ...how, runs: options.runs, swarms: SWARMS };
  const isOpen = how?.kind === 'open';
  const series = (name: Way): Figure['own'] => ({
    name,
    runs: runsOf(name).map(({ perSecond, p99Ms }) => (isOpen ? p99Ms : perSecond)),
  });
  const common = { bench: 'routing-nats', unit: isOpen ? 'ms' : 'requests/s', serverVersions, settings };
  const what = isOpen ? `p99 at ${loop}` : loop;
  const own = { own: series('load-balancer'), details: { runs: runsOf('load-balancer') } };
  return [
    { ...common, ...own, metric: `${what}, beside an echo of the answer`, peer: series('nats client echo') },
    {
      ...common,
      ...own,
      metric: `${what}, beside an echo of the request`,
      peer: series('nats client echo, small'),
    },
  ];
}

function show({ perSecond, p50Ms, p99Ms }: Answered): string {
  return `${rounded(perSecond)} requests/s, p50 ${rounded(p50Ms)} ms, p99 ${rounded(p99Ms)} ms`;
}
