import { Columns } from '../engine/columns';
import { Group } from '../engine/group';
import { Memberships } from '../engine/memberships';
import { View } from '../engine/view';
import { drawnCost } from '../learning/posterior';
import type { Knowledge } from '../policies/knowledge';
import { FIELDS, GROUP_AT, NUMBERS, ROW_AT, type Seen } from './seen';

/** A view as a policy saw it, in columns of its own. */
export interface Rebuilt {
  readonly view: View;
  /** By row of the columns: which endpoint of the record it is. */
  readonly endpoints: readonly number[];
}

/** Rows come in the order in which they were, because it breaks ties; the members of a group as the view had them. */
export function rebuilt(seen: Seen): Rebuilt {
  const { rows, numbers, virtualTime } = seen;
  const columns = new Columns();
  columns.virtualTime = virtualTime;
  const numberOf = (endpoint: number, at: number): number => numbers[endpoint * NUMBERS + at] as number;
  const endpoints = Array.from({ length: rows }, (_, endpoint) => endpoint).sort(
    (a, b) => numberOf(a, ROW_AT) - numberOf(b, ROW_AT),
  );
  const memberships = new Memberships();
  const groups = seen.groups.map(({ tier, score, place, swarmClass }) => {
    const ofNames = { place: columns.places.number(place), swarmClass: columns.classes.number(swarmClass) };
    return new Group({ tier, score, ...ofNames }, memberships.add(), columns, memberships);
  });
  const rowOf: number[] = [];
  for (const endpoint of endpoints) {
    const row = columns.add();
    rowOf[endpoint] = row;
    FIELDS.forEach((field, at) => {
      columns[field][row] = numberOf(endpoint, at);
    });
    const { key } = groups[numberOf(endpoint, GROUP_AT)] as Group;
    columns.tier[row] = key.tier;
    columns.place[row] = key.place;
    columns.swarmClass[row] = key.swarmClass;
  }
  const groupOf: Group[] = [];
  for (let endpoint = 0; endpoint < rows; endpoint += 1) {
    const group = groups[numberOf(endpoint, GROUP_AT)] as Group;
    const row = rowOf[endpoint] as number;
    group.set(group.join(row), true);
    groupOf[row] = group;
  }
  const view = new View(columns);
  const tiers = Int32Array.from(groups, ({ key }) => key.tier);
  const classes = Int32Array.from(groups, ({ key }) => key.swarmClass);
  view.fill({
    ...{ groups, tiers, classes, counts: memberships.counts },
    groupOf: (row) => groupOf[row],
    priceOf: (number) => seen.groups[number]?.price ?? NaN,
  });
  return { view, endpoints };
}

/** What was believed then, of the type that was decided for. */
export function knowledgeOf({ beliefs }: Seen): Knowledge | undefined {
  if (beliefs === undefined) return undefined;
  return {
    isOn: () => true,
    estimate: (_type, swarmClass) => beliefs.get(swarmClass)?.estimate,
    drawCosts: (_type, classes, prices, count, random, into) => {
      classes.slice(0, count).forEach((swarmClass, at) => {
        const belief = beliefs.get(swarmClass);
        if (belief === undefined) throw new Error(`S: nothing was kept of class ${swarmClass}`);
        // A draw of its own: that of the decision served others too.
        const posterior = { ...belief.posterior, drawnFor: 0 };
        into[at] = drawnCost(posterior, prices[at] as number, belief.stakes, random);
      });
    },
  };
}
