import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@multiswarm/sdk';
import { eventually } from '@multiswarm/testing';
import { Prober } from './availability/prober';
import { Deadline } from './deadline';
import { Ears, ENDS, isEnd } from './evidence/ears';
import { gather } from './evidence/gather';
import { Watchers } from './evidence/watchers';
import { runCampaign, type DoneFault } from './faults/campaign';
import type { Step } from './faults/plan';
import { check } from './invariants/check';
import { FlowLoad } from './load/flow-load';
import { Load } from './load/load';
import { LIMITED, type HoldTimes } from './load/work';
import { reportOf, type Report } from './report/report';
import { openClients, type Clients, type Patience } from './system/clients';
import { startDeployment, type Deployment } from './system/deployment';
import { settled, shardsOf } from './system/settled';
import { SHARDS, type SystemSettings } from './system/settings';

export interface ChaosOptions {
  readonly scenario: string;
  readonly seed: number;
  readonly settings: SystemSettings;
  /** Without a number of tasks it goes on until the faults are over. */
  readonly load: { readonly perSecond: number; readonly tasks?: number };
  readonly plan: Iterable<Step>;
  /** No fault is begun after this long. */
  readonly faultsForMs: number;
  /** Before the first fault. */
  readonly calmMs: number;
  readonly pauseMs: { readonly least: number; readonly most: number };
  /** The next fault waits until everything serves again. */
  readonly settles: boolean;
  /** How long agents take. */
  readonly holds: HoldTimes;
  /** Between two questions to the same shard. */
  readonly probeEveryMs: number;
  /** Of the clients that hand in tasks; as the SDK is by itself unless told. */
  readonly patience: Partial<Patience>;
  /** Everything has to be over after this long. */
  readonly deadlineMs: number;
  /** Keeps logs and records although all holds. */
  readonly keep: boolean;
}

const HEAR_MS = 30_000;
/** Of who goes from one orchestrator to the next. */
const STAY_MS = 3_000;
const PROGRESS_MS = 15_000;
const TASKS_PER_FLOW = 20;
/** As the SDK has by itself. */
const FLOW_PATIENCE_MS = 30_000;
/** Of tasks that only show that events are heard. */
const CANARIES = 'chaos-canaries';

/**
 * One run, from an empty machine to the report; everything is stopped then.
 * @throws DeadlineMissed with what was done by then
 */
export async function runChaos(options: ChaosOptions, progress: (line: string) => void): Promise<Report> {
  const deadline = new Deadline(options.deadlineMs);
  const deployment = await startDeployment(options.settings);
  let keep = true;
  try {
    const report = await deadline.around(runOn(deployment, options, deadline, progress));
    keep = options.keep || !report.holds;
    return keep ? { ...report, directory: deployment.directory } : report;
  } finally {
    if (keep) progress(`logs and records are in ${deployment.directory}`);
    await deployment.stop({ keep });
  }
}

async function runOn(
  deployment: Deployment,
  options: ChaosOptions,
  deadline: Deadline,
  progress: (line: string) => void,
): Promise<Report> {
  const clients = await openClients(deployment, options.patience);
  const { namespace, concurrency, keys, perKey } = LIMITED;
  const limits = Object.fromEntries(keys.map((key) => [key, { concurrency: perKey }]));
  await clients.bus.namespaces.put(namespace, { limit: { concurrency }, limits });
  const ears = earsOf(clients);
  const { probeEveryMs: everyMs } = options;
  const prober = await Prober.start({ servers: deployment.nats.url, shards: SHARDS, everyMs });
  try {
    await untilHearing(ears, clients.bus);
    const watchers = new Watchers([clients.bus, ...clients.listeners]);
    const load = new Load({ seed: options.seed, ...options.holds, ...options.load }, clients, (id) =>
      watchers.watch(id),
    );
    const flows = flowsOf(options, clients);
    deadline.standing = () => progressLine(load, ears[0]);
    const from = Date.now();
    progress(`the load begins: ${loadLine(options)}`);
    const faults = await underFaults(deployment, clients, options, { load, flows, ears, progress });
    // Later nothing was there to be acknowledged.
    const loadUntil = load.submissions.reduce((latest, { sentAt }) => Math.max(latest, sentAt), from);
    await prober.stop();
    progress('load and faults have ended; what is under way ends, and everything is compared');
    const evidence = await gather(deployment, clients, { load, flows, ears, faults, watchers });
    const unasked = [...deployment.programs.values()].flatMap(({ name, unasked: ends }) =>
      ends.map(({ at, how }) => ({ name, atMs: at - from, how })),
    );
    return reportOf({
      ...{ scenario: options.scenario, seed: options.seed, from, loadUntil, until: Date.now() },
      ...{ evidence, faults, unasked, broken: check(evidence), probes: prober.probes, everyMs },
    });
  } finally {
    await prober.stop();
    await clients.close();
  }
}

/** Who hears everything is the first. */
function earsOf({ listeners }: Clients): [Ears, ...Ears[]] {
  const [one, another] = listeners;
  return [
    new Ears({ name: 'who follows everything', clients: [one] }),
    new Ears({ name: 'who goes from one to the next', clients: [another, one], stayMs: STAY_MS }),
    new Ears({ name: 'who follows ends', clients: [another], filter: { type: [...ENDS] }, hears: isEnd }),
  ];
}

/** A stream begins with what happens once it is there: tasks are handed in until something is heard of one. */
async function untilHearing(ears: readonly Ears[], client: Client): Promise<void> {
  await eventually(
    async () => {
      await client.submit('short', { n: 0, runMs: 0, failUntil: 0 }, { namespace: CANARIES });
      return ears.every(({ heard }) => heard.size > 0);
    },
    { timeoutMs: HEAR_MS, describe: 'hearing the first event' },
  );
}

/** One workflow for so many tasks. */
function flowsOf({ seed, load: { perSecond, tasks }, patience }: ChaosOptions, clients: Clients): FlowLoad {
  const { retryForMs: patienceMs = FLOW_PATIENCE_MS } = patience;
  const limit = tasks === undefined ? {} : { flows: Math.ceil(tasks / TASKS_PER_FLOW) };
  return new FlowLoad(
    { seed, patienceMs, perSecond: perSecond / TASKS_PER_FLOW, ...limit },
    clients.connection,
  );
}

interface Stage {
  readonly load: Load;
  readonly flows: FlowLoad;
  /** The first one hears everything. */
  readonly ears: readonly [Ears, ...Ears[]];
  readonly progress: (line: string) => void;
}

async function underFaults(
  deployment: Deployment,
  { bus }: Clients,
  options: ChaosOptions,
  { load, flows, ears, progress }: Stage,
): Promise<DoneFault[]> {
  const { seed, plan, pauseMs, faultsForMs, calmMs, settles } = options;
  const say = setInterval(() => progress(progressLine(load, ears[0])), PROGRESS_MS);
  const campaign = async (): Promise<DoneFault[]> => {
    await delay(calmMs);
    const ownedBy = (target: string): Promise<number[]> => shardsOf(target, deployment, bus);
    const whole = settles ? { settled: () => settled(deployment, bus) } : {};
    try {
      return await runCampaign(
        deployment,
        { seed, plan, pauseMs, forMs: faultsForMs, ownedBy, ...whole },
        progress,
      );
    } finally {
      if (options.load.tasks === undefined) {
        load.stop();
        flows.stop();
      }
    }
  };
  try {
    const [faults] = await Promise.all([campaign(), load.run(), flows.run()]);
    return faults;
  } finally {
    clearInterval(say);
  }
}

function loadLine({ load: { tasks, perSecond } }: ChaosOptions): string {
  const pace = `${Math.round(perSecond * 10) / 10} tasks per second`;
  return tasks === undefined ? pace : `${tasks} tasks, ${pace}`;
}

function progressLine(load: Load, ears: Ears): string {
  const ended = load.submissions.filter(({ id }) => id !== undefined && ears.heardEnd(id)).length;
  return `${load.begunCount} submitted, ${load.acknowledgedCount} acknowledged, ${ended} heard to have ended`;
}
