import { isTerminal, keys, MultiswarmError } from '@multiswarm/contracts';
import { Answers } from './invariants/answers';
import { Findings, type Finding } from './invariants/findings';
import { Ledger } from './invariants/ledger';
import { LimitBook } from './invariants/limit-book';
import { OrderBook, watchQueues } from './invariants/order-book';
import { StreamReader } from './invariants/stream-reader';
import { WorkBook } from './invariants/work-book';
import { balancerProgram } from './nodes/balancer-program';
import { orchestratorProgram } from './nodes/orchestrator-program';
import { ProgramHost } from './nodes/program-host';
import { swarmProgram } from './nodes/swarm-program';
import { Client, Promises } from './scenario/client';
import { Faults } from './scenario/faults';
import { planOf, TIMES, type Plan } from './scenario/plan';
import { NAMESPACES, REGIONS } from './scenario/submissions';
import { SettingsTables } from './stores/settings';
import { SimShards } from './stores/sim-shard-store';
import { CENTRE } from './world/geography';
import { forbidRealTime } from './world/no-real-time';
import type { SimProcess } from './world/process';
import { World } from './world/world';

export interface RunOptions {
  seed: number;
  /** Lines of the trace. */
  onLine?: ((line: string) => void) | undefined;
}

export interface RunResult {
  seed: number;
  finding: Finding | undefined;
  /** Equal for two runs that did the same. */
  hash: string;
  simulatedMs: number;
  events: number;
  tasks: number;
  attempts: number;
}

const WARM_UP_MS = 1_500;
/** After the last fault everything must come to its end within this. */
const CONVERGENCE_MS = 120_000;
const TIDY_MS = 1_000;
/** When all tasks have ended, what is still on its way arrives, and reservations that nobody gave back run out. */
const SETTLE_MS = 20_000;
/** Deep checks take their time: every so many seeds has them, one in the middle and one at the end. */
const CHECKED_SEEDS = 4;
/** A deep check looks several times at what may be in motion. */
const DEEP_CHECK_MS = 10_000;

/** One run from its seed: it ends with the first finding, or when everything has ended and been counted. */
export async function simulate(options: RunOptions): Promise<RunResult> {
  const allow = forbidRealTime();
  const run = new Run(options);
  const onRejection = (error: unknown): void => run.unhandled(error);
  process.on('unhandledRejection', onRejection);
  try {
    await run.toTheEnd();
  } catch (error) {
    run.unhandled(error);
  } finally {
    process.off('unhandledRejection', onRejection);
    watchQueues(undefined);
    allow();
  }
  return run.result();
}

class Run {
  private readonly world: World;
  private readonly plan: Plan;
  private readonly findings = new Findings(() => this.world.timeline);
  private readonly work = new WorkBook(this.findings);
  private readonly limits = new LimitBook(this.findings, NAMESPACES);
  private readonly ledger = new Ledger(this.findings, this.work, this.limits, TIMES.attemptLeaseMs);
  private readonly stream = new StreamReader(this.findings, this.ledger);
  private readonly answers = new Answers(
    this.findings,
    this.ledger,
    (region) => this.world.leases.get(keys.regionLease(region)).epoch,
  );
  private readonly promises = new Promises();
  private readonly host: ProgramHost;
  private readonly faults: Faults;
  private readonly clients: Client[];

  constructor(private readonly options: RunOptions) {
    this.world = new World({
      seed: options.seed,
      tap: this.answers,
      onFault: (process, what, error) => {
        this.findings.broken(
          0,
          `${process}, ${what}: ${error instanceof Error ? error.stack : String(error)}`,
        );
      },
      onLine: options.onLine,
    });
    const { world } = this;
    watchQueues(new OrderBook(this.findings));
    this.plan = planOf(world.seeds);
    this.host = new ProgramHost(world, world.seeds, this.plan.skewMs);
    this.faults = new Faults(world, this.host, world.seeds.stream('faults'));
    this.startPrograms();
    this.clients = Array.from({ length: this.plan.clients }, (_, index) =>
      this.client(`client-${index + 1}`),
    );
  }

  async toTheEnd(): Promise<void> {
    const { activeMs, actions, faults } = this.plan;
    await this.until(WARM_UP_MS, () => false);
    for (const client of this.clients) client.start(actions, activeMs);
    this.faults.schedule(faults, activeMs);
    await this.until(activeMs / 2, () => false);
    if (this.isChecked) void this.deepCheck();
    await this.until(activeMs / 2, () => false);
    this.faults.quiet();
    await this.converge();
    if (this.anyFinding()) return;

    await this.until(SETTLE_MS, () => this.left().length === 0);
    // The load-balancer hears of a slot that was kept when nobody has taken it.
    await this.until(TIMES.slotKeptMs * 2, () => this.anyFinding());
    if (!this.anyFinding()) this.checkEnd();
    if (this.isChecked && !this.anyFinding()) await this.until(DEEP_CHECK_MS, this.whenChecked());
  }

  private anyFinding(): boolean {
    return this.findings.first !== undefined;
  }

  /** Nobody caught it. In a process of its own that is the end of the program. */
  unhandled(error: unknown): void {
    this.findings.broken(0, error instanceof Error ? (error.stack ?? error.message) : String(error));
  }

  result(): RunResult {
    const { timeline, trace } = this.world;
    return {
      seed: this.options.seed,
      finding: this.findings.first,
      hash: trace.hash,
      simulatedMs: timeline.now,
      events: timeline.events,
      tasks: this.ledger.tasks.size,
      attempts: this.work.begun,
    };
  }

  private startPrograms(): void {
    const { world, plan, host, work, findings, ledger } = this;
    const { timeline } = world;
    const remark = (text: () => string): void => timeline.trace.remark(timeline.now, text);
    const shards = new SimShards(world.redis, world.leases, ledger, findings, remark);
    const settings = new SettingsTables(NAMESPACES);
    const failed = this.failed.bind(this);
    const parts = { world, shards, settings, plan, failed };
    for (let replica = 1; replica <= plan.replicas; replica += 1)
      host.add(orchestratorProgram(parts, `orch-${replica}`, CENTRE, plan.regional ? 'global' : 'both'));
    if (plan.regional)
      for (const region of REGIONS)
        host.add(orchestratorProgram(parts, `coord-${region}`, region, 'regional'));
    for (let balancer = 1; balancer <= plan.balancers; balancer += 1)
      host.add(balancerProgram(world, failed, `lb-${balancer}`, CENTRE));
    for (const swarm of plan.swarms) host.add(swarmProgram(world, failed, work, this.answers.held, swarm));
  }

  /** Without NATS or Redis no program starts: it ends, and is started again. Any other reason is a bug. */
  private failed(process: SimProcess, error: unknown): void {
    this.findings.holds(0, error instanceof MultiswarmError && error.retryable, () => {
      return `${process.name} could not start: ${error instanceof Error ? error.stack : String(error)}`;
    });
    process.kill();
  }

  private client(name: string): Client {
    const process = this.world.process({ name, site: CENTRE, skewMs: 0 });
    const { findings, ledger, promises } = this;
    return new Client({ process, bus: this.world.bus(process), findings, ledger, promises });
  }

  private async converge(): Promise<void> {
    const deadline = this.world.timeline.now + CONVERGENCE_MS;
    const [tidy] = this.clients;
    while (!this.findings.first && this.world.timeline.now < deadline) {
      if (await this.until(TIDY_MS, () => this.allEnded())) return;
      tidy?.tidyUp();
    }
    if (!this.findings.first)
      this.findings.broken(1, `not ended: ${this.open().slice(0, 3).join('; ')}${await this.reasons()}`);
  }

  /** What the schedulers say about tasks that did not end. */
  private async reasons(): Promise<string> {
    const ids = [...this.ledger.tasks.values()].filter(({ state }) => state === 'queued').map(({ id }) => id);
    const told = await Promise.all(
      this.host.all.map((node) => node.explain?.(ids) ?? Promise.resolve(undefined)),
    );
    return told
      .flatMap((reasons) => Object.entries(reasons ?? {}))
      .map(([id, { reason, detail }]) => `\n  ${id}: ${reason}, ${detail}`)
      .join('');
  }

  /** Lets so much time pass, or less where `done` says so. Stops at a finding too. */
  private async until(ms: number, done: () => boolean): Promise<boolean> {
    const { timeline, nats } = this.world;
    let ended = false;
    await timeline.run(() => {
      this.stream.catchUp(nats.log.messages);
      ended = done();
      return ended || this.findings.first !== undefined;
    }, timeline.now + ms);
    return ended;
  }

  private allEnded(): boolean {
    return this.clients.every(({ open }) => open === 0) && this.open().length === 0;
  }

  private open(): string[] {
    const { tasks, runs } = this.ledger;
    return [
      ...[...tasks.values()]
        .filter(({ state }) => !isTerminal(state))
        .map(({ id, state, attempt }) => `${id} is ${state} (attempt ${attempt})`),
      ...[...runs.values()]
        .filter(({ run }) => run.state === 'running')
        .map(({ run }) => `${run.id} is running`),
    ];
  }

  private get isChecked(): boolean {
    return this.options.seed % CHECKED_SEEDS === 0;
  }

  /** 5: what is kept beside the records agrees with them, whatever is going on. */
  private async deepCheck(): Promise<void> {
    const found = await Promise.all(this.host.all.map((node) => node.check?.() ?? Promise.resolve([])));
    for (const finding of found.flat()) this.findings.broken(5, finding);
  }

  private whenChecked(): () => boolean {
    const check = { isOver: false };
    void this.deepCheck().then(() => {
      check.isOver = true;
    });
    return () => check.isOver;
  }

  /** What is still counted somewhere, or on its way. */
  private left(): string[] {
    return [
      ...this.limits.left(),
      ...this.stream.missing(),
      ...this.host.all.flatMap((node) => node.left().map((what) => `${node.process.name}: ${what}`)),
    ];
  }

  /** What holds when all is over. */
  private checkEnd(): void {
    const { findings, ledger, promises } = this;
    for (const id of promises.acknowledged)
      findings.holds(
        1,
        ledger.tasks.has(id) || ledger.runs.has(id),
        () => `${id} was acknowledged, and is not there`,
      );
    for (const missing of this.stream.missing()) findings.broken(7, missing);
    if (this.plan.faults === 0) this.answers.slots.check();
    findings.holds(5, this.left().length === 0, () => `still counted at the end: ${this.left().join(', ')}`);
  }
}
