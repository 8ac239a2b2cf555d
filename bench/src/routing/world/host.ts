import { Fifo } from '@multiswarm/core';
import type { Job } from './job';
import { JobHeap } from './job-heap';

export interface HostSpec {
  /** What it says that it can run at once: its own admission, and what a balancer may count on. */
  slots: number;
  /** Work that it can do at once; each job takes one core at most. Fewer cores than jobs: they share evenly. */
  cores: number;
  /** Jobs that it takes into work at once; more wait in its own queue, first come first served. */
  lanes: number;
  speed: number;
  pricePerSlotHour: number;
  /** Hosts of one kind, to be learned about together. */
  kind: string;
}

export type Mode = 'well' | 'fails-fast' | 'hangs';

/** A failure takes this share of the work that it was given. */
const FAILURE_WORK_SHARE = 0.02;

/**
 * A host that shares its cores evenly between the jobs in its lanes.
 *
 * H1. All jobs in lanes progress at the same rate, so one number counts the work that each of them has had (`given`), and
 *     the next to be done is the one with the lowest `doneAt`.
 * H2. Whoever changes the rate (start, end, disturbance) brings `given` up to now first.
 */
export class Host {
  cores: number;
  speed: number;
  mode: Mode = 'well';
  /** Jobs that have been handed to it and have not ended. */
  held = 0;
  /** Of those, in lanes. */
  running = 0;
  private given = 0;
  private changedS = 0;
  private readonly lanes = new JobHeap();
  private readonly waiting = new Fifo<Job>();

  constructor(
    readonly index: number,
    readonly spec: HostSpec,
  ) {
    this.cores = spec.cores;
    this.speed = spec.speed;
  }

  accept(job: Job, nowS: number): void {
    job.heldBefore = this.held;
    this.held += 1;
    job.place = 'host';
    if (this.running < this.spec.lanes) this.start(job, nowS);
    else this.waiting.push(job);
  }

  /** When the next of its jobs is done, if nothing changes; Infinity for none. */
  nextDoneS(): number {
    const first = this.lanes.first();
    if (first === undefined) return Infinity;
    const rate = this.rate();
    return rate === 0 ? Infinity : this.changedS + Math.max(0, first.doneAt - this.given) / rate;
  }

  /** Takes out the job that is done now. */
  finish(nowS: number): Job {
    this.bringUpTo(nowS);
    const job = this.lanes.take();
    this.release(job);
    this.startWaiting(nowS);
    return job;
  }

  /** Gives up a job that it holds, wherever that is. */
  cancel(job: Job, nowS: number): void {
    this.bringUpTo(nowS);
    if (job.place === 'lane') {
      this.lanes.forget(job);
      this.release(job);
      this.startWaiting(nowS);
    } else {
      job.place = 'gone';
      this.held -= 1;
    }
  }

  change(change: { cores?: number; speed?: number; mode?: Mode }, nowS: number): void {
    this.bringUpTo(nowS);
    Object.assign(this, change);
  }

  /** What it runs, in no order. Late binding puts nobody behind its lanes. */
  attempts(): Job[] {
    return this.lanes.all();
  }

  private release(job: Job): void {
    job.place = 'gone';
    this.held -= 1;
    this.running -= 1;
  }

  private startWaiting(nowS: number): void {
    while (this.running < this.spec.lanes) {
      const next = this.waiting.shift();
      if (next === undefined) return;
      if (next.place === 'host') this.start(next, nowS);
    }
  }

  private start(job: Job, nowS: number): void {
    this.bringUpTo(nowS);
    job.failing = this.mode === 'fails-fast';
    job.place = 'lane';
    job.startedS = nowS;
    job.doneAt = this.given + job.workS * (job.failing ? FAILURE_WORK_SHARE : 1);
    this.running += 1;
    this.lanes.add(job);
  }

  private rate(): number {
    return this.mode === 'hangs' ? 0 : this.speed * Math.min(1, this.cores / this.running);
  }

  private bringUpTo(nowS: number): void {
    if (this.running > 0) this.given += (nowS - this.changedS) * this.rate();
    this.changedS = nowS;
  }
}
