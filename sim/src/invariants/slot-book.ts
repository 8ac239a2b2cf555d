import type { LbReport } from '@multiswarm/contracts';
import type { Findings } from './findings';
import type { Ledger } from './ledger';

/** Ends that only an owner tells; coordinators give back what was refused, and schedulers what was not used. */
const ENDS: ReadonlySet<string> = new Set(['succeeded', 'failed', 'cancelled', 'lost', 'timed-out']);

/** 5: the end of each attempt is told to the load-balancer once. Where things go wrong a report may get lost, and heartbeats make up for it. */
export class SlotBook {
  private readonly told = new Map<string, number>();

  constructor(
    private readonly findings: Findings,
    private readonly ledger: Ledger,
  ) {}

  reported({ outcomes }: LbReport): void {
    for (const { taskId, attempt, outcome } of outcomes) {
      if (!ENDS.has(outcome)) continue;
      const key = `${taskId}#${attempt}`;
      this.told.set(key, (this.told.get(key) ?? 0) + 1);
    }
  }

  /** To be called at the end of a run in which nothing went wrong. */
  check(): void {
    for (const { id, attempts } of this.ledger.tasks.values()) {
      for (const { attempt, outcome } of attempts) {
        const times = this.told.get(`${id}#${attempt}`) ?? 0;
        const expected = outcome !== undefined && ENDS.has(outcome) ? 1 : 0;
        this.findings.holds(5, times === expected, () => {
          return `the end (${outcome}) of ${id}#${attempt} was told to the load-balancer ${times} times`;
        });
      }
    }
  }
}
