import { LIMITS, type LbReport, type RoutingMetrics } from '@multiswarm/contracts';
import type { SwarmSeen } from '../domain/swarm-seen';
import { EndLog } from '../domain/metrics/end-log';
import { routingMetrics } from '../domain/metrics/routing-metrics';
import type { Moment } from '../domain/moment';
import type { Decisions } from './decisions';

/** The last minute of routing, from what is kept of decisions and ends. */
export class RoutingMetering {
  private readonly ends = new EndLog(LIMITS.ENDS_KEPT);

  constructor(
    private readonly decisions: Pick<Decisions, 'replica' | 'newest' | 'isFull' | 'oldestMs'>,
    private readonly responseTimeThresholdMs: number,
    private readonly startedAt: Moment,
  ) {}

  ended(outcome: LbReport['outcomes'][number], { monotonicMs }: Moment): void {
    this.ends.add(outcome, monotonicMs);
  }

  metrics(swarms: Iterable<SwarmSeen>, now: Moment): RoutingMetrics {
    const { decisions, ends, responseTimeThresholdMs } = this;
    const seen = [...swarms].map((swarm) => ({
      state: swarm.stateAt(now),
      slots: swarm.slots,
      busy: swarm.busy,
    }));
    const metrics = routingMetrics({
      ...{ decisions: decisions.newest(), ends: ends.newest(), swarms: seen, now, responseTimeThresholdMs },
      knownMs: Math.min(this.decisionsKnownMs(now), this.endsKnownMs(now)),
    });
    return { replica: decisions.replica, ...metrics };
  }

  private decisionsKnownMs({ wallMs, monotonicMs }: Moment): number {
    const { isFull, oldestMs } = this.decisions;
    return isFull ? wallMs - (oldestMs ?? wallMs) : monotonicMs - this.startedAt.monotonicMs;
  }

  private endsKnownMs({ monotonicMs }: Moment): number {
    const oldest = this.ends.isFull ? [...this.ends.newest()].at(-1)?.atMs : undefined;
    return monotonicMs - (oldest ?? this.startedAt.monotonicMs);
  }
}
