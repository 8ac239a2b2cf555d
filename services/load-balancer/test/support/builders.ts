import type { Heartbeat, PlaceItem, PlaceResult } from '@multiswarm/contracts';
import { seededRandom } from '@multiswarm/core';
import { renderResult } from '../../src/domain/engine/decision';
import { Placer } from '../../src/domain/engine/placer';
import { Fleet } from '../../src/domain/fleet';
import type { Moment } from '../../src/domain/moment';
import { Aids, policyByName, type Policy } from '../../src/domain/policies';

export const HOLD_MS = 10_000;
export const leastLoaded = policyByName('least-loaded');

export type SwarmGiven = Partial<Heartbeat> & { swarmId: string };

export function at(monotonicMs: number): Moment {
  return { wallMs: 1_700_000_000_000 + monotonicMs, monotonicMs };
}

/** A ready swarm with four slots that handles every type, for what a test does not say. */
export function heartbeat(given: SwarmGiven): Heartbeat {
  return {
    v: 1,
    region: 'eu-west',
    slots: 4,
    types: ['*'],
    capabilities: [],
    labels: {},
    attributes: {},
    resources: {},
    costPerHour: 4,
    instance: 'i1',
    seq: 1,
    sentAt: 0,
    intervalMs: 1_000,
    state: 'ready',
    held: [],
    resourcesUsed: {},
    ...given,
  };
}

export function fleetOf(...swarms: SwarmGiven[]): Fleet {
  return fleetOfReplica('r', ...swarms);
}

export function fleetOfReplica(replica: string, ...swarms: SwarmGiven[]): Fleet {
  const fleet = new Fleet({ replica, holdMs: HOLD_MS });
  for (const swarm of swarms) fleet.heartbeat(heartbeat(swarm), at(0));
  return fleet;
}

export function item(key: string, given: Partial<PlaceItem> = {}): PlaceItem {
  const requirements = given.requirements ?? {};
  return {
    key,
    classKey: JSON.stringify(requirements),
    attempt: 1,
    namespace: 'default',
    type: 'build',
    ...given,
    requirements,
  };
}

const placers = new WeakMap<Fleet, Placer>();

/** Places as the service does, with one placer for each fleet. */
export function place(
  fleet: Fleet,
  items: readonly PlaceItem[],
  now: Moment,
  policy: Policy = leastLoaded,
): PlaceResult[] {
  const placer = placers.get(fleet) ?? new Placer(fleet, new Aids(seededRandom(1)));
  placers.set(fleet, placer);
  return placer.place(items, now, () => policy).map(renderResult);
}
