import type { Rejection } from '@multiswarm/contracts';
import { Rejections, type Feasible } from './feasible';
import { NO_RESOURCES, type ResourceVector } from './resource-vector';
import type { SwarmSeen } from './swarm-seen';

/** Where one item can go now. */
export interface Room {
  /** How many swarms there are to choose among: feasible, with room, and equally healthy and welcome. */
  free: number;
  withFreeSlot: number;
  /** Feasible swarms that are not among them. */
  rejected: Rejection[];
  /** Said in the receipt where these swarms are not what one would rather take. */
  caveat: string;
}

/**
 * The dynamic rules. In the order of preference: on time and not to be avoided, late but not to be avoided, and only
 * then those to be avoided: a retry goes elsewhere if it can, and never waits while the only free slot is where it failed.
 */
export function roomFor(
  feasible: Feasible,
  resources: ResourceVector,
  avoid: readonly string[] = [],
): { swarms: SwarmSeen[]; room: Room } {
  const dropped = new Rejections();
  const detail = slotDetail(resources);
  const open = (swarms: readonly SwarmSeen[]): SwarmSeen[] =>
    swarms.filter((swarm) => {
      const hasRoom = swarm.hasRoomFor(resources);
      if (!hasRoom) dropped.add('slot', detail, swarm);
      return hasRoom;
    });
  const ready = open(feasible.ready);
  const suspect = open(feasible.suspect);
  const withFreeSlot = ready.length + suspect.length;
  const { swarms, caveat, avoided } = choose(ready, suspect, avoid);
  for (const swarm of avoided) dropped.add('avoided', 'another swarm than the ones to avoid', swarm);
  return { swarms, room: { free: swarms.length, caveat, withFreeSlot, rejected: dropped.list() } };
}

/** What is asked for of a swarm that is full. */
export function slotDetail(resources: ResourceVector): string {
  return resources === NO_RESOURCES ? 'a free slot' : 'a free slot with the resources asked for';
}
function choose(
  ready: SwarmSeen[],
  suspect: SwarmSeen[],
  avoid: readonly string[],
): { swarms: SwarmSeen[]; caveat: string; avoided: SwarmSeen[] } {
  if (avoid.length > 0) {
    const isAvoided = ({ swarmId }: SwarmSeen): boolean => avoid.includes(swarmId);
    const welcome = [...ready, ...suspect].filter((swarm) => !isAvoided(swarm));
    if (welcome.length > 0) {
      const rest = choose(
        ready.filter((swarm) => !isAvoided(swarm)),
        suspect.filter((swarm) => !isAvoided(swarm)),
        [],
      );
      return { ...rest, avoided: [...ready, ...suspect].filter(isAvoided) };
    }
  }
  const toBeAvoided = avoid.length > 0 && ready.length + suspect.length > 0 ? ' was to be avoided' : '';
  if (ready.length > 0 || suspect.length === 0)
    return { swarms: ready, caveat: caveatOf(toBeAvoided), avoided: [] };
  return { swarms: suspect, caveat: caveatOf(toBeAvoided, LATE), avoided: [] };
}

const LATE = ' misses heartbeats';

function caveatOf(...reasons: string[]): string {
  const said = reasons.filter((reason) => reason !== '');
  return said.length === 0 ? '' : `; it${said.join(' and')}, but no other has a free slot`;
}

/** The caveat of a swarm that is taken although it is suspect. */
export const MISSES_HEARTBEATS = caveatOf(LATE);
