import { CUSTOM_POLICY } from '@multiswarm/contracts';
import type { Clock } from '@multiswarm/core';
import type { Logger, Metrics } from '@multiswarm/telemetry';
import { CustomChoice, type Wish } from '../domain/custom-policy/custom-choice';
import { questionFor, type Considers, type Estimates } from '../domain/custom-policy/routing-batch';
import type { Fleet } from '../domain/fleet';
import type { WantedPlace } from '../domain/member';
import type { Moment } from '../domain/moment';
import type { Policy } from '../domain/policies';
import type { CustomPolicy } from '../ports';

export interface CustomPlacingParts {
  fleet: Fleet;
  placer: Considers;
  policies: readonly CustomPolicy[];
  learner?: Estimates | undefined;
  /** Decides where they do not. */
  fallback: Policy;
  clock: Clock;
  logger: Logger;
  metrics: Metrics;
}

/** Whether a policy is a user's own. */
export function isCustom(policy: string): boolean {
  return policy.startsWith(CUSTOM_POLICY);
}

/** Asks users' own policies about items, each policy once for all of its items. */
export class CustomPlacing {
  private readonly policies: ReadonlyMap<string, CustomPolicy>;

  constructor(private readonly parts: CustomPlacingParts) {
    this.policies = new Map(parts.policies.map((policy) => [`${CUSTOM_POLICY}${policy.name}`, policy]));
  }

  /** What is to decide for each item; never rejects. All policies together take no longer than one may. */
  async choicesFor(
    items: readonly WantedPlace[],
    nameOf: (item: WantedPlace) => string,
    now: Moment,
  ): Promise<Map<WantedPlace, Policy>> {
    const byName = new Map<string, WantedPlace[]>();
    for (const item of items) {
      const name = nameOf(item);
      const known = byName.get(name);
      if (known === undefined) byName.set(name, [item]);
      else known.push(item);
    }
    const wishes = new Map<WantedPlace, Wish>();
    await Promise.all([...byName].map(([name, of]) => this.ask(name, of, now, wishes)));
    const { fleet, fallback } = this.parts;
    const rowOf = (swarmId: string): number | undefined => fleet.get(swarmId)?.index;
    const choices = new Map<WantedPlace, Policy>();
    for (const item of items) {
      const wish = wishes.get(item) ?? { why: 'it was not asked' };
      choices.set(item, new CustomChoice(nameOf(item), wish, fallback, rowOf));
    }
    return choices;
  }

  private async ask(
    name: string,
    items: readonly WantedPlace[],
    now: Moment,
    wishes: Map<WantedPlace, Wish>,
  ): Promise<void> {
    const policy = this.policies.get(name);
    if (policy === undefined) {
      const why = `there is none here: ${this.known()}`;
      for (const item of items) wishes.set(item, { why });
      return;
    }
    const { clock, logger, metrics } = this.parts;
    const { batch, asked, left } = questionFor(this.parts, items, now);
    const from = clock.monotonic();
    const ranking = await policy.rank(batch);
    const tookMs = clock.monotonic() - from;
    metrics.histogram('multiswarm.custom_policy.duration.milliseconds').record(tookMs);
    metrics.counter('multiswarm.custom_policy.batches').add(1, { result: ranking.ok ? 'ranked' : 'failed' });
    for (const item of left) wishes.set(item, { why: 'the request asks for too many different things' });
    asked.forEach((item, index) => {
      wishes.set(item, ranking.ok ? (ranking.preferences[index] ?? []) : { why: ranking.why });
    });
    if (!ranking.ok) logger.warn("a user's own policy did not decide", { policy: name, reason: ranking.why });
    else if (ranking.unknown + ranking.repeated > 0) {
      const { unknown, repeated } = ranking;
      logger.debug("a user's own policy named what is no candidate", { policy: name, unknown, repeated });
    }
  }

  private known(): string {
    if (this.policies.size === 0) return 'CUSTOM_POLICIES names none';
    return `CUSTOM_POLICIES names ${[...this.policies.values()].map(({ name }) => name).join(', ')}`;
  }
}
