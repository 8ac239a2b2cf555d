import type { Heartbeat, LbReport, PlaceItem } from '@multiswarm/contracts';
import { isPlaced } from '../../../../services/load-balancer/src/domain/engine/decision';
import { Placer } from '../../../../services/load-balancer/src/domain/engine/placer';
import { Fleet } from '../../../../services/load-balancer/src/domain/fleet';
import { HealthBook } from '../../../../services/load-balancer/src/domain/health/health-book';
import {
  HEALTH_DEFAULTS,
  type HealthSettings,
} from '../../../../services/load-balancer/src/domain/health/health-settings';
import { Learner, LEARNER_DEFAULTS } from '../../../../services/load-balancer/src/domain/learning/learner';
import { observationOf } from '../../../../services/load-balancer/src/domain/learning/observation';
import type { Moment } from '../../../../services/load-balancer/src/domain/moment';
import { Aids, type Policy } from '../../../../services/load-balancer/src/domain/policies';
import type { Standing } from '../drill-watch';
import { WAIT, type Balancers, type Routing, type World } from '../routing';
import type { Host } from '../world/host';
import type { Ending, Job } from '../world/job';

type Outcome = LbReport['outcomes'][number];

/** As in production, where nothing is set. */
const HOLD_MS = 10_000;
const SWEEP_S = 0.25;
const LEARNING_HALF_LIFE_MS = 6 * 3_600_000;
const NAMESPACE = 'default';
const TYPE = 'work';

/**
 * What the load-balancer does with a policy of its own: its real engine with health and learning, one of each for each replica, fed
 * with heartbeats and outcomes.
 */
export function engineRouting(policy: Policy): Routing {
  return {
    name: policy.name,
    binding: 'late',
    start: (world) => new Engines(world, policy, HEALTH_DEFAULTS),
  };
}

/** The same, but takes every swarm to be well: to see what health is worth. */
export function withoutHealth(policy: Policy): Routing {
  const name = `${policy.name}, without health`;
  return { name, binding: 'late', start: (world) => new Engines(world, policy) };
}

class Engines implements Balancers {
  readonly standing: Balancers['standing'];
  private readonly replicas: Replica[];
  private readonly indexes = new Map<string, number>();
  private readonly under = new Map<number, { reservationId: string; asked: string[] }>();
  private readonly intervalMs: number;
  private reports = 0;

  constructor(
    private readonly world: World,
    policy: Policy,
    health?: HealthSettings,
  ) {
    const { replicas, hosts, random, scenario } = world;
    this.replicas = Array.from(
      { length: replicas },
      (_, number) => new Replica(number, policy, random, health && new HealthBook(health)),
    );
    if (health !== undefined)
      this.standing = (replica, host) => this.replicas[replica]?.standing(nameOf(host)) ?? 'whole';
    this.intervalMs = scenario.reportEveryS * 1_000;
    for (const host of hosts) {
      this.indexes.set(nameOf(host.index), host.index);
      this.reported(host, 0);
    }
  }

  place(replica: number, job: Job, nowS: number): number {
    if (job.picks === 0) this.under.delete(job.id);
    const asked = this.under.get(job.id)?.asked ?? [];
    const placed = this.replicas[replica]?.place(itemOf(job, asked), nowS);
    if (placed === undefined) return WAIT;
    this.under.set(job.id, { reservationId: placed.reservationId, asked: [...asked, placed.swarmId] });
    return this.indexes.get(placed.swarmId) ?? WAIT;
  }

  refused(job: Job, nowS: number): void {
    this.report(job, 'refused', nowS);
  }

  ended(job: Job, ending: Ending, nowS: number): void {
    this.report(job, OUTCOMES[ending], nowS);
    this.under.delete(job.id);
  }

  reported(host: Host, nowS: number): void {
    this.reports += 1;
    const heartbeat = heartbeatOf(host, this.reports, this.intervalMs);
    const now = momentOf(nowS);
    for (const replica of this.replicas) replica.hear(heartbeat, now);
  }

  /** Every replica hears of every end. */
  private report(job: Job, outcome: Outcome['outcome'], nowS: number): void {
    const told: Outcome = {
      reservationId: this.under.get(job.id)?.reservationId ?? '',
      swarmId: nameOf(job.host),
      taskId: String(job.id),
      ...{ attempt: 1, outcome, type: TYPE },
      ...(outcome === 'refused' ? {} : { durationMs: (nowS - job.dispatchedS) * 1_000 }),
    };
    for (const replica of this.replicas) replica.learn(told, momentOf(nowS));
  }
}

const OUTCOMES = { done: 'succeeded', failed: 'failed', late: 'timed-out' } as const;

/** As the service puts them together (application/load-balancer.ts). */
class Replica {
  private readonly learner = new Learner({
    ...{ ...LEARNER_DEFAULTS, halfLifeMs: LEARNING_HALF_LIFE_MS },
    isOff: () => false,
  });
  private readonly fleet: Fleet;
  private readonly placer: Placer;
  private sweptMs = 0;

  constructor(
    number: number,
    private readonly policy: Policy,
    random: World['random'],
    private readonly health: HealthBook | undefined,
  ) {
    this.fleet = new Fleet({ replica: `r${number}`, holdMs: HOLD_MS, ...(health && { health }) });
    this.placer = new Placer(this.fleet, new Aids(random, this.learner));
  }

  place(item: PlaceItem, nowS: number): { swarmId: string; reservationId: string } | undefined {
    const [outcome] = this.placer.place([item], momentOf(nowS), () => this.policy);
    if (outcome === undefined || !isPlaced(outcome)) return undefined;
    const { reservationId, ranked } = outcome;
    const [chosen] = ranked;
    return chosen && { swarmId: chosen.swarmId, reservationId };
  }

  hear(heartbeat: Heartbeat, now: Moment): void {
    this.fleet.heartbeat(heartbeat, now);
    if (now.monotonicMs - this.sweptMs < SWEEP_S * 1_000) return;
    this.sweptMs = now.monotonicMs;
    this.health?.tick(now);
    this.health?.takeChanges();
    this.fleet.sweep(now);
    this.learner.advance(now.wallMs);
  }

  standing(swarmId: string): Standing {
    const verdict = this.health?.verdict(swarmId);
    if (verdict === undefined || verdict.state === 'ready') return 'whole';
    return verdict.allowance === 0 ? 'out' : 'less';
  }

  learn(outcome: Outcome, now: Moment): void {
    const ran = this.fleet.get(outcome.swarmId);
    if (ran !== undefined) {
      const { costPerSlotHour } = ran;
      const shown = observationOf(outcome, { swarmClass: this.fleet.classOf(ran), costPerSlotHour });
      if (shown !== undefined) this.learner.observe(shown, now.wallMs);
    }
    this.fleet.report(outcome, now);
  }
}

function itemOf(job: Job, avoid: string[]): PlaceItem {
  const work = { key: String(job.id), classKey: '', attempt: 1, namespace: NAMESPACE, type: TYPE };
  return { ...work, requirements: {}, ...(avoid.length === 0 ? {} : { avoid }) };
}

function heartbeatOf(host: Host, seq: number, intervalMs: number): Heartbeat {
  const { slots, pricePerSlotHour, kind } = host.spec;
  return {
    ...{ v: 1, swarmId: nameOf(host.index), region: 'region', instance: '1', seq, sentAt: 0, intervalMs },
    ...{ slots, types: ['*'], capabilities: [], labels: { class: kind }, attributes: {}, resources: {} },
    ...{ costPerHour: pricePerSlotHour * slots, state: 'ready', resourcesUsed: {} },
    held: host.attempts().map(({ id }) => ({ taskId: String(id), attempt: 1 })),
  };
}

const nameOf = (host: number): string => `swarm-${host}`;

/** Not at zero: times of nothing known are zero. */
const EPOCH_MS = 1_000_000;

function momentOf(nowS: number): Moment {
  const ms = EPOCH_MS + nowS * 1_000;
  return { wallMs: ms, monotonicMs: ms };
}
