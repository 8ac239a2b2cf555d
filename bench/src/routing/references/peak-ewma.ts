import type { Routing } from '../routing';
import { twoOf } from './by-load';

/** Time in which an old latency loses 63% of its weight, in mean service times: 10 s beside requests of a second, as in Finagle. */
const DECAY_SERVICE_TIMES = 10;

/**
 * Peak EWMA of two choices (Finagle's `p2c_peak_ewma`): latency × (own requests in flight + 1), where a latency above the
 * average replaces it at once, and one below only with time. Each replica knows only its own requests.
 */
export const peakEwma: Routing = {
  name: 'peak-ewma-p2c',
  binding: 'early',
  start: ({ hosts, replicas, random, scenario }) => {
    const decayS = DECAY_SERVICE_TIMES * scenario.meanServiceS;
    const own = Array.from({ length: replicas }, () => hosts.map(() => new PeakEwma(decayS)));
    const of = (replica: number, host: number): PeakEwma | undefined => own[replica]?.[host];
    return {
      place: (replica, _job, nowS) => {
        const [one, other] = twoOf(random, hosts.length);
        const cost = (host: number): number => of(replica, host)?.cost(nowS) ?? 0;
        const chosen = cost(other) < cost(one) ? other : one;
        const entry = of(replica, chosen);
        if (entry !== undefined) entry.inFlight += 1;
        return chosen;
      },
      ended: (job, _ending, nowS) => of(job.replica, job.host)?.ended(nowS - job.dispatchedS, nowS),
    };
  },
};

class PeakEwma {
  inFlight = 0;
  private latencyS = 0;
  private stampS = 0;

  constructor(private readonly decayS: number) {}

  cost(nowS: number): number {
    this.observe(0, nowS);
    // Unknown and busy: it may be bad, so it does not attract more until its first answer.
    return this.latencyS === 0 && this.inFlight > 0
      ? 1e6 + this.inFlight
      : this.latencyS * (this.inFlight + 1);
  }

  ended(latencyS: number, nowS: number): void {
    this.inFlight -= 1;
    this.observe(latencyS, nowS);
  }

  private observe(latencyS: number, nowS: number): void {
    const weight = Math.exp(-(nowS - this.stampS) / this.decayS);
    this.stampS = nowS;
    this.latencyS = latencyS > this.latencyS ? latencyS : this.latencyS * weight + latencyS * (1 - weight);
  }
}
