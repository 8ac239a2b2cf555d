import {
  LIMITS,
  type RoutingBatch,
  type RoutingCandidate,
  type RoutingEstimate,
  type RoutingItem,
} from '@multiswarm/contracts';
import type { WantedPlace } from '../member';
import type { View } from '../engine/view';
import { TOP } from '../engine/winner-tree';
import type { Fleet } from '../fleet';
import type { Estimate } from '../learning/type-knowledge';
import type { Moment } from '../moment';
import { preferred, type Aids } from '../policies';
import { fromVector } from '../resource-vector';

/** What looks at whom an item could go to now. */
export interface Considers {
  consider<T>(item: WantedPlace, now: Moment, use: (view: View, aids: Aids) => T): T | undefined;
}

/** Who tells what was learned. */
export interface Estimates {
  isOn(namespace: string): boolean;
  estimate(type: string, swarmClass: string): Estimate | undefined;
}

export interface QuestionParts {
  readonly fleet: Fleet;
  readonly placer: Considers;
  readonly learner?: Estimates | undefined;
}

/** A question to a user's own policy, and the items that are in it, in its order. */
export interface Question {
  batch: RoutingBatch;
  asked: WantedPlace[];
  /** Items of more classes than one question may have. */
  left: WantedPlace[];
}

/** Asks for all items at once: candidates are listed once for all items that ask for the same. */
export function questionFor(parts: QuestionParts, items: readonly WantedPlace[], now: Moment): Question {
  const classes = new Map<string, number>();
  const candidates: RoutingCandidate[][] = [];
  const question: Question = { batch: { now: now.wallMs, items: [], candidates }, asked: [], left: [] };
  const listed: RoutingItem[] = [];
  for (const item of items) {
    const key = JSON.stringify([
      item.kind,
      item.type,
      item.requirements,
      item.routing,
      isLearned(parts, item),
    ]);
    let of = classes.get(key);
    if (of === undefined && candidates.length < LIMITS.CUSTOM_POLICY_CLASSES) {
      of = candidates.push(candidatesFor(parts, item, now)) - 1;
      classes.set(key, of);
    }
    if (of === undefined) question.left.push(item);
    else {
      listed.push(routingItem(item, of));
      question.asked.push(item);
    }
  }
  return { ...question, batch: { ...question.batch, items: listed } };
}

function routingItem(item: WantedPlace, of: number): RoutingItem {
  const { key, attempt, namespace, type, requirements, routing, estimateMs, dueInMs, avoid = [] } = item;
  return {
    ...{ key, attempt, namespace, type, requirements, class: of, avoid },
    ...(routing === undefined ? {} : { routing }),
    ...(estimateMs === undefined ? {} : { estimateMs }),
    ...(dueInMs === undefined ? {} : { dueInMs }),
  };
}

function isLearned({ learner }: QuestionParts, { namespace }: WantedPlace): boolean {
  return learner?.isOn(namespace) === true;
}

/** In the order of the default policy. */
function candidatesFor(parts: QuestionParts, item: WantedPlace, now: Moment): RoutingCandidate[] {
  // Those to be avoided are shown too: the policy is told which they are.
  const { avoid: _, ...open } = item;
  const most = Math.min(TOP, LIMITS.CUSTOM_POLICY_CANDIDATES);
  const rows = parts.placer.consider(open, now, (view, aids) => preferred(view, open, aids, most)) ?? [];
  const estimates = isLearned(parts, item) ? parts.learner : undefined;
  return rows.map((index) => {
    const shown = candidate(parts.fleet, index, now);
    const swarmClass = parts.fleet.classOf(parts.fleet.at(index));
    const learned = routingEstimate(estimates?.estimate(item.type, swarmClass));
    return learned === undefined ? shown : { ...shown, learned };
  });
}

function routingEstimate(estimate: Estimate | undefined): RoutingEstimate | undefined {
  if (estimate === undefined) return undefined;
  const { successRate, meanMs, p50Ms, p90Ms, samples } = estimate;
  return { successRate, meanMs, medianMs: p50Ms, p90Ms, samples };
}

function candidate(fleet: Fleet, index: number, now: Moment): RoutingCandidate {
  const swarm = fleet.at(index);
  const { swarmId, region, slots, types, capabilities, labels, attributes, resources, costPerHour } =
    swarm.profile;
  const latencyMs = fleet.columns.latencyMs[index] ?? 0;
  return {
    ...{ swarmId, region, slots, types, capabilities, labels, attributes, resources, costPerHour },
    busySlots: swarm.busy,
    freeSlots: swarm.freeSlots,
    load: swarm.load,
    costPerSlotHour: swarm.costPerSlotHour,
    resourcesLeft: fromVector(swarm.resourcesLeft),
    stalenessMs: Math.max(0, Math.round(swarm.silentMs(now))),
    ...(latencyMs > 0 ? { latencyMs } : {}),
  };
}
