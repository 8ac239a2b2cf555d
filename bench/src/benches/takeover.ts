import { setTimeout as delay } from 'node:timers/promises';
import { ExplainReply, ReplicaAlive, SchedulerActive, shardOf, subjects } from '@multiswarm/contracts';
import type { Child } from '../child';
import { profiled } from '../profiling';
import type { Figure } from '../report';
import { rounded } from '../statistics';
import { startDeployment, type Deployment } from '../systems/deployment';
import type { Bench } from './bench';
import { inTime } from './side-by-side';

/** Attempts that run when the replica dies. */
const RUNNING = 200;
/** Tasks submitted right after the death, one by one, spread over all shards; of a class that has free slots. */
const PROBES = 64;
const MOST_SHARDS = 1_024;
const ASK_EVERY_MS = 25;
/** The shards have moved to the second replica, and stand still. */
const SPREAD = { everyMs: 100, quietMs: 3_000, atMostMs: 60_000 };
const DEADLINE_MS = 300_000;

/** Milliseconds from the death of the replica. */
interface Takeover {
  commands: number;
  probes: number;
  running: number;
  known: number;
}

/**
 * SIGKILL for one of two orchestrator replicas, the one that schedules, while many tasks wait and some run. Timed from the
 * kill until
 * - a command has been answered in every shard (one waiting task of each is cancelled),
 * - the results of tasks submitted right after the kill are known, in all shards,
 * - the ends of all attempts that ran, whose agents finish right after the kill, are committed,
 * - the new scheduler knows every task that waits.
 */
export const takeover: Bench = async (options, progress) => {
  const { waiting, runs, appendfsync, profile } = options;
  const all: Takeover[] = [];
  let serverVersions: Record<string, string> = {};
  for (let run = 1; run <= runs; run++) {
    const deployment = await startDeployment({
      // A death causes warnings; here they would only hide the figures.
      ...{ appendfsync, orchestrators: 2, logLevel: 'error', probed: profile !== undefined },
      swarms: [
        { id: 'bench', slots: RUNNING, gated: true },
        { id: 'probes', slots: PROBES, type: 'probe' },
      ],
    });
    serverVersions = deployment.serverVersions;
    try {
      const taken = await measure(deployment, waiting, progress, (survivors, work) =>
        profile === undefined ? work() : profiled(profile, `takeover-${run}`, survivors, work),
      );
      all.push(taken);
      progress(
        `run ${run}/${runs}  commands ${rounded(taken.commands)} ms, new tasks ${rounded(taken.probes)} ms, ` +
          `running ones ${rounded(taken.running)} ms, all known ${rounded(taken.known)} ms`,
      );
    } finally {
      await deployment.stop();
    }
  }
  const settings = { waiting, running: RUNNING, probes: PROBES, runs, appendfsync };
  const figure = (metric: string, key: keyof Takeover): Figure => ({
    ...{ bench: 'takeover', metric, unit: 'ms', settings, serverVersions },
    own: { name: 'multiswarm', runs: all.map((taken) => taken[key]) },
  });
  return [
    figure('until every shard answers commands', 'commands'),
    figure('until results of tasks submitted afterwards', 'probes'),
    figure('until the ends of all running attempts are committed', 'running'),
    figure('until the scheduler knows every waiting task', 'known'),
  ];
};

async function measure(
  deployment: Deployment,
  waiting: number,
  progress: (line: string) => void,
  watched: (survivors: readonly Child[], work: () => Promise<Takeover>) => Promise<Takeover>,
): Promise<Takeover> {
  const { pile } = deployment;
  await shardsSpread(deployment);
  const held = await pile(RUNNING, 'noop');
  await eventuallyQueued(deployment, (queued) => queued === 0);
  const victims = onePerShard(await pile(waiting, 'noop'));
  await eventuallyQueued(deployment, (queued) => queued === waiting);
  const scheduling = await schedulingReplica(deployment);
  progress(
    `${waiting} tasks wait, ${RUNNING} run; ${scheduling.name} is killed, of ${victims.length} shards`,
  );

  const survivors = deployment.children.filter((child) => child !== scheduling);
  return watched(survivors, () => killAndWait(deployment, scheduling, { held, victims, waiting }));
}

async function killAndWait(
  deployment: Deployment,
  scheduling: Child,
  { held, victims, waiting }: { held: string[]; victims: string[]; waiting: number },
): Promise<Takeover> {
  const { client, swarms } = deployment;
  const from = performance.now();
  await scheduling.kill();
  const since = (): number => performance.now() - from;
  swarms[0]?.tell({ open: RUNNING });
  const running = Promise.all(held.map((id) => client.task(id).result())).then(since);
  const commands = Promise.all(victims.map((id) => client.task(id).cancel())).then(since);
  const probes = Promise.all(
    Array.from({ length: PROBES }, async (_, n) => (await client.submit('probe', { n })).result()),
  ).then(since);
  // Slots that come free are taken by the next ones, which then wait at the gate.
  const left = waiting - RUNNING - victims.length;
  const times = Promise.all([
    commands,
    probes,
    running,
    eventuallyQueued(deployment, (queued) => queued >= left).then(since),
  ]);
  const [command, probe, ends, known] = await inTime('the takeover', times, DEADLINE_MS);
  return { commands: command, probes: probe, running: ends, known };
}

/** How many tasks the scheduler knows; undefined while there is none. */
async function queuedNow({ bus }: Deployment): Promise<number | undefined> {
  const body = { v: 1, taskIds: [] };
  return bus.request(subjects.schedulerExplain(), body, { reply: ExplainReply, timeoutMs: 1_000 }).then(
    ({ queued }) => queued,
    () => undefined,
  );
}

async function eventuallyQueued(deployment: Deployment, enough: (queued: number) => boolean): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  let queued = await queuedNow(deployment);
  while (queued === undefined || !enough(queued)) {
    if (performance.now() > deadline) throw new Error(`the scheduler knows ${queued ?? 'no'} tasks`);
    await delay(ASK_EVERY_MS);
    queued = await queuedNow(deployment);
  }
}

/** Replicas name themselves `<host>-<pid>-<unique>`. */
async function schedulingReplica({ bus, orchestrators }: Deployment): Promise<Child> {
  const replica = await new Promise<string>((resolve) => {
    const hearing = bus.subscribe(subjects.schedulerActive(), { schema: SchedulerActive }, (active) => {
      hearing.stop();
      resolve(active.replica);
    });
  });
  const child = orchestrators.find(({ pid }) => replica.includes(`-${pid}-`));
  if (!child) throw new Error(`${replica} is none of the processes that were started`);
  return child;
}

/** Both replicas have shards, and none has changed hands for a while. */
async function shardsSpread({ bus }: Deployment): Promise<void> {
  const shards = new Map<string, string>();
  let changedAt = performance.now();
  const hearing = bus.subscribe(subjects.replicaAlive(), { schema: ReplicaAlive }, (alive) => {
    const now = alive.shards.join();
    if (shards.get(alive.replica) !== now) changedAt = performance.now();
    shards.set(alive.replica, now);
  });
  const deadline = performance.now() + SPREAD.atMostMs;
  const spread = (): boolean =>
    [...shards.values()].filter((own) => own !== '').length === 2 &&
    performance.now() - changedAt > SPREAD.quietMs;
  while (!spread()) {
    if (performance.now() > deadline)
      throw new Error(`the shards did not spread over the replicas: ${JSON.stringify([...shards])}`);
    await delay(SPREAD.everyMs);
  }
  hearing.stop();
}

function onePerShard(ids: readonly string[]): string[] {
  const byShard = new Map<number, string>();
  for (const id of ids) {
    const shard = shardOf(id, MOST_SHARDS);
    if (shard !== undefined && !byShard.has(shard)) byShard.set(shard, id);
  }
  return [...byShard.values()];
}
