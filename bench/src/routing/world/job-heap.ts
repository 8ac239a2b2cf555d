import type { Job } from './job';

/** Jobs by `doneAt`, the lowest first: a binary heap. What is forgotten stays in it until it comes to the top. */
export class JobHeap {
  private readonly jobs: Job[] = [];

  first(): Job | undefined {
    let first = this.jobs[0];
    while (first !== undefined && first.place !== 'lane') {
      this.take();
      first = this.jobs[0];
    }
    return first;
  }

  add(job: Job): void {
    const { jobs } = this;
    let at = jobs.length;
    jobs.push(job);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = jobs[above];
      if (parent === undefined || parent.doneAt <= job.doneAt) break;
      jobs[at] = parent;
      at = above;
    }
    jobs[at] = job;
  }

  /** Throws for an empty heap. */
  take(): Job {
    const { jobs } = this;
    const taken = jobs[0];
    const last = jobs.pop();
    if (taken === undefined || last === undefined) throw new Error('there is no job to take');
    if (jobs.length > 0) this.sink(last);
    return taken;
  }

  all(): Job[] {
    return this.jobs.filter(({ place }) => place === 'lane');
  }

  forget(job: Job): void {
    job.place = 'gone';
  }

  private sink(job: Job): void {
    const { jobs } = this;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      let child = jobs[below];
      const other = jobs[below + 1];
      if (child === undefined) break;
      if (other !== undefined && other.doneAt < child.doneAt) {
        child = other;
        below += 1;
      }
      if (child.doneAt >= job.doneAt) break;
      jobs[at] = child;
      at = below;
    }
    jobs[at] = job;
  }
}
