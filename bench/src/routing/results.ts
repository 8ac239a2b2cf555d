import type { DrillResult } from './drill-watch';
import type { Scenario } from './scenario';
import type { Ending, Job } from './world/job';

/** What one phase of a scenario came to. Latencies are from the arrival to the end, in units of the mean service time. */
export interface PhaseResult {
  requests: number;
  p50: number;
  p99: number;
  p999: number;
  mean: number;
  /** Share of requests that failed or were given up. */
  errors: number;
  /** Share that failed, was given up, or took more than five times as long as its work does on a core of its own. */
  hurt: number;
  /** Share that waited for a slot, and times that a host refused one, for each request. */
  waited: number;
  refusals: number;
  costPerThousand: number;
}

/** So many times as long as its work: then a request is hurt. */
const HURT_TIMES = 5;

class Phase {
  requests = 0;
  failed = 0;
  late = 0;
  slow = 0;
  waited = 0;
  refused = 0;
  cost = 0;
  readonly latencies: number[] = [];
}

/** Counts what happens to the requests of one simulation. */
export class Results {
  /** Requests that have not ended. */
  open = 0;
  /** Of a drill, and of balancers that judge hosts. */
  drill: DrillResult | undefined;
  private readonly phases: Phase[];

  constructor(private readonly scenario: Scenario) {
    this.phases = scenario.phases.map(() => new Phase());
  }

  arrived(job: Job): void {
    this.open += 1;
    if (job.measured) this.of(job).requests += 1;
  }

  waited(job: Job): void {
    if (job.measured) this.of(job).waited += 1;
  }

  refused(job: Job): void {
    if (job.measured) this.of(job).refused += 1;
  }

  ended(job: Job, ending: Ending, nowS: number): void {
    this.open -= 1;
    if (!job.measured) return;
    const phase = this.of(job);
    if (ending === 'failed') phase.failed += 1;
    // One that was given up took as long as its deadline, at least; a failure has no latency worth knowing.
    else phase.latencies.push((nowS - job.arrivedS) / this.scenario.meanServiceS);
    if (ending === 'late') phase.late += 1;
    if (ending === 'done' && nowS - job.arrivedS > HURT_TIMES * job.workS) phase.slow += 1;
    phase.cost += (Math.max(0, nowS - job.startedS) / 3_600) * this.priceOf(job);
  }

  /** One for each phase of the scenario. */
  perPhase(): PhaseResult[] {
    return this.phases.map((phase) => {
      const latencies = Float64Array.from(phase.latencies).sort();
      const { requests, failed, late, slow, waited, refused, cost } = phase;
      return {
        requests,
        p50: quantile(latencies, 0.5),
        p99: quantile(latencies, 0.99),
        p999: quantile(latencies, 0.999),
        mean: latencies.reduce((sum, latency) => sum + latency, 0) / latencies.length,
        errors: (failed + late) / requests,
        hurt: (failed + late + slow) / requests,
        waited: waited / requests,
        refusals: refused / requests,
        costPerThousand: (1_000 * cost) / requests,
      };
    });
  }

  private priceOf(job: Job): number {
    return this.scenario.hosts[job.host]?.pricePerSlotHour ?? 0;
  }

  private of(job: Job): Phase {
    const phase = this.phases[job.phase];
    if (phase === undefined) throw new Error(`there is no phase ${job.phase}`);
    return phase;
  }
}

/** Nearest rank, of values in ascending order; NaN for none. */
function quantile(ascending: Float64Array, share: number): number {
  return ascending[Math.max(0, Math.ceil(share * ascending.length) - 1)] ?? NaN;
}
