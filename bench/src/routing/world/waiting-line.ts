import { Fifo } from '@multiswarm/core';
import type { Job } from './job';

/** Jobs that wait for a slot, in the order of arrival: those that come back, after a refusal, are older than those that never left. */
export class WaitingLine {
  private readonly line = new Fifo<Job>();
  /** Came back; the oldest last. */
  private readonly back: Job[] = [];
  private waiting = 0;

  get size(): number {
    return this.waiting;
  }

  join(job: Job): void {
    job.place = 'queue';
    this.waiting += 1;
    this.line.push(job);
  }

  comeBack(job: Job): void {
    job.place = 'queue';
    this.waiting += 1;
    let at = this.back.length;
    while (at > 0 && (this.back[at - 1]?.id ?? 0) < job.id) at -= 1;
    this.back.splice(at, 0, job);
  }

  /** Throws unless there is one. */
  take(): Job {
    const job = this.first();
    if (job === undefined) throw new Error('nobody waits');
    if (this.back.at(-1) === job) this.back.pop();
    else this.line.shift();
    this.waiting -= 1;
    return job;
  }

  /** Of one that has given up: it leaves when it comes to the front. */
  forget(job: Job): void {
    job.place = 'gone';
    this.waiting -= 1;
  }

  private first(): Job | undefined {
    while (this.back.at(-1)?.place === 'gone') this.back.pop();
    while (this.line.peek()?.place === 'gone') this.line.shift();
    return this.back.at(-1) ?? this.line.peek();
  }
}
