import { at, fleetOf, heartbeat } from '../../test/support/builders';
import { NO_RESOURCES } from './resource-vector';
import { heardOf, slotCensus } from './slot-census';
import type { SwarmSeen } from './swarm-seen';

const held = (...taskIds: string[]) => taskIds.map((taskId) => ({ taskId, attempt: 1 }));

test('of one shard it names what swarms list and what is reserved, in pages, each attempt once', () => {
  const fleet = fleetOf({ swarmId: 'a', slots: 9, held: held('t1-c', 't2-x') });
  fleet.heartbeat(heartbeat({ swarmId: 'b', slots: 9, held: held('t1-a') }), at(0));
  fleet.reserve(fleet.get('a') as SwarmSeen, 't1-b#3', NO_RESOURCES, at(0));
  const pages: string[][] = [];
  for (let after: string | undefined; ;) {
    const { attempts, next } = slotCensus(fleet.swarms(), 't1-', after, 2);
    pages.push(
      attempts.map((each) => `${each.taskId}#${each.attempt} ${each.swarmId} ${String(each.isReserved)}`),
    );
    if (next === null) break;
    after = next;
  }
  expect(pages).toEqual([['t1-a#1 b false', 't1-b#3 a true'], ['t1-c#1 a false']]);
  expect(slotCensus(fleet.swarms(), 't10-').attempts).toEqual([]);
});

test('an attempt that is known to have ended is not counted, and a swarm that fell silent is not heard', () => {
  const fleet = fleetOf({ swarmId: 'a', held: held('t1-a', 't1-b') });
  const outcome = {
    reservationId: 'r',
    swarmId: 'a',
    taskId: 't1-a',
    attempt: 1,
    outcome: 'succeeded',
  } as const;
  fleet.report(outcome, at(1));
  expect(slotCensus(fleet.swarms(), 't1-').attempts.map(({ taskId }) => taskId)).toEqual(['t1-b']);
  const find = (id: string) => fleet.get(id);
  expect(heardOf(['a', 'nobody'], find, at(1))).toEqual(['a']);
  expect(heardOf(['a', 'nobody'], find, at(3_600_000))).toEqual([]);
});
