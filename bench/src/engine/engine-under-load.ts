import { seededRandom } from '@multiswarm/core';
import { DecisionLog } from '../../../services/load-balancer/src/domain/decisions/decision-log';
import { isPlaced } from '../../../services/load-balancer/src/domain/engine/decision';
import { Placer } from '../../../services/load-balancer/src/domain/engine/placer';
import { Fleet } from '../../../services/load-balancer/src/domain/fleet';
import { HealthBook } from '../../../services/load-balancer/src/domain/health/health-book';
import { Learner, LEARNER_DEFAULTS } from '../../../services/load-balancer/src/domain/learning/learner';
import { observationOf } from '../../../services/load-balancer/src/domain/learning/observation';
import type { Moment } from '../../../services/load-balancer/src/domain/moment';
import { Aids, policyByName, type Policy } from '../../../services/load-balancer/src/domain/policies';
import { percentile } from '../statistics';
import { BusyFleet } from './busy-fleet';
import { intervalOf, type Measured, type Shape } from './shape';

/** The settings of the service as they come. */
const HOLD_MS = 10_000;
const DECISIONS_KEPT = 10_000;
const HEALTH = {
  failuresInRow: 5,
  leastSuccess: 0.5,
  mostEjected: 0.1,
  slowStartMs: 10_000,
  panicBelow: 0.5,
};
const HALF_LIFE_MS = 6 * 3_600_000;
const SWEEP_MS = 250;
/** Not at zero: times of nothing known are zero. */
const EPOCH_MS = 1_000_000;

/** Placements per second of the fleet's own time. */
const RATE = 10_000;
/**
 * The engine of the load-balancer, wired as the service wires it (fleet, health, learning, placer, log of decisions), between
 * swarms that heartbeat and attempts that end. Its time is virtual: one placement is a ten-thousandth of a second.
 */
export class EngineUnderLoad {
  private readonly swarms: BusyFleet;
  private readonly health = new HealthBook(HEALTH);
  private readonly learner: Learner;
  private readonly fleet: Fleet;
  private readonly placer: Placer;
  private readonly log = new DecisionLog(DECISIONS_KEPT);
  private readonly policy: Policy;
  private readonly heartbeatsEach: number;
  private due = 0;
  private nowMs = EPOCH_MS;
  private sweptMs = EPOCH_MS;

  constructor(shape: Shape) {
    this.swarms = new BusyFleet(shape);
    this.policy = policyByName(shape.policy);
    this.learner = new Learner({ ...LEARNER_DEFAULTS, halfLifeMs: HALF_LIFE_MS, isOff: () => false });
    this.fleet = new Fleet({ replica: 'replica', holdMs: HOLD_MS, health: this.health });
    this.placer = new Placer(this.fleet, new Aids(seededRandom(1), this.learner));
    this.heartbeatsEach = (shape.endpoints * 1_000) / intervalOf(shape.endpoints) / RATE;
    for (const heartbeat of this.swarms.heartbeats()) this.fleet.heartbeat(heartbeat, this.now());
  }

  measure(placements: number): Measured {
    const times = new Float64Array(placements);
    const others = { heartbeat: 0, heartbeats: 0, outcome: 0, outcomes: 0 };
    let placed = 0;
    for (let at = 0; at < placements; at += 1) {
      this.pass(others);
      const took = this.place();
      if (took >= 0) times[placed++] = took;
    }
    const micros = Array.from(times.subarray(0, placed), (ms) => ms * 1_000);
    return {
      p50: percentile(micros, 0.5),
      p99: percentile(micros, 0.99),
      mean: micros.reduce((sum, each) => sum + each, 0) / placed,
      heartbeat: (others.heartbeat * 1_000) / Math.max(1, others.heartbeats),
      outcome: (others.outcome * 1_000) / Math.max(1, others.outcomes),
      refused: 1 - placed / placements,
    };
  }

  /** Milliseconds for one item, from the question to the record of the decision; -1 where it found no room. */
  private place(): number {
    const item = this.swarms.wanted();
    const items = [item];
    const now = this.now();
    const from = performance.now();
    const [outcome] = this.placer.place(items, now, () => this.policy);
    if (outcome !== undefined) this.log.add(item, outcome, this.policy.name, now.wallMs);
    const took = performance.now() - from;
    if (outcome === undefined || !isPlaced(outcome)) return -1;
    const [chosen] = outcome.ranked;
    if (chosen !== undefined) this.swarms.begin(chosen.swarmId, item.key, outcome.reservationId, item.type);
    return took;
  }

  /** What happens between two placements. */
  private pass(others: { heartbeat: number; heartbeats: number; outcome: number; outcomes: number }): void {
    this.nowMs += 1_000 / RATE;
    this.due += this.heartbeatsEach;
    for (; this.due >= 1; this.due -= 1) {
      const heartbeat = this.swarms.heartbeat();
      const from = performance.now();
      this.fleet.heartbeat(heartbeat, this.now());
      others.heartbeat += performance.now() - from;
      others.heartbeats += 1;
    }
    for (let ended = this.swarms.outcome(); ended !== undefined; ended = this.swarms.outcome()) {
      const from = performance.now();
      this.report(ended);
      others.outcome += performance.now() - from;
      others.outcomes += 1;
    }
    if (this.nowMs - this.sweptMs >= SWEEP_MS) this.sweep();
  }

  private report(outcome: Parameters<typeof observationOf>[0]): void {
    const ran = this.fleet.get(outcome.swarmId);
    if (ran !== undefined) {
      const { costPerSlotHour } = ran;
      const seen = observationOf(outcome, { swarmClass: this.fleet.classOf(ran), costPerSlotHour });
      if (seen !== undefined) this.learner.observe(seen, this.nowMs);
    }
    this.fleet.report(outcome, this.now());
  }

  private sweep(): void {
    this.sweptMs = this.nowMs;
    this.health.tick(this.now());
    this.health.takeChanges();
    this.fleet.sweep(this.now());
    this.learner.advance(this.nowMs);
  }

  private now(): Moment {
    return { wallMs: this.nowMs, monotonicMs: this.nowMs };
  }
}
