import {
  MultiswarmError,
  type AttemptDispatch,
  type AttemptRef,
  type DispatchOutcome,
  type DispatchRequest,
  type Heartbeat,
} from '@multiswarm/contracts';
import { SlotMap, type Clock } from '@multiswarm/core';
import type { Logger } from '@multiswarm/telemetry';
import { attemptKey, type OnTheWay } from '../domain/fleet/on-the-way';
import { RetryBudget } from '../domain/fleet/retry-budget';
import type { Placer, Swarms } from '../ports';
import { Repicks } from './coordinator-repicks';
import { Routes, type Route } from './coordinator-routes';

export interface DispatchOptions {
  region: string;
  epoch: number;
  /** How long an owner repeats a dispatch that is not answered. */
  repeatedMs: number;
}

export interface DispatchParts {
  swarms: Swarms;
  placer: Placer;
  onTheWay: OnTheWay;
  clock: Clock;
  logger: Logger;
  leaseHolds: () => boolean;
  /** The last heartbeat of a member of the region. */
  member: (swarmId: string) => Heartbeat | undefined;
  /** Whether an operator wants it to get nothing new. */
  isCordoned: (swarmId: string) => boolean;
  /** Attempts that the region's swarms have, or that are on their way to them. */
  active: () => number;
}

/** Other swarms that are asked after the one that the owner has named. */
const REPICKS = 2;
/** Refusals that do not say that an attempt has never begun anywhere, or that any other swarm would have to repeat. */
const FINAL_REFUSALS = new Set([
  'stale-attempt',
  'stale-epoch',
  'not-received',
  'other-process',
  'other-shard',
]);

interface Answer {
  attempt: AttemptDispatch;
  route: Route;
  outcome: DispatchOutcome;
  /** Whether a swarm has said so. */
  asked: boolean;
}

type Outcomes = Map<string, DispatchOutcome>;

/**
 * Brings attempts to swarms, and to others when they are refused. No number is ever begun by two processes:
 *
 * D1. An attempt is offered to another swarm under the same number only when everyone to whom it was offered before has
 *     refused it in so many words, or cannot have received it; silence is no refusal.
 * D2. It is offered only by the coordinator to which its owner has sent it first, and picked for others only where the owner
 *     knew which one that is. For any other it may be anywhere: it asks, and who does not have it refuses.
 * D3. A repetition goes where the attempt went before, as a question where it may have been received, because by now another
 *     process may answer for the swarm. A repetition that meets the first one under way gets the same answer.
 * D4. Every reservation that was taken here and is not used is given back.
 * D6. What was declared lost is sent to nobody any more under that number.
 * D7. Only so many are on their way to another swarm at a time as the retry budget lets; the others go back to their owner, and wait in
 *     the line.
 */
export class RegionDispatcher {
  private readonly routes: Routes;
  private readonly budget = new RetryBudget();
  private readonly repicks: Repicks;
  private readonly underWay = new SlotMap<string, Promise<Outcomes>>();

  constructor(
    private readonly options: DispatchOptions,
    private readonly parts: DispatchParts,
  ) {
    const { region, epoch, repeatedMs } = options;
    this.routes = new Routes(2 * repeatedMs);
    this.repicks = new Repicks(region, epoch, parts.placer, parts.logger);
  }

  /** @returns what became of each attempt, in their order */
  async dispatch(request: DispatchRequest): Promise<DispatchOutcome[]> {
    const fresh = request.attempts.filter((attempt) => !this.underWay.has(attemptKey(attempt)));
    const going = this.go(request, fresh);
    for (const attempt of fresh) this.underWay.set(attemptKey(attempt), going);
    const ways = request.attempts.map((attempt) => this.underWay.get(attemptKey(attempt)) ?? going);
    try {
      const answers = await Promise.all(ways);
      return request.attempts.map(
        (attempt, index) => answers[index]?.get(attemptKey(attempt)) ?? silence(attempt),
      );
    } finally {
      for (const attempt of fresh) this.underWay.delete(attemptKey(attempt));
    }
  }

  /** D6. */
  lost(swarmId: string, attempts: readonly AttemptRef[], reason: string): void {
    const now = this.parts.clock.monotonic();
    for (const { taskId, attempt } of attempts) {
      const route = this.routes.of({ taskId, attempt, swarmId }, now);
      if (route.final) continue;
      // D4: of what was answered before, the owner knows the reservation.
      if (this.underWay.has(attemptKey({ taskId, attempt })))
        this.repicks.giveBack({ taskId, attempt }, route.placement, 'lost');
      route.final = say({ taskId, attempt }, 'unreachable', `swarm ${swarmId}: ${reason}`);
    }
  }

  /** The swarm to which an attempt was sent last, if that was not long ago. */
  whereIs(ref: AttemptRef): string | undefined {
    return this.routes.find(ref)?.swarmId;
  }

  tick(): void {
    this.routes.prune(this.parts.clock.monotonic());
  }

  private async go(request: DispatchRequest, attempts: readonly AttemptDispatch[]): Promise<Outcomes> {
    const now = this.parts.clock.monotonic();
    const groups = new Map<string, AttemptDispatch[]>();
    for (const attempt of attempts) add(groups, this.routes.of(attempt, now).swarmId, attempt);
    const answers = await this.offerAll(request, groups);
    return new Map(answers.map((outcome) => [attemptKey(outcome), outcome]));
  }

  private async offerAll(
    request: DispatchRequest,
    groups: ReadonlyMap<string, AttemptDispatch[]>,
  ): Promise<DispatchOutcome[]> {
    const offers = [...groups].map(([swarmId, attempts]) => this.offer(swarmId, request, attempts));
    return (await Promise.all(offers)).flat();
  }

  private async offer(
    swarmId: string,
    request: DispatchRequest,
    attempts: readonly AttemptDispatch[],
  ): Promise<DispatchOutcome[]> {
    const answers: Answer[] = [];
    const toAsk: { attempt: AttemptDispatch; route: Route }[] = [];
    for (const attempt of attempts) {
      const route = this.routes.of(attempt, this.parts.clock.monotonic());
      const outcome = this.unasked(swarmId, request, attempt, route);
      if (outcome) answers.push({ attempt, route, outcome, asked: false });
      else toAsk.push({ attempt, route });
    }
    if (toAsk.length > 0) answers.push(...(await this.ask(swarmId, request, toAsk)));
    const again = answers.filter((answer) => this.isForOthers(swarmId, request, answer));
    const final = answers.filter((answer) => !again.includes(answer)).map((answer) => this.settle(answer));
    return again.length === 0 ? final : [...final, ...(await this.again(request, again))];
  }

  /** D7: what is refused for the second time goes on with what it was granted before. */
  private async again(request: DispatchRequest, refused: readonly Answer[]): Promise<DispatchOutcome[]> {
    const first = refused.filter(({ route }) => route.refusedBy.length === 1);
    const granted = this.budget.take(first.length, this.parts.active());
    const denied = new Set(first.slice(granted));
    const going = refused.filter((answer) => !denied.has(answer));
    try {
      const final = [...denied].map((answer) => this.settle(answer));
      return going.length === 0 ? final : [...final, ...(await this.elsewhere(request, going))];
    } finally {
      this.budget.giveBack(granted);
    }
  }

  /** What can be said without asking the swarm. */
  private unasked(
    swarmId: string,
    request: DispatchRequest,
    attempt: AttemptDispatch,
    { final, sent }: Route,
  ): DispatchOutcome | undefined {
    const { member, isCordoned } = this.parts;
    if (final) return final; // D3
    if (!member(swarmId)) {
      if (sent) return say(attempt, 'unreachable', `swarm ${swarmId} is gone`);
      const reason = `swarm ${swarmId} is not a member of region ${this.options.region}`;
      return say(attempt, 'refused', reason);
    }
    // Where it may have been before, only the swarm can tell whether it has begun.
    if (isCordoned(swarmId) && !sent && this.mayOffer(request, attempt))
      return say(attempt, 'refused', `swarm ${swarmId} was cordoned`);
    return undefined;
  }

  private async ask(
    swarmId: string,
    request: DispatchRequest,
    asked: readonly { attempt: AttemptDispatch; route: Route }[],
  ): Promise<Answer[]> {
    const { member, onTheWay } = this.parts;
    const to = member(swarmId);
    const before = asked.map(({ route }) => route.sent);
    const attempts = asked.map(({ attempt, route }) => {
      const again = route.sent || !this.mayOffer(request, attempt) ? true : undefined; // D2, D3
      // The requirements and wishes are for us.
      const placement = route.placement ?? attempt.placement;
      return { ...attempt, swarmId, requirements: undefined, routing: undefined, again, placement };
    });
    for (const { attempt, route } of asked) {
      route.sent = true;
      if (to) onTheWay.add(to, attempt);
    }
    const heard = await this.send(swarmId, to?.instance, request, attempts);
    return asked.map(({ attempt, route }, index) => {
      const outcome =
        heard === 'nobody'
          ? unheard(swarmId, attempt, before[index] === true)
          : (heard.get(attemptKey(attempt)) ?? silence(attempt));
      if (outcome.outcome === 'refused') route.sent = false;
      if (outcome.outcome !== 'accepted') onTheWay.remove(swarmId, attempt);
      return { attempt, route, outcome, asked: heard !== 'nobody' };
    });
  }

  /** @returns `nobody` when it cannot have been received */
  private async send(
    swarmId: string,
    instance: string | undefined,
    { shard, epoch, reportTo }: DispatchRequest,
    attempts: AttemptDispatch[],
  ): Promise<Outcomes | 'nobody'> {
    const request: DispatchRequest = {
      ...{ v: 1, shard, epoch, regionEpoch: this.options.epoch, attempts },
      ...(instance === undefined ? {} : { instance }),
      ...(reportTo === undefined ? {} : { reportTo }),
    };
    try {
      const outcomes = await this.parts.swarms.dispatch(swarmId, request);
      return new Map(outcomes.map((outcome) => [attemptKey(outcome), outcome]));
    } catch (error) {
      if (error instanceof MultiswarmError && error.code === 'swarm-not-found') return 'nobody';
      const text = error instanceof Error ? error.message : String(error);
      return new Map(
        attempts.map((each) => [attemptKey(each), say(each, 'unreachable', `swarm ${swarmId}: ${text}`)]),
      );
    }
  }

  /** D1, D2. */
  private isForOthers(
    swarmId: string,
    request: DispatchRequest,
    { attempt, route, outcome }: Answer,
  ): boolean {
    if (outcome.outcome !== 'refused' || route.final) return false;
    if (!route.refusedBy.includes(swarmId)) route.refusedBy = [...route.refusedBy, swarmId];
    return (
      this.mayOffer(request, attempt) &&
      request.regionEpoch === this.options.epoch &&
      attempt.requirements !== undefined &&
      route.refusedBy.length <= REPICKS &&
      !FINAL_REFUSALS.has(outcome.reason ?? '') &&
      !this.routes.hasForgotten(this.parts.clock.monotonic()) &&
      this.parts.leaseHolds()
    );
  }

  /** D2: as its owner says. */
  private mayOffer({ regionEpoch }: DispatchRequest, { again }: AttemptDispatch): boolean {
    const ours = regionEpoch === undefined || regionEpoch === this.options.epoch;
    return again !== true && ours;
  }

  private settle({ attempt, route, outcome, asked }: Answer): DispatchOutcome {
    const { placement, final } = route;
    if (final) return final;
    if (outcome.outcome === 'accepted') return placement ? { ...outcome, placement } : outcome;
    if (outcome.outcome === 'refused') {
      this.repicks.giveBack(attempt, placement, asked ? 'refused' : 'unused'); // D4
      const { refusedBy } = route;
      return (route.final = refusedBy.length > 1 ? { ...outcome, refusedBy: [...refusedBy] } : outcome);
    }
    if (!placement) return outcome;
    this.repicks.giveBack(attempt, placement, 'lost'); // D4
    return (route.final = { ...outcome, placement });
  }

  private async elsewhere(request: DispatchRequest, refused: readonly Answer[]): Promise<DispatchOutcome[]> {
    for (const { attempt, route, asked } of refused) {
      this.repicks.giveBack(attempt, route.placement, asked ? 'refused' : 'unused'); // D4
      route.placement = undefined;
    }
    const found = await this.repicks.find(refused);
    const groups = new Map<string, AttemptDispatch[]>();
    const none: DispatchOutcome[] = [];
    for (const answer of refused) {
      const { attempt, route } = answer;
      route.placement = found.get(attempt);
      if (route.placement && this.parts.leaseHolds()) {
        route.swarmId = route.placement.swarmId;
        add(groups, route.swarmId, attempt);
      } else none.push(this.settle({ ...answer, asked: false }));
    }
    return [...none, ...(await this.offerAll(request, groups))];
  }
}

function say(
  { taskId, attempt }: AttemptRef,
  outcome: DispatchOutcome['outcome'],
  reason: string,
): DispatchOutcome {
  return { taskId, attempt, outcome, reason };
}

/** It cannot have received this message; it may have received one before. */
function unheard(swarmId: string, attempt: AttemptRef, before: boolean): DispatchOutcome {
  return say(attempt, before ? 'unreachable' : 'refused', `swarm ${swarmId}: nobody listens there`);
}

function silence(attempt: AttemptRef): DispatchOutcome {
  return say(attempt, 'unreachable', 'the swarm said nothing about it');
}

function add<K, V>(groups: Map<K, V[]>, key: K, value: V): void {
  const group = groups.get(key);
  if (group) group.push(value);
  else groups.set(key, [value]);
}
