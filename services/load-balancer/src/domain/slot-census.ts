import type { SlotCensusReply } from '@multiswarm/contracts';
import type { Moment } from './moment';
import { attemptKey, type SwarmSeen } from './swarm-seen';

type Counted = SlotCensusReply['attempts'][number];
/** Attempts of one answer. */
export const CENSUS_PAGE = 2_000;

/**
 * Which attempts of one shard have a slot, by what swarms list and by what is reserved for them: one page, in the order of their
 * keys, from behind `after` on.
 * @param prefix with which ids of the shard begin
 */
export function slotCensus(
  swarms: Iterable<SwarmSeen>,
  prefix: string,
  after = '',
  most = CENSUS_PAGE,
): Pick<SlotCensusReply, 'attempts' | 'next'> {
  const found: { key: string; counted: Counted }[] = [];
  for (const swarm of swarms)
    for (const counted of countedOn(swarm)) {
      const key = attemptKey(counted);
      if (counted.taskId.startsWith(prefix) && key > after) found.push({ key, counted });
    }
  found.sort((a, b) => (a.key < b.key ? -1 : 1));
  const page = found.slice(0, most);
  return {
    attempts: page.map(({ counted }) => counted),
    next: found.length > most ? (page.at(-1)?.key ?? null) : null,
  };
}

function* countedOn(swarm: SwarmSeen): Generator<Counted, void, undefined> {
  const { swarmId, region } = swarm;
  for (const ref of swarm.attempts()) yield { ...ref, swarmId, region, isReserved: false };
  for (const { attemptKey: key } of swarm.reservations()) {
    const [taskId = '', attempt = ''] = key.split('#');
    yield { taskId, attempt: Number(attempt), swarmId, region, isReserved: true };
  }
}

/** Of some swarms those that are heard. */
export function heardOf(
  swarmIds: readonly string[],
  find: (swarmId: string) => SwarmSeen | undefined,
  now: Moment,
): string[] {
  return swarmIds.filter((swarmId) => (find(swarmId)?.stateAt(now) ?? 'down') !== 'down');
}
