import { LIMITS, type PlaceItem } from '@multiswarm/contracts';
import type { Random } from '@multiswarm/core';
import type { Columns } from '../engine/columns';
import type { Group } from '../engine/group';
import type { View } from '../engine/view';
import { isTie } from '../learning/ties';
import type { Aids } from './aids';

/** What policies ask of what was learned of types of work on classes of swarms. */
export interface Knowledge {
  /** Whether choices for a namespace may rest on it. */
  isOn(namespace: string): boolean;
  /** Undefined where nothing is known of the type on the class. */
  estimate(
    type: string,
    swarmClass: string,
  ): { meanMs: number; p90Ms: number; successRate: number } | undefined;
  /**
   * One draw of what may be true for each of the first `count` classes, at these prices for a slot-hour: USD until one attempt has
   * succeeded, written into `into`.
   */
  drawCosts(
    type: string,
    classes: readonly string[],
    prices: Float64Array,
    count: number,
    random: Random,
    into: Float64Array,
  ): void;
}

/** Classes that one decision draws for, at most: the others wait for another one. */
export const CLASSES = 16;

export function classOf({ key }: Group): number {
  return key.swarmClass;
}

/** What is known of how long the item takes on a class, ms; undefined where nothing is, or may not be used. */
export function expectedMs(
  { classes }: Columns,
  { learner }: Aids,
  { namespace, type }: PlaceItem,
  swarmClass: number,
  measure: 'meanMs' | 'p90Ms',
): number | undefined {
  if (learner === undefined || !learner.isOn(namespace)) return undefined;
  return learner.estimate(type, classes.name(swarmClass))?.[measure];
}

/**
 * Thompson sampling (Thompson, Biometrika 1933): keeps the groups of those classes that are the best in one draw of what may be true of
 * each. Classes of which little is known are tried as often as they may be the best.
 */
export function keepDrawnClasses(
  view: View,
  { namespace, type }: PlaceItem,
  { learner, random }: Aids,
): void {
  if (learner === undefined || view.groupCount < 2 || !learner.isOn(namespace)) return;
  const classes = findClasses(view);
  if (classes >= 2) {
    learner.drawCosts(type, names, prices, classes, random, costs);
    let least = Infinity;
    for (let at = 0; at < classes; at += 1) least = Math.min(least, costs[at] as number);
    for (let at = 0; at < classes; at += 1)
      if (isTie(costs[at] as number, least)) marks[numbers[at] as number] = BEST;
    view.keepClasses(marks, BEST);
  }
  for (let at = 0; at < classes; at += 1) marks[numbers[at] as number] = 0;
}

/** The classes of the view, each with the mean price of the first of its groups. Returns how many; they are marked. */
function findClasses(view: View): number {
  const { columns } = view;
  if (columns.classes.size > marks.length) marks = new Uint8Array(columns.classes.size * 2);
  let classes = 0;
  for (let at = 0; at < view.groupCount && classes < CLASSES; at += 1) {
    const swarmClass = view.classAt(at);
    if (marks[swarmClass] !== 0) continue;
    marks[swarmClass] = FOUND;
    numbers[classes] = swarmClass;
    names[classes] = columns.classes.name(swarmClass);
    prices[classes] = view.priceAt(at);
    classes += 1;
  }
  return classes;
}

/** Of classes by their number; all 0 between two decisions. */
let marks = new Uint8Array(LIMITS.SWARM_CLASSES);
const FOUND = 1;
const BEST = 2;
/** Filled anew by each decision, which are made one after the other. */
const numbers = new Int32Array(CLASSES);
const names: string[] = [];
const prices = new Float64Array(CLASSES);
const costs = new Float64Array(CLASSES);
