import { setTimeout as delay } from 'node:timers/promises';
import { connectBus, type Bus } from '@multiswarm/bus';
import { connect, type Client } from '@multiswarm/sdk';
import { isTerminal } from '@multiswarm/contracts';
import { createLogger } from '@multiswarm/telemetry';
import { eventually } from '@multiswarm/testing';
import { collect } from './evidence/collect';
import { differencesIn } from './evidence/deep-check';
import { Ears } from './evidence/ears';
import type { Evidence } from './evidence/evidence';
import { readJournals } from './evidence/journal';
import { fillToTheBrim, whatIsTaken } from './evidence/remains';
import { runCampaign, type DoneFault } from './faults/campaign';
import type { Step } from './faults/plan';
import { check } from './invariants/check';
import { Load } from './load/load';
import { FREE_NAMESPACE, LIMITED } from './load/work';
import { reportOf, type Report } from './report/report';
import { fleetComplete, startDeployment, type Deployment } from './system/deployment';
import { ORCHESTRATORS } from './system/settings';

export interface ChaosOptions {
  readonly seed: number;
  readonly tasks: number;
  /** How long the load, and with it the faults, go on. */
  readonly overMs: number;
  readonly plan: Iterable<Step>;
  readonly pauseMs: { readonly least: number; readonly most: number };
  /** What the longest agent takes. */
  readonly longestMs: number;
  /** Keeps logs and records although all holds. */
  readonly keep: boolean;
}

/** Longer than any fault: what is not acknowledged then never will be. */
const RETRY_MS = 180_000;
const SETTLE_MS = 120_000;
const HEAR_MS = 30_000;
const PROGRESS_MS = 15_000;
/** Of tasks that only show that events are heard. */
const CANARIES = 'chaos-canaries';

/** One run, from an empty machine to the report; everything is stopped then. */
export async function runChaos(options: ChaosOptions, progress: (line: string) => void): Promise<Report> {
  const deployment = await startDeployment();
  let keep = true;
  try {
    const report = await runOn(deployment, options, progress);
    keep = options.keep || !report.holds;
    return keep ? { ...report, directory: deployment.directory } : report;
  } finally {
    if (keep) progress(`logs and records are in ${deployment.directory}`);
    await deployment.stop({ keep });
  }
}

interface Clients {
  bus: Client;
  http: Client;
  ears: Client;
  /** The connection of the first. */
  connection: Bus;
}

async function runOn(
  deployment: Deployment,
  options: ChaosOptions,
  progress: (line: string) => void,
): Promise<Report> {
  const clients = await openClients(deployment);
  try {
    const { namespace, concurrency, keys, perKey } = LIMITED;
    const limits = Object.fromEntries(keys.map((key) => [key, { concurrency: perKey }]));
    await clients.bus.namespaces.put(namespace, { limit: { concurrency }, limits });
    const ears = new Ears(clients.ears);
    await untilHearing(ears, clients.bus);
    const load = new Load(options, clients);
    const from = Date.now();
    progress(`the load begins: ${options.tasks} tasks over ${Math.round(options.overMs / 1000)} s`);
    const faults = await underFaults(deployment, options, load, ears, progress);
    // Later nothing was there to be acknowledged.
    const loadUntil = load.submissions.reduce((latest, { sentAt }) => Math.max(latest, sentAt), from);
    progress('load and faults have ended; what is under way ends');
    const evidence = await gather(deployment, clients, load, ears);
    const broken = check(evidence);
    const unasked = [...deployment.programs.values()].flatMap(({ name, unasked: ends }) =>
      ends.map(({ at, how }) => ({ name, atMs: at - from, how })),
    );
    return reportOf({
      ...{ seed: options.seed, from, loadUntil, until: Date.now(), evidence, faults, unasked, broken },
    });
  } finally {
    await Promise.all([clients.bus, clients.http, clients.ears].map((client) => client.close()));
    await clients.connection.close();
  }
}

async function openClients({ nats, urls }: Deployment): Promise<Clients> {
  const [first, second] = ORCHESTRATORS;
  const logger = createLogger({ service: 'client', level: 'error' });
  const patient = { retryForMs: RETRY_MS, requestTimeoutMs: 8_000, logger };
  const url = (name: string): string => urls.get(name) ?? '';
  const connection = await connectBus({ servers: nats.url, name: 'chaos' });
  return {
    connection,
    bus: await connect({ bus: connection, ...patient }),
    http: await connect({ url: url(first), ...patient }),
    ears: await connect({ url: url(second), ...patient }),
  };
}

/** A stream begins with what happens once it is there: tasks are handed in until something is heard of one. */
async function untilHearing(ears: Ears, client: Client): Promise<void> {
  await eventually(
    async () => {
      await client.submit('short', { n: 0, runMs: 0, failUntil: 0 }, { namespace: CANARIES });
      return ears.heard.size > 0;
    },
    { timeoutMs: HEAR_MS, describe: 'hearing the first event' },
  );
}

async function underFaults(
  deployment: Deployment,
  options: ChaosOptions,
  load: Load,
  ears: Ears,
  progress: (line: string) => void,
): Promise<DoneFault[]> {
  const { seed, plan, pauseMs, overMs } = options;
  const say = setInterval(() => progress(progressLine(load, ears)), PROGRESS_MS);
  try {
    const [faults] = await Promise.all([
      runCampaign(deployment, { seed, plan, pauseMs, forMs: overMs }, progress),
      load.run(),
    ]);
    return faults;
  } finally {
    clearInterval(say);
  }
}

function progressLine(load: Load, ears: Ears): string {
  const ended = load.submissions.filter(({ id }) => id !== undefined && ears.heardEnd(id)).length;
  return `${load.begunCount} submitted, ${load.acknowledgedCount} acknowledged, ${ended} heard to have ended`;
}

/** Waits for the end of all work, then looks at everything from every side. */
async function gather(
  deployment: Deployment,
  { bus, connection }: Clients,
  load: Load,
  ears: Ears,
): Promise<Evidence> {
  await Promise.all([...deployment.programs.values()].map((program) => program.ready()));
  await fleetComplete(deployment.urls);
  // What does not end is found by the checks.
  await eventually(() => nothingUnderWay(bus), { timeoutMs: SETTLE_MS }).catch(() => undefined);
  const remains = await whatIsTaken(bus, deployment);
  const differences = await differencesIn(bus);
  if (remains.length + differences.length === 0)
    remains.push(...(await fillToTheBrim(bus, deployment, load.begunCount)));
  const collected = await collect(connection, [FREE_NAMESPACE, LIMITED.namespace]);
  await eventually(() => [...collected.tasks.keys()].every((id) => ears.heardEnd(id)), {
    timeoutMs: HEAR_MS,
  }).catch(() => undefined);
  const failure = await ears.stop();
  const gaps = [...ears.gaps, ...(failure === undefined ? [] : [`the stream ended: ${failure.message}`])];
  const { submissions } = load;
  const executions = readJournals(deployment.records);
  return { ...collected, submissions, heard: ears.heard, gaps, executions, remains, differences };
}

async function nothingUnderWay(client: Client): Promise<boolean> {
  const { tasks } = await client.status();
  const active = Object.entries(tasks).filter(([state, count]) => !isTerminal(state) && count > 0);
  if (active.length > 0) await delay(200);
  return active.length === 0;
}
