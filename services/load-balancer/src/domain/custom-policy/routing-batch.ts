import { LIMITS, type RoutingBatch, type RoutingCandidate, type RoutingItem } from '@multiswarm/contracts';
import type { WantedPlace } from '../member';
import { byLoad } from '../engine/order';
import type { View } from '../engine/view';
import { TOP } from '../engine/winner-tree';
import type { Fleet } from '../fleet';
import type { Moment } from '../moment';
import { fromVector } from '../resource-vector';

/** What looks at whom an item could go to now. */
export interface Considers {
  consider<T>(item: WantedPlace, now: Moment, use: (view: View) => T): T | undefined;
}

/** A question to a user's own policy, and the items that are in it, in its order. */
export interface Question {
  batch: RoutingBatch;
  asked: WantedPlace[];
  /** Items of more classes than one question may have. */
  left: WantedPlace[];
}

/** Asks for all items at once: candidates are listed once for all items that ask for the same. */
export function questionFor(
  fleet: Fleet,
  placer: Considers,
  items: readonly WantedPlace[],
  now: Moment,
): Question {
  const classes = new Map<string, number>();
  const candidates: RoutingCandidate[][] = [];
  const question: Question = { batch: { now: now.wallMs, items: [], candidates }, asked: [], left: [] };
  const listed: RoutingItem[] = [];
  for (const item of items) {
    const key = JSON.stringify([item.kind, item.type, item.requirements, item.routing]);
    let of = classes.get(key);
    if (of === undefined && candidates.length < LIMITS.CUSTOM_POLICY_CLASSES) {
      of = candidates.push(candidatesFor(fleet, placer, item, now)) - 1;
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
  const { key, attempt, namespace, type, requirements, routing, avoid = [] } = item;
  const common = { key, attempt, namespace, type, requirements, class: of, avoid };
  return routing === undefined ? common : { ...common, routing };
}

/** The least loaded first. */
function candidatesFor(fleet: Fleet, placer: Considers, item: WantedPlace, now: Moment): RoutingCandidate[] {
  const rows = new Int32Array(TOP);
  // Those to be avoided are shown too: the policy is told which they are.
  const { avoid: _, ...open } = item;
  const most = Math.min(TOP, LIMITS.CUSTOM_POLICY_CANDIDATES);
  const found = placer.consider(open, now, (view) => view.top(byLoad, most, rows)) ?? 0;
  return [...rows.subarray(0, found)].map((index) => candidate(fleet, index, now));
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
