import { join } from 'node:path';
import { subjects } from '@multiswarm/contracts';
import { startChild, type Child } from '../child';
import { withCpu, type CpuOf } from '../cpu';
import type { Options } from '../options';
import { processorTime } from '../processor-time';
import { profiled } from '../profiling';
import type { Figure } from '../report';
import { rounded } from '../statistics';
import type { Answered, Loop } from '../systems/request-loops';
import { startRequester, type Asked, type Requester } from '../systems/requester';
import { startRoutingFleet } from '../systems/routing-fleet';
import { startOrUndo, type Endings } from '../systems/system';
import type { Bench } from './bench';

const ECHO = 'bench.plain-echo';
const SAME = 'bench.same-answer';
const IN_FLIGHT = [1, 64, 256];
const RATE = 10_000;
/** One at a time is slower. */
const REQUESTS = { quick: { 1: 2_000, more: 20_000 }, full: { 1: 10_000, more: 100_000 } };
const WARM_UP = { kind: 'closed', inFlight: 64, requests: 30_000 } as const;
const SWARMS = 100;
const OURS = 'load-balancer';
/** Asked as services and the SDK ask. */
const OURS_BY_BUS = 'load-balancer, own client';
const PEERS = [
  // As many bytes to and fro as the load-balancer sends: a receipt.
  'nats client echo',
  'nats client echo, small',
  // Reads what the load-balancer reads, and prints what it prints, without deciding anything.
  'nats client, same answer',
  'moleculer',
] as const;

type Measured = CpuOf<Answered>;
interface Way {
  requester: Requester;
  answerer: Child;
  asked: Pick<Asked, 'subject' | 'body'>;
}
interface World {
  natsPid: number;
  /** Swarms that say nothing for long are not placed upon. */
  beat: () => void;
  ways: ReadonlyMap<string, Way>;
  serverVersions: Record<string, string>;
}

/**
 * Routed requests, one by one, through NATS: a built load-balancer in a process of its own, beside processes that only read and
 * print JSON: all asked through request() of the NATS client, without asynchronous traces, by a process of its own. And, asked through
 * our own client, beside the call of an action of Moleculer.
 */
export const routingNats: Bench = async (options, progress) =>
  startOrUndo(async (endings) => {
    const world = await start(options, endings);
    const asked = loops(options);
    const results = new Map<string, Measured[]>();
    for (const { requester, asked: what } of world.ways.values())
      await requester.ask({ ...WARM_UP, ...what });
    for (let run = 1; run <= options.runs; run++)
      for (const [loop, how] of Object.entries(asked))
        for (const name of world.ways.keys()) {
          const measured = await measure(world, name, loop, how, options);
          const key = `${loop}/${name}`;
          results.set(key, [...(results.get(key) ?? []), measured]);
          const shown = show(measured, how.requests);
          progress(`run ${run}/${options.runs}  ${loop.padEnd(14)} ${name.padEnd(24)} ${shown}`);
        }
    await endings.run();
    return Object.entries(asked).flatMap(([loop, how]) => figures(loop, how, results, world, options));
  });

async function start({ profile, alone }: Options, endings: Endings): Promise<World> {
  const fleet = await startRoutingFleet(SWARMS, profile !== undefined, endings);
  const { balancer, natsUrl, natsPid, connection, beat } = fleet;
  const body = JSON.stringify({ type: 'render', namespace: 'default', requirements: {} });
  const reply = (await connection.request(subjects.lbRoute(), body)).string();
  if (!reply.includes('"ok"')) throw new Error(`the load-balancer places nothing: ${reply}`);
  const env = { NATS_URL: natsUrl, BENCH_ECHO: ECHO, BENCH_SAME: SAME, BENCH_ANSWER: reply };
  const answererOf = async (name: string): Promise<Child> => {
    const args = ['-r', 'ts-node/register', join(__dirname, '..', 'systems', `${name}-process.ts`)];
    const child = startChild({ name, args, env });
    endings.add(() => child.stop());
    await child.ready;
    return child;
  };
  const requester = await startRequester('nats', natsUrl, endings);
  const serverVersions = { nats: connection.info?.version ?? 'unknown' };
  const asked = { subject: subjects.lbRoute(), body };
  const ways = new Map<string, Way>([[OURS, { requester, answerer: balancer, asked }]]);
  if (!alone) {
    const plain = { requester, answerer: await answererOf('plain-echo') };
    const node = await answererOf('moleculer-service');
    const caller = await startRequester('moleculer', natsUrl, endings);
    const [echo, small, same, moleculer] = PEERS;
    ways.set(echo, { ...plain, asked: { subject: ECHO, body: reply } });
    ways.set(small, { ...plain, asked: { subject: ECHO, body } });
    ways.set(same, { ...plain, asked: { subject: SAME, body } });
    const byBus = await startRequester('bus', natsUrl, endings);
    ways.set(OURS_BY_BUS, { requester: byBus, answerer: balancer, asked });
    ways.set(moleculer, { requester: caller, answerer: node, asked: { subject: 'balancer.route', body } });
  }
  return { natsPid, beat, serverVersions, ways };
}

function loops({ quick }: Options): Record<string, Loop> {
  const requests = quick ? REQUESTS.quick : REQUESTS.full;
  const closed = IN_FLIGHT.map((inFlight): [string, Loop] => {
    const many = inFlight === 1 ? requests[1] : requests.more;
    return [`${inFlight} in flight`, { kind: 'closed', inFlight, requests: many }];
  });
  const open: Loop = { kind: 'open', rate: RATE, requests: requests.more };
  return { ...Object.fromEntries(closed), [`${RATE} a second`]: open };
}

async function measure(
  { ways, natsPid, beat }: World,
  name: string,
  label: string,
  loop: Loop,
  { profile }: Options,
): Promise<Measured> {
  const { requester, answerer, asked } = ways.get(name) as Way; // of those that were started
  const ask = (): Promise<Answered> => requester.ask({ ...loop, ...asked });
  const processes = [
    { name: 'requester', pid: requester.pid },
    { name: 'answerer', pid: answerer.pid },
    { name: 'nats-server', pid: natsPid },
  ];
  beat();
  return withCpu(
    processes,
    profile === undefined || name !== OURS
      ? ask
      : () => profiled(profile, label.replaceAll(' ', '-'), [answerer], ask),
  );
}

function figures(
  label: string,
  loop: Loop,
  results: ReadonlyMap<string, readonly Measured[]>,
  { serverVersions }: World,
  { runs, alone }: Options,
): Figure[] {
  const runsOf = (name: string): Measured[] => [...(results.get(`${label}/${name}`) ?? [])];
  const settings = { ...loop, runs, swarms: SWARMS };
  const isOpen = loop.kind === 'open';
  const series = (name: string): Figure['own'] => ({
    name,
    runs: runsOf(name).map(({ value: { perSecond, p99Ms } }) => (isOpen ? p99Ms : perSecond)),
  });
  const common = { bench: 'routing-nats', serverVersions, settings };
  const own = { name: OURS, runs: runsOf(OURS) };
  const details = { runs: own.runs.map(({ value, foreignCores }) => ({ ...value, foreignCores })) };
  const what = isOpen ? `p99 at ${label}` : label;
  const unit = isOpen ? 'ms' : 'requests/s';
  if (alone) return [{ ...common, metric: what, unit, own: series(OURS), details }];
  return PEERS.flatMap((peer) => {
    // Each with its own client on both sides.
    const ours = peer === 'moleculer' ? OURS_BY_BUS : OURS;
    const sides = { own: { name: ours, runs: runsOf(ours) }, peer: { name: peer, runs: runsOf(peer) } };
    return [
      { ...common, metric: `${what}, beside ${peer}`, unit, own: series(ours), peer: series(peer), details },
      ...processorTime(sides, loop.requests)
        .filter(({ metric }) => !metric.includes('main thread'))
        .map((figure) => ({
          ...{ ...common, ...figure, unit: 'µs/request' },
          metric: `${label}, ${figure.metric}, beside ${peer}`,
        })),
    ];
  });
}

function show({ value: { perSecond, p50Ms, p99Ms }, used }: Measured, requests: number): string {
  const cpu = Object.entries(used).map(
    ([name, { processMs }]) => `${name} ${rounded((processMs * 1_000) / requests)}`,
  );
  return `${rounded(perSecond)} requests/s, p50 ${rounded(p50Ms)} ms, p99 ${rounded(p99Ms)} ms; µs of cpu: ${cpu.join(', ')}`;
}
