import type { Clock } from '@multiswarm/core';
import { startSpan, type ActiveSpan, type Logger, type Metrics } from '@multiswarm/telemetry';
import { isPlaced, renderPlacement, type Outcome } from '../domain/engine/decision';
import type { Placer } from '../domain/engine/placer';
import type { WantedPlace } from '../domain/member';
import type { Moment } from '../domain/moment';
import { policyByName, type Policy } from '../domain/policies';
import { policyFor } from '../domain/policy-scopes';
import { isCustom, type CustomPlacing } from './custom-placing';
import type { Decisions } from './decisions';
import type { NamespaceRoutings } from './namespace-routings';
import type { Replays } from './replays';

export interface PlacingParts {
  clock: Clock;
  logger: Logger;
  metrics: Metrics;
  placer: Placer;
  custom: CustomPlacing;
  decisions: Decisions;
  replays: Replays;
  /** Of whoever names no other. */
  policy: string;
  routings: Pick<NamespaceRoutings, 'get'>;
}

type PolicyOf = (item: WantedPlace) => Policy;

/** Places items by the policies that they are to be placed by, and keeps, counts and logs what was decided. */
export class Placing {
  private readonly ownPolicy: PolicyOf = (item) => policyByName(this.policyNameOf(item));

  constructor(private readonly parts: PlacingParts) {}

  /**
   * At once, unless a user's own policy is to be asked. Then all others are placed first, so that none of them waits for it;
   * what it wished is held against the fleet as that is when it has answered.
   */
  place(items: readonly WantedPlace[]): Outcome[] | Promise<Outcome[]> {
    const isOwn = (item: WantedPlace): boolean => isCustom(this.policyNameOf(item));
    return items.some(isOwn)
      ? this.ask(items, new Set(items.filter(isOwn)))
      : this.now(items, this.ownPolicy);
  }

  /** Which policy is asked for. */
  policyNameOf(item: WantedPlace): string {
    return policyFor(item, (namespace) => this.parts.routings.get(namespace), this.parts.policy).name;
  }

  private async ask(items: readonly WantedPlace[], own: ReadonlySet<WantedPlace>): Promise<Outcome[]> {
    const others = items.filter((item) => !own.has(item));
    const outcomes = new Map<WantedPlace, Outcome>();
    const take = (placed: readonly WantedPlace[], policyOf: PolicyOf): void => {
      if (placed.length === 0) return;
      this.now(placed, policyOf).forEach((outcome, index) =>
        outcomes.set(placed[index] as WantedPlace, outcome),
      );
    };
    take(others, this.ownPolicy);
    const nameOf = (item: WantedPlace): string => this.policyNameOf(item);
    const choices = await this.parts.custom.choicesFor([...own], nameOf, this.moment());
    take([...own], (item) => choices.get(item) as Policy);
    return items.map((item) => outcomes.get(item) as Outcome);
  }

  private now(items: readonly WantedPlace[], policyOf: PolicyOf): Outcome[] {
    const { clock, metrics, placer, replays, decisions } = this.parts;
    const now = this.moment();
    const spans = spansOf(items);
    const outcomes = placer.place(items, now, (item) => replays.witnessed(policyOf(item)));
    for (const span of spans) span.end();
    items.forEach((item, index) => {
      const outcome = outcomes[index] as Outcome;
      decisions.add(item, outcome, this.policyNameOf(item), now.wallMs);
      this.count(outcome);
      this.log(outcome, item);
    });
    metrics
      .histogram('multiswarm.placement.duration.milliseconds')
      .record(clock.monotonic() - now.monotonicMs);
    return outcomes;
  }

  private count(outcome: Outcome): void {
    const result = isPlaced(outcome) ? 'placed' : outcome.waiting.reason;
    this.parts.metrics.counter('multiswarm.placements').add(1, { result });
  }

  private log(outcome: Outcome, { traceparent, attempt }: WantedPlace): void {
    const { logger } = this.parts;
    if (!logger.isDebug) return;
    const { key: taskId } = outcome;
    if (!isPlaced(outcome)) {
      const { reason, detail } = outcome.waiting;
      logger.debug('unplaced', { traceparent, taskId, attempt, reason, detail });
      return;
    }
    const { swarmId, region, reservationId, receipt } = renderPlacement(outcome);
    const { because } = receipt;
    logger.debug('placed', { traceparent, taskId, attempt, swarmId, region, reservationId, because });
  }

  private moment(): Moment {
    const { clock } = this.parts;
    return { wallMs: clock.now(), monotonicMs: clock.monotonic() };
  }
}

/** Of those whose sender traces. */
function spansOf(items: readonly WantedPlace[]): ActiveSpan[] {
  const spans: ActiveSpan[] = [];
  for (const { traceparent } of items)
    if (traceparent !== undefined) spans.push(startSpan('place', { parent: traceparent, kind: 'server' }));
  return spans;
}
