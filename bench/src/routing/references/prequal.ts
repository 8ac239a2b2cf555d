import { randomInteger, type Random } from '@multiswarm/core';
import type { Routing } from '../routing';
import { LatencyByLoad } from './latency-by-load';
import { RecentCounts } from './recent-counts';
import { ProbePool, type Probe } from './probe-pool';

/**
 * The baseline of the paper's evaluation (Wydrowski et al., NSDI 2024, sections 4 and 5): 3 probes for each request (5 at YouTube; below
 * one the tail rises), one probe removed, a pool of 16 that are a second old at most, δ = 1, and 0.84 of a recommended 0.6 to 0.9.
 */
export interface PrequalSettings {
  probesPerRequest: number;
  removalsPerRequest: number;
  poolSize: number;
  /** Q_RIF: a probe is hot when its requests in flight exceed this quantile of those seen of late: 2^(-1/4). */
  hotQuantile: number;
  maxAgeS: number;
  /** δ: how many more uses are allowed than probes come in, so that the pool does not run dry. */
  reuseSlack: number;
}

export const PUBLISHED: PrequalSettings = {
  probesPerRequest: 3,
  removalsPerRequest: 1,
  poolSize: 16,
  hotQuantile: 0.84,
  maxAgeS: 1,
  reuseSlack: 1,
};

/** Requests-in-flight values from which the hot quantile is taken. */
const RECENT_LOADS = 128;
/** The paper leaves open how long a latency counts as recent. */
const LATENCY_WINDOW_SERVICE_TIMES = 25;

/**
 * Prequal (Wydrowski et al., NSDI 2024), in its asynchronous form. Every client keeps a pool of probes of random hosts and
 * sends its request, out of the pool, to the cold one with the lowest latency, or to the hot one with the fewest requests in
 * flight where all are hot. Probes answer by the next request of the same client, which is later than a round trip.
 */
export function prequal(clients: number, settings: PrequalSettings = PUBLISHED): Routing {
  return {
    name: 'prequal-published',
    binding: 'early',
    replicas: clients,
    start: ({ hosts, random, scenario }) => {
      const { meanServiceS } = scenario;
      const windowS = LATENCY_WINDOW_SERVICE_TIMES * meanServiceS;
      const latencies = hosts.map(() => new LatencyByLoad(meanServiceS, windowS));
      const pools = Array.from({ length: clients }, () => new Client(settings, hosts.length, random));
      const probe = (host: number, nowS: number): Probe => {
        const inFlight = hosts[host]?.held ?? 0;
        const latencyS = latencies[host]?.at(inFlight, nowS) ?? 0;
        return { host, inFlight, latencyS, takenS: nowS, uses: 0 };
      };
      return {
        place: (replica, _job, nowS) => {
          const client = pools[replica];
          if (client === undefined) throw new Error(`there is no client ${replica}`);
          const chosen = client.choose(nowS);
          client.probe((host) => probe(host, nowS));
          return chosen;
        },
        ended: (job, _ending, nowS) => latencies[job.host]?.add(job.heldBefore, nowS - job.dispatchedS, nowS),
      };
    },
  };
}

class Client {
  private readonly pool: ProbePool;
  private readonly loads = new RecentCounts(RECENT_LOADS);
  private readonly usesOfOne: number;

  constructor(
    private readonly settings: PrequalSettings,
    private readonly hosts: number,
    private readonly random: Random,
  ) {
    this.pool = new ProbePool(Math.min(settings.poolSize, hosts), settings.maxAgeS);
    this.usesOfOne = reuseLimit(settings, hosts);
  }

  choose(nowS: number): number {
    this.pool.forgetOld(nowS);
    const threshold = this.loads.quantile(this.settings.hotQuantile);
    // With less than two probes the pool says nothing: the paper falls back to a random host.
    const chosen = this.pool.size < 2 ? undefined : this.pool.best(threshold);
    if (chosen !== undefined) this.use(chosen);
    for (let count = 0; count < this.settings.removalsPerRequest; count += 1) this.pool.removeOne(threshold);
    return chosen?.host ?? randomInteger(this.random, this.hosts);
  }

  probe(ask: (host: number) => Probe): void {
    const asked = new Set<number>();
    while (asked.size < Math.min(this.settings.probesPerRequest, this.hosts))
      asked.add(randomInteger(this.random, this.hosts));
    for (const host of asked) {
      const answer = ask(host);
      this.pool.add(answer);
      this.loads.add(answer.inFlight);
    }
  }

  /** A used probe counts the request that it attracted; used up, it leaves. */
  private use(probe: Probe): void {
    probe.inFlight += 1;
    probe.uses += 1;
    const limit = Math.floor(this.usesOfOne) + (this.random.next() < this.usesOfOne % 1 ? 1 : 0);
    if (probe.uses >= limit) this.pool.remove(probe);
  }
}

/** The paper's b_reuse (equation 1), which is rounded by chance: max(1, (1 + δ) / ((1 − m/n) · r_probe − r_remove)). */
export function reuseLimit(settings: PrequalSettings, hosts: number): number {
  const { probesPerRequest, removalsPerRequest, poolSize, reuseSlack } = settings;
  const gained = (1 - Math.min(1, poolSize / hosts)) * probesPerRequest - removalsPerRequest;
  return gained <= 0 ? Infinity : Math.max(1, (1 + reuseSlack) / gained);
}
