import type { Capacity, LimitStanding, Waiting, Why } from '@multiswarm/contracts';
import { iso } from '../task/times';
import type { Facts } from './facts';

/** Why a task is not placed. The scheduler knows the reason; the load-balancer knows who could run it. */
export function queuedWhy(facts: Facts): Why {
  const { record, standing, capacity } = facts;
  const told: Waiting = standing?.waiting ?? {
    reason: 'not-yet-considered',
    since: iso(record.waitingSince ?? record.since),
    detail: standing
      ? 'the scheduler does not have it in line: it is being told of it, or has just placed it'
      : 'the scheduler does not answer',
    unmet: [],
  };
  const limits = standing?.limits ?? [];
  const more = {
    ...(limits.length > 0 ? { limits } : {}),
    ...(capacity ? { capacity } : {}),
  };
  if (told.reason === 'limit') return { ...told, ...more, ...byLimit(limits) };
  if (told.reason === 'no-slot' && capacity) return { ...told, ...more, detail: slotsText(told, capacity) };
  if (told.reason === 'no-swarm') return { ...told, ...more, ...byRegion(told, capacity) };
  return { ...told, ...more };
}

/** A rate passes by itself; attempts at the same time have to end. */
function byLimit(limits: readonly LimitStanding[]): Partial<Why> {
  const used = limits.find(({ isUsedUp }) => isUsedUp);
  if (used?.nextStartAt === undefined || isFull(used)) return {};
  return { reason: 'rate', until: used.nextStartAt };
}

function isFull({ concurrency, running }: LimitStanding): boolean {
  return concurrency !== undefined && running >= concurrency;
}

function slotsText({ detail }: Waiting, { slots, busySlots }: Capacity): string {
  return `${detail}; ${busySlots} of ${slots} ${slots === 1 ? 'slot is' : 'slots are'} busy`;
}

/** Somebody could run it, but the whole region is down. */
function byRegion({ detail }: Waiting, capacity: Capacity | undefined): Partial<Why> {
  const { regions = [], nearest = [] } = capacity ?? {};
  const wouldDo = nearest.some(({ lacks, state }) => lacks.length === 0 && state === 'down');
  if (!wouldDo || regions.some(({ live }) => live > 0)) return {};
  const down = regions.map(
    ({ region, swarms, lastSeen }) =>
      `${region} is down: ${swarms === 1 ? 'its swarm was' : `its ${swarms} swarms were`} last heard at ${lastSeen}`,
  );
  return { reason: 'region-down', detail: `region ${down.join(', region ')} (${detail})` };
}
