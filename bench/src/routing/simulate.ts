import { Fifo, seededRandom, type Random } from '@multiswarm/core';
import { DrillWatch } from './drill-watch';
import { Results } from './results';
import { WAIT, type Balancers, type Routing } from './routing';
import type { Disturbance, Scenario } from './scenario';
import { Agenda } from './world/agenda';
import { WaitingLine } from './world/waiting-line';
import { exponential } from './world/distributions';
import { Host } from './world/host';
import { Job, type Ending } from './world/job';

/** A refused request is placed again so many times before it waits. */
export const REPICKS = 2;

/** Streams of one seed: what happens must not depend on who routes, so that ways to route meet the same requests and troubles. */
const STREAMS = { arrivals: 1, work: 2, disturbances: 3, routing: 4, replicas: 5 } as const;

/** Runs all phases of a scenario under one way to route: the same seed, the same result. */
export function simulate(scenario: Scenario, routing: Routing, seed: number): Results {
  return new Simulation(scenario, routing, seed).run();
}

/**
 * A discrete-event simulation.
 *
 * Q1. Whatever waits for a slot waits in the order of arrival, and nothing overtakes it.
 * Q2. Every request ends once: done, failed, or late.
 */
class Simulation {
  private readonly hosts: Host[];
  private readonly agenda: Agenda;
  private readonly balancers: Balancers;
  private readonly replicas: number;
  private readonly late: boolean;
  private readonly hopS: number;
  private readonly results: Results;
  private readonly random: (stream: keyof typeof STREAMS) => Random;
  private readonly replicaRandom: Random;
  private readonly disturbances: readonly Disturbance[];
  private readonly watch: DrillWatch | undefined;
  private readonly queue = new WaitingLine();
  private readonly hops = new Fifo<Job>();
  private readonly deadlines = new Fifo<Job>();
  private disturbed = 0;
  private reports = 0;
  /** No request arrives any more. */
  private closing = false;

  constructor(
    private readonly scenario: Scenario,
    routing: Routing,
    seed: number,
  ) {
    this.random = (stream) => seededRandom(seed * 1_000 + STREAMS[stream]);
    this.hosts = scenario.hosts.map((spec, index) => new Host(index, spec));
    this.agenda = new Agenda(this.hosts.length);
    this.late = routing.binding === 'late';
    this.hopS = routing.instant === true ? 0 : scenario.hopS;
    this.replicas = routing.replicas ?? scenario.replicas;
    this.replicaRandom = this.random('replicas');
    this.disturbances = scenario.disturbances(this.random('disturbances'), this.horizonS());
    this.results = new Results(scenario);
    const world = { scenario, replicas: this.replicas, random: this.random('routing'), hosts: this.hosts };
    this.balancers = routing.start(world);
    if (scenario.drill !== undefined && this.balancers.standing !== undefined)
      this.watch = new DrillWatch(scenario.drill, this.hosts.length, this.replicas);
  }

  run(): Results {
    for (const job of this.arrivals()) {
      this.runUntil(job.arrivedS);
      this.arrive(job, job.arrivedS);
    }
    this.closing = true;
    this.runUntil(Infinity, () => this.results.open > 0);
    this.results.drill = this.watch?.result();
    return this.results;
  }

  private *arrivals(): Generator<Job> {
    const { phases, service, meanServiceS, capacityCores, warmUpShare } = this.scenario;
    const gaps = this.random('arrivals');
    const work = this.random('work');
    let id = 0;
    let nowS = 0;
    for (const [phase, { load, requests }] of phases.entries()) {
      const meanGapS = meanServiceS / (load * capacityCores);
      for (let at = 0; at < requests; at += 1) {
        nowS += exponential.draw(gaps) * meanGapS;
        const workS = service.draw(work) * meanServiceS;
        yield new Job((id += 1), phase, at >= warmUpShare * requests, nowS, workS);
      }
    }
  }

  /** Everything that happens before this time, while `goesOn`. */
  private runUntil(untilS: number, goesOn: () => boolean = () => true): void {
    while (goesOn()) {
      const next = this.nextEvent();
      if (next.atS >= untilS) return;
      next.happen(next.atS);
    }
  }

  private readonly events = {
    none: { atS: Infinity, happen: () => undefined },
    done: { atS: 0, happen: (nowS: number) => this.finish(nowS) },
    hop: { atS: 0, happen: (nowS: number) => this.reach(nowS) },
    deadline: { atS: 0, happen: (nowS: number) => this.giveUp(nowS) },
    report: { atS: 0, happen: (nowS: number) => this.report(nowS) },
    disturbance: { atS: 0, happen: (nowS: number) => this.disturb(nowS) },
  };

  private nextEvent(): { atS: number; happen: (nowS: number) => void } {
    const { done, hop, deadline, report, disturbance } = this.events;
    done.atS = this.agenda.firstS;
    const hopping = this.hops.peek();
    hop.atS = hopping === undefined ? Infinity : hopping.dispatchedS + this.hopS;
    deadline.atS = this.nextDeadlineS();
    report.atS = (this.reports * this.scenario.reportEveryS) / this.hosts.length;
    disturbance.atS = this.disturbances[this.disturbed]?.atS ?? Infinity;
    let first: { atS: number; happen: (nowS: number) => void } = done;
    if (hop.atS < first.atS) first = hop;
    if (deadline.atS < first.atS) first = deadline;
    if (disturbance.atS < first.atS) first = disturbance;
    // Reports alone end nothing that is with a host.
    if (this.closing && first.atS === Infinity && this.queue.size === 0) return this.events.none;
    return report.atS < first.atS ? report : first;
  }

  private nextDeadlineS(): number {
    if (this.scenario.deadlineS === Infinity) return Infinity;
    let first = this.deadlines.peek();
    while (first?.place === 'gone') {
      this.deadlines.shift();
      first = this.deadlines.peek();
    }
    return first === undefined ? Infinity : first.arrivedS + this.scenario.deadlineS;
  }

  private arrive(job: Job, nowS: number): void {
    this.results.arrived(job);
    if (this.scenario.deadlineS < Infinity) this.deadlines.push(job);
    // Q1
    if (this.queue.size > 0 || !this.place(job, nowS)) {
      this.results.waited(job);
      this.queue.join(job);
    }
  }

  private place(job: Job, nowS: number): boolean {
    const replica = Math.floor(this.replicaRandom.next() * this.replicas);
    const host = this.balancers.place(replica, job, nowS);
    if (host === WAIT) return false;
    job.replica = replica;
    job.host = host;
    job.picks += 1;
    job.dispatchedS = nowS;
    job.place = 'hop';
    if (this.hopS === 0) this.handOver(job, nowS);
    else this.hops.push(job);
    return true;
  }

  private reach(nowS: number): void {
    const job = this.hops.shift();
    if (job?.place === 'hop') this.handOver(job, nowS);
  }

  private handOver(job: Job, nowS: number): void {
    const host = this.host(job.host);
    if (this.late && host.held >= host.spec.slots) {
      this.refuse(job, nowS);
      return;
    }
    host.accept(job, nowS);
    this.schedule(host);
  }

  private refuse(job: Job, nowS: number): void {
    this.results.refused(job);
    this.balancers.refused?.(job, nowS);
    if (job.picks <= REPICKS && this.place(job, nowS)) return;
    job.picks = 0;
    this.results.waited(job);
    this.queue.comeBack(job);
  }

  private finish(nowS: number): void {
    const host = this.host(this.agenda.first);
    const job = host.finish(nowS);
    this.schedule(host);
    this.end(job, job.failing ? 'failed' : 'done', nowS);
  }

  private giveUp(nowS: number): void {
    const job = this.deadlines.shift();
    if (job === undefined) return;
    if (job.place === 'queue') {
      this.queue.forget(job);
      this.results.ended(job, 'late', nowS);
      return;
    }
    if (job.place === 'hop') job.place = 'gone';
    else {
      const host = this.host(job.host);
      host.cancel(job, nowS);
      this.schedule(host);
    }
    this.end(job, 'late', nowS);
  }

  /** Q2. */
  private end(job: Job, ending: Ending, nowS: number): void {
    this.results.ended(job, ending, nowS);
    this.balancers.ended?.(job, ending, nowS);
    this.placeWaiting(nowS);
  }

  private report(nowS: number): void {
    const host = this.host(this.reports % this.hosts.length);
    this.reports += 1;
    this.balancers.reported?.(host, nowS);
    this.noteStandings(host.index, nowS);
    this.placeWaiting(nowS);
  }

  private noteStandings(host: number, nowS: number): void {
    const { watch, balancers, replicas } = this;
    if (watch === undefined) return;
    for (let replica = 0; replica < replicas; replica += 1)
      watch.note(host, replica, balancers.standing?.(replica, host) ?? 'whole', nowS);
  }

  private disturb(nowS: number): void {
    const disturbance = this.disturbances[this.disturbed];
    this.disturbed += 1;
    if (disturbance === undefined) return;
    const host = this.host(disturbance.host);
    host.change(disturbance.change, nowS);
    this.schedule(host);
  }

  /** Q1. */
  private placeWaiting(nowS: number): void {
    while (this.queue.size > 0) {
      const job = this.queue.take();
      if (!this.place(job, nowS)) this.queue.comeBack(job);
      // Nobody takes it now, or its host has refused it already: others of the queue would fare no better.
      if (job.place === 'queue') return;
    }
  }

  private schedule(host: Host): void {
    this.agenda.set(host.index, host.nextDoneS());
  }

  private host(index: number): Host {
    const host = this.hosts[index];
    if (host === undefined) throw new Error(`there is no host ${index}`);
    return host;
  }

  /** Ample: whatever happens to hosts has to be known for as long as requests arrive. */
  private horizonS(): number {
    const { phases, meanServiceS, capacityCores } = this.scenario;
    return phases.reduce(
      (sum, { load, requests }) => sum + 1.2 * requests * (meanServiceS / (load * capacityCores)),
      10,
    );
  }
}
