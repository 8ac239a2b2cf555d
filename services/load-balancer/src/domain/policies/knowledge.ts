import type { PlaceItem } from '@multiswarm/contracts';
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
  /** One draw of what may be true: USD until one attempt has succeeded. */
  draw(type: string, swarmClass: string, costPerSlotHour: number, random: Random): { costToSuccess: number };
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
  const { columns } = view;
  if (learner === undefined || view.groupCount < 2 || !learner.isOn(namespace)) return;
  let classes = 0;
  let least = Infinity;
  for (let number = 0; number < view.groupCount; number += 1) {
    const group = view.group(number);
    const swarmClass = group.key.swarmClass;
    if (indexIn(drawnClasses, classes, swarmClass) >= 0 || classes === CLASSES) continue;
    const price = columns.costPerSlotHour[group.at(0)] as number;
    const { costToSuccess } = learner.draw(type, columns.classes.name(swarmClass), price, random);
    drawnClasses[classes] = swarmClass;
    drawnCosts[classes] = costToSuccess;
    least = Math.min(least, costToSuccess);
    classes += 1;
  }
  if (classes < 2) return;
  view.keep((group) => {
    const at = indexIn(drawnClasses, classes, group.key.swarmClass);
    return at >= 0 && isTie(drawnCosts[at] as number, least);
  });
}

/** Filled anew by each decision, which are made one after the other. */
const drawnClasses = new Int32Array(CLASSES);
const drawnCosts = new Float64Array(CLASSES);

function indexIn(list: Int32Array, length: number, value: number): number {
  for (let at = 0; at < length; at += 1) if (list[at] === value) return at;
  return -1;
}
