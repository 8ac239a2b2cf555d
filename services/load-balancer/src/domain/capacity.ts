import { matchesPattern, type Capacity, type PlaceItem } from '@multiswarm/contracts';
import { takesNoWork } from './engine/idle';
import type { Moment } from './moment';

import { asksOf } from './requirement-rules';
import { NO_RESOURCES, toVector } from './resource-vector';
import type { SwarmSeen } from './swarm-seen';
import { topOf } from './top-of';

/** Swarms that are named of each kind, and regions. */
const NAMED = 5;
const REGIONS = 20;

type Asked = Pick<PlaceItem, 'type' | 'requirements'>;

interface Compared {
  swarm: SwarmSeen;
  state: ReturnType<SwarmSeen['stateAt']>;
  lacks: string[];
}

/** What a fleet has for a class of tasks: who could run it and how busy they are, or who comes nearest. */
export function capacityFor(fleet: readonly SwarmSeen[], asked: Asked, now: Moment): Capacity {
  const asks = asksOf(asked);
  const { resources } = asked.requirements;
  const needed = resources === undefined ? NO_RESOURCES : toVector(resources);
  const compared = fleet.map((swarm): Compared => {
    const lacks = asks.filter((ask) => !ask.passes(swarm.profile)).map(({ detail }) => detail);
    return { swarm, state: swarm.stateAt(now), lacks };
  });
  const feasible = compared.filter(({ state, lacks }) => lacks.length === 0 && !takesNoWork(state));
  const none = feasible.length === 0;
  return {
    known: fleet.length,
    feasible: feasible.length,
    slots: sum(feasible, ({ slots }) => slots),
    busySlots: sum(feasible, busySlots),
    withRoom: feasible.filter(({ swarm }) => swarm.hasRoomFor(needed)).length,
    swarms: topOf(feasible, NAMED, (a, b) => a.swarm.load - b.swarm.load).map(named),
    nearest: none ? topOf(compared, NAMED, nearer).map(({ lacks, ...one }) => near(one, lacks)) : [],
    regions: none ? regionsOf(compared, asked) : [],
  };
}

/** Those that lack less; of equals, those that take work. */
function nearer(a: Compared, b: Compared): number {
  return a.lacks.length - b.lacks.length || Number(takesNoWork(a.state)) - Number(takesNoWork(b.state));
}

function named({ swarm, state }: Compared): Capacity['swarms'][number] {
  const { swarmId, region, slots } = swarm;
  return { swarmId, region, state, slots, busySlots: busySlots(swarm) };
}

function near(
  { swarm, state }: Pick<Compared, 'swarm' | 'state'>,
  lacks: string[],
): Capacity['nearest'][number] {
  return { swarmId: swarm.swarmId, region: swarm.region, state, lacks };
}

/** More may be counted than there are slots: what was refused, and what other replicas have reserved. */
function busySlots({ busy, slots }: SwarmSeen): number {
  return Math.min(busy, slots);
}

/** The regions that it asks for, or those where somebody has all that it asks for. */
function regionsOf(compared: readonly Compared[], { requirements }: Asked): Capacity['regions'] {
  const patterns = requirements.region ?? [];
  const byRegion = new Map<string, Compared[]>();
  for (const one of compared) {
    const { region } = one.swarm;
    const others = byRegion.get(region);
    if (others) others.push(one);
    else byRegion.set(region, [one]);
  }
  return [...byRegion]
    .filter(([region, swarms]) =>
      patterns.length > 0
        ? patterns.some((pattern) => matchesPattern(pattern, region))
        : swarms.some(({ lacks }) => lacks.length === 0),
    )
    .slice(0, REGIONS)
    .map(([region, swarms]) => ({
      region,
      swarms: swarms.length,
      live: swarms.filter(({ state }) => state !== 'down').length,
      lastSeen: new Date(Math.max(...swarms.map(({ swarm }) => swarm.seenAt.wallMs))).toISOString(),
    }));
}

function sum(all: readonly Compared[], pick: (swarm: SwarmSeen) => number): number {
  return all.reduce((total, { swarm }) => total + pick(swarm), 0);
}
