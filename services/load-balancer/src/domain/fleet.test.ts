import { at, fleetOf, heartbeat, HOLD_MS } from '../../test/support/builders';
import type { Fleet, Outcome } from './fleet';
import type { Reservation } from './reservations';
import { NO_RESOURCES, toVector } from './resource-vector';
import { attemptKey, type SwarmSeen } from './swarm-seen';

function swarm(fleet: Fleet, id: string): SwarmSeen {
  const found = fleet.get(id);
  if (found === undefined) throw new Error(`no swarm ${id}`);
  return found;
}

function reserve(fleet: Fleet, id: string, taskId: string, resources = NO_RESOURCES): Reservation {
  return fleet.reserve(swarm(fleet, id), attemptKey({ taskId, attempt: 1 }), resources, at(0));
}

function outcome(swarmId: string, taskId: string, given: Partial<Outcome> = {}): Outcome {
  return { reservationId: 'of-another-replica', swarmId, taskId, attempt: 1, outcome: 'succeeded', ...given };
}

const held = (...taskIds: string[]) => taskIds.map((taskId) => ({ taskId, attempt: 1 }));

describe('heartbeats', () => {
  test('a heartbeat that is not newer within its instance changes nothing', () => {
    const fleet = fleetOf({ swarmId: 'a', seq: 5, slots: 4 });
    for (const seq of [5, 4, 0]) {
      expect(fleet.heartbeat(heartbeat({ swarmId: 'a', seq, slots: 9 }), at(1))).toEqual({
        kind: 'ignored',
        why: 'past',
      });
    }
    expect(swarm(fleet, 'a').slots).toBe(4);
  });

  test('a new instance replaces everything, also with a smaller sequence number', () => {
    const fleet = fleetOf({ swarmId: 'a', seq: 50, held: held('t1') });
    const { id } = reserve(fleet, 'a', 't2');
    const seen = fleet.heartbeat(heartbeat({ swarmId: 'a', instance: 'i2', seq: 0, slots: 2 }), at(1));
    expect(seen).toMatchObject({ kind: 'seen', capacity: 'joined' });
    expect(swarm(fleet, 'a').busy).toBe(0);
    expect([...fleet.liveReservations()]).toEqual([]);
    expect(fleet.report(outcome('a', 't2', { reservationId: id, outcome: 'lost' }), at(2))).toEqual([]);
  });

  test('what still arrives from the replaced instance is ignored, until its successor is down', () => {
    const fleet = fleetOf({ swarmId: 'a', seq: 1 });
    fleet.heartbeat(heartbeat({ swarmId: 'a', instance: 'i2', seq: 1 }), at(10));
    expect(fleet.heartbeat(heartbeat({ swarmId: 'a', seq: 2 }), at(20)).kind).toBe('ignored');
    expect(swarm(fleet, 'a').instance).toBe('i2');
    expect(fleet.heartbeat(heartbeat({ swarmId: 'a', seq: 3 }), at(20_000)).kind).toBe('seen');
    expect(swarm(fleet, 'a').instance).toBe('i1');
  });

  test('a goodbye removes the swarm at once, and a late heartbeat of that instance does not bring it back', () => {
    const fleet = fleetOf({ swarmId: 'a', seq: 1 });
    reserve(fleet, 'a', 't1');
    expect(fleet.heartbeat(heartbeat({ swarmId: 'a', seq: 3, state: 'stopped' }), at(1))).toEqual({
      kind: 'removed',
    });
    expect([fleet.size, [...fleet.liveReservations()].length]).toEqual([0, 0]);
    expect(fleet.heartbeat(heartbeat({ swarmId: 'a', seq: 2 }), at(2)).kind).toBe('ignored');
    expect(fleet.heartbeat(heartbeat({ swarmId: 'a', instance: 'i2', seq: 0 }), at(3)).kind).toBe('seen');
  });

  test('a silent swarm is suspect after two intervals and down after three, by its own interval', () => {
    const fleet = fleetOf({ swarmId: 'a', intervalMs: 1_000 }, { swarmId: 'b', intervalMs: 500 });
    const states = (ms: number) => ['a', 'b'].map((id) => swarm(fleet, id).stateAt(at(ms)));
    expect(states(999)).toEqual(['ready', 'ready']);
    expect(states(1_000)).toEqual(['ready', 'suspect']);
    expect(states(1_999)).toEqual(['ready', 'down']);
    expect(states(2_000)).toEqual(['suspect', 'down']);
    expect(states(3_000)).toEqual(['down', 'down']);
  });

  test('an interval of zero does not put a swarm down at once', () => {
    expect(swarm(fleetOf({ swarmId: 'a', intervalMs: 0 }), 'a').stateAt(at(150))).toBe('ready');
  });

  test('a swarm that has been silent for long is forgotten', () => {
    const fleet = fleetOf({ swarmId: 'a' });
    expect(fleet.sweep(at(5_000)).changes).toEqual([
      { swarmId: 'a', region: 'eu-west', from: 'ready', to: 'down' },
    ]);
    expect(fleet.sweep(at(6_000)).changes).toEqual([]);
    expect(fleet.sweep(at(11 * 60_000)).changes).toEqual([
      { swarmId: 'a', region: 'eu-west', from: 'down', to: 'forgotten' },
    ]);
    expect(fleet.size).toBe(0);
  });

  test.each([
    ['its slots come free', { held: [] }, 'freed'],
    ['its resources come free', { held: held('t1'), resourcesUsed: { cpu: 1 } }, 'freed'],
    [
      'its profile changes',
      { held: held('t1'), resourcesUsed: { cpu: 2 }, capabilities: ['gpu'] },
      'changed',
    ],
    ['nothing changes', { held: held('t1'), resourcesUsed: { cpu: 2 } }, undefined],
    ['it takes more work', { held: held('t1', 't2'), resourcesUsed: { cpu: 3 } }, undefined],
    ['it begins to drain', { held: [], state: 'draining' as const }, undefined],
    ['it is cordoned', { held: [], state: 'cordoned' as const }, undefined],
  ])('says whether waiting work may fit when %s', (_when, change, capacity) => {
    const base = { swarmId: 'a', resources: { cpu: 4 } };
    const fleet = fleetOf({ ...base, held: held('t1'), resourcesUsed: { cpu: 2 } });
    const seen = fleet.heartbeat(heartbeat({ ...base, seq: 2, ...change }), at(1));
    expect(seen.kind === 'seen' && seen.capacity).toBe(capacity);
  });

  test('a swarm that comes back from being down joins again, one that stops draining has changed', () => {
    const fleet = fleetOf({ swarmId: 'a' }, { swarmId: 'b', state: 'draining' });
    expect(fleet.heartbeat(heartbeat({ swarmId: 'b', seq: 2 }), at(1))).toMatchObject({
      capacity: 'changed',
    });
    expect(fleet.heartbeat(heartbeat({ swarmId: 'a', seq: 2 }), at(10_000))).toMatchObject({
      capacity: 'joined',
    });
  });
});

describe('reservations', () => {
  test('an attempt counts once: reserved, then listed by a heartbeat, then gone', () => {
    const fleet = fleetOf({ swarmId: 'a', resources: { cpu: 4 } });
    const busyAndCpu = () => [swarm(fleet, 'a').busy, swarm(fleet, 'a').resourcesLeft.cpu];
    reserve(fleet, 'a', 't1', toVector({ cpu: 1 }));
    expect(busyAndCpu()).toEqual([1, 3_000]);
    const base = { swarmId: 'a', resources: { cpu: 4 } };
    fleet.heartbeat(heartbeat({ ...base, seq: 2, held: held('t1'), resourcesUsed: { cpu: 1 } }), at(1));
    expect(busyAndCpu()).toEqual([1, 3_000]);
    expect([...fleet.liveReservations()]).toEqual([]);
    fleet.heartbeat(heartbeat({ ...base, seq: 3 }), at(2));
    expect(busyAndCpu()).toEqual([0, 4_000]);
  });

  test('an attempt that is asked for again while its swarm holds it counts once', () => {
    const fleet = fleetOf({ swarmId: 'a', held: held('t1') });
    reserve(fleet, 'a', 't1');
    expect(swarm(fleet, 'a').busy).toBe(1);
    fleet.heartbeat(heartbeat({ swarmId: 'a', seq: 2, held: held('t1') }), at(1));
    expect(swarm(fleet, 'a').busy).toBe(1);
  });

  test('a heartbeat that does not list the attempt yet leaves its reservation alone', () => {
    const fleet = fleetOf({ swarmId: 'a' });
    reserve(fleet, 'a', 't1');
    fleet.heartbeat(heartbeat({ swarmId: 'a', seq: 2, held: held('other') }), at(1));
    expect(swarm(fleet, 'a').busy).toBe(2);
  });

  test('an outcome frees the slot, and a heartbeat from before the end does not take it again', () => {
    const base = { swarmId: 'a', resources: { cpu: 4 } };
    const fleet = fleetOf(base);
    const { id } = reserve(fleet, 'a', 't1', toVector({ cpu: 2 }));
    const stale = { ...base, held: held('t1'), resourcesUsed: { cpu: 2 } };
    fleet.heartbeat(heartbeat({ ...stale, seq: 2 }), at(1));
    expect(fleet.report(outcome('a', 't1', { reservationId: id }), at(2))[0]?.swarmId).toBe('a');
    expect([swarm(fleet, 'a').busy, swarm(fleet, 'a').resourcesLeft.cpu]).toEqual([0, 4_000]);
    fleet.heartbeat(heartbeat({ ...stale, seq: 3 }), at(3));
    expect([swarm(fleet, 'a').busy, swarm(fleet, 'a').resourcesLeft.cpu]).toEqual([0, 4_000]);
  });

  test('an outcome that comes before any heartbeat has listed the attempt frees its resources for good', () => {
    const base = { swarmId: 'a', resources: { cpu: 4 } };
    const fleet = fleetOf(base);
    const { id } = reserve(fleet, 'a', 't1', toVector({ cpu: 2 }));
    fleet.report(outcome('a', 't1', { reservationId: id }), at(1));
    fleet.heartbeat(heartbeat({ ...base, seq: 2, held: held('t1'), resourcesUsed: { cpu: 2 } }), at(2));
    expect([swarm(fleet, 'a').busy, swarm(fleet, 'a').resourcesLeft.cpu]).toEqual([0, 4_000]);
  });

  test('the memory of an end is short: a swarm that goes on listing the attempt is believed', () => {
    const fleet = fleetOf({ swarmId: 'a', held: held('t1') });
    fleet.report(outcome('a', 't1'), at(1));
    fleet.heartbeat(heartbeat({ swarmId: 'a', seq: 2, held: held('t1') }), at(11_000));
    expect(swarm(fleet, 'a').busy).toBe(1);
  });

  test("the outcome of another replica's placement frees the slot that the heartbeat counts", () => {
    const fleet = fleetOf({ swarmId: 'a', held: held('t1', 't2') });
    expect(fleet.report(outcome('a', 't1'), at(1))[0]?.freeSlots).toBe(3);
    expect(fleet.report(outcome('a', 't1'), at(1))).toEqual([]);
    expect(fleet.report(outcome('unknown', 't9'), at(1))).toEqual([]);
  });

  test('a refusal keeps the slot taken until the swarm says itself how it is', () => {
    const fleet = fleetOf({ swarmId: 'a', slots: 1 });
    const { id } = reserve(fleet, 'a', 't1');
    expect(fleet.report(outcome('a', 't1', { reservationId: id, outcome: 'refused' }), at(1))).toEqual([]);
    expect(swarm(fleet, 'a').freeSlots).toBe(0);
    expect(fleet.heartbeat(heartbeat({ swarmId: 'a', slots: 1, seq: 2 }), at(2))).toMatchObject({
      capacity: 'freed',
    });
    expect(swarm(fleet, 'a').freeSlots).toBe(1);
  });

  test('however often it refuses, it is full and no more: a slot that comes free is seen at once', () => {
    const fleet = fleetOf({ swarmId: 'a', slots: 2, held: held('t1') });
    for (const refused of ['t2', 't3', 't4'])
      fleet.report(outcome('a', refused, { outcome: 'refused' }), at(1));
    expect(swarm(fleet, 'a').busy).toBe(2);
    expect(fleet.report(outcome('a', 't1'), at(2))[0]?.freeSlots).toBe(1);
  });

  test('who has refused runs something that nobody has told of: the end of that frees a slot, once', () => {
    const fleet = fleetOf({ swarmId: 'a', slots: 2, held: held('t1') });
    fleet.report(outcome('a', 't2', { outcome: 'refused' }), at(1));
    expect(fleet.report(outcome('a', 't9'), at(2))[0]?.freeSlots).toBe(1);
    expect(fleet.report(outcome('a', 't9'), at(3))).toEqual([]);
    expect(fleet.report(outcome('a', 't8'), at(4))).toEqual([]);
    expect(swarm(fleet, 'a').busy).toBe(1);
  });

  test('the slot of the swarm that was reserved comes free when another one ran the attempt', () => {
    const fleet = fleetOf({ swarmId: 'a' }, { swarmId: 'b', held: held('t1') });
    const { id } = reserve(fleet, 'a', 't1');
    const freed = fleet.report(outcome('b', 't1', { reservationId: id }), at(1));
    expect(freed.map(({ swarmId, busy }) => [swarmId, busy])).toEqual([
      ['b', 0],
      ['a', 0],
    ]);
  });

  test('an unused reservation comes free, and its attempt may still run there later', () => {
    const fleet = fleetOf({ swarmId: 'a' });
    const { id } = reserve(fleet, 'a', 't1');
    expect(
      fleet.report(outcome('a', 't1', { reservationId: id, outcome: 'unused' }), at(1))[0]?.freeSlots,
    ).toBe(4);
    fleet.heartbeat(heartbeat({ swarmId: 'a', seq: 2, held: held('t1') }), at(2));
    expect(swarm(fleet, 'a').busy).toBe(1);
  });

  test('a reservation that nobody confirms expires', () => {
    const fleet = fleetOf({ swarmId: 'a', intervalMs: 60_000 });
    reserve(fleet, 'a', 't1');
    expect(fleet.sweep(at(HOLD_MS - 1)).freed).toEqual([]);
    expect(fleet.sweep(at(HOLD_MS)).freed.map(({ swarmId }) => swarmId)).toEqual(['a']);
    expect(swarm(fleet, 'a').busy).toBe(0);
  });
});

describe('a slot that is handed over', () => {
  const to = (taskId: string) => ({ next: { taskId, attempt: 1 } });
  const busyAndCpu = (fleet: Fleet) => [swarm(fleet, 'a').busy, swarm(fleet, 'a').resourcesLeft.cpu];
  const base = { swarmId: 'a', slots: 1, resources: { cpu: 4 } };
  const beat = (fleet: Fleet, seq: number, cpuUsed: number, ...taskIds: string[]) =>
    fleet.heartbeat(
      heartbeat({ ...base, seq, held: held(...taskIds), resourcesUsed: { cpu: cpuUsed } }),
      at(seq),
    );

  test('is never free, and the next attempt has what the ended one had', () => {
    const fleet = fleetOf(base);
    const { id } = reserve(fleet, 'a', 't1', toVector({ cpu: 2 }));
    expect(fleet.report(outcome('a', 't1', { reservationId: id, ...to('t2') }), at(1))).toEqual([]);
    expect(busyAndCpu(fleet)).toEqual([1, 2_000]);
    expect([...fleet.liveReservations()].map(({ attemptKey: key }) => key)).toEqual(['t2#1']);
  });

  test('is counted once through a whole chain, whatever heartbeats of the past still say', () => {
    const fleet = fleetOf(base);
    const { id } = reserve(fleet, 'a', 't1', toVector({ cpu: 2 }));
    beat(fleet, 2, 2, 't1');
    fleet.report(outcome('a', 't1', { reservationId: id, ...to('t2') }), at(2));
    beat(fleet, 3, 2, 't1');
    expect(busyAndCpu(fleet)).toEqual([1, 2_000]);
    beat(fleet, 4, 2, 't2');
    expect(busyAndCpu(fleet)).toEqual([1, 2_000]);
    fleet.report(outcome('a', 't2', { reservationId: id, ...to('t3') }), at(4));
    expect(busyAndCpu(fleet)).toEqual([1, 2_000]);
    expect(
      fleet.report(outcome('a', 't3', { reservationId: id }), at(5)).map(({ swarmId }) => swarmId),
    ).toEqual(['a']);
    beat(fleet, 6, 2, 't2');
    expect(busyAndCpu(fleet)).toEqual([0, 4_000]);
  });

  test('is counted by every replica, also by one that never heard of the ended attempt', () => {
    const fleet = fleetOf(base);
    expect(fleet.report(outcome('a', 't1', to('t2')), at(1))).toEqual([]);
    expect(swarm(fleet, 'a').busy).toBe(1);
    expect(fleet.report(outcome('a', 't2'), at(2))).toHaveLength(1);
    expect(swarm(fleet, 'a').busy).toBe(0);
  });

  test('of another replica: the resources are part of what the swarm says it uses, and are counted once', () => {
    const fleet = fleetOf({ ...base, held: held('t1'), resourcesUsed: { cpu: 3 } });
    fleet.report(outcome('a', 't1', to('t2')), at(1));
    expect(busyAndCpu(fleet)).toEqual([1, 1_000]);
    beat(fleet, 2, 3, 't2');
    expect(busyAndCpu(fleet)).toEqual([1, 1_000]);
  });

  test('comes free when the next attempt is not used after all', () => {
    const fleet = fleetOf(base);
    const { id } = reserve(fleet, 'a', 't1');
    fleet.report(outcome('a', 't1', { reservationId: id, ...to('t2') }), at(1));
    const unused = outcome('a', 't2', { reservationId: id, outcome: 'unused' });
    expect(fleet.report(unused, at(2)).map(({ freeSlots }) => freeSlots)).toEqual([1]);
    beat(fleet, 3, 0, 't2');
    expect(swarm(fleet, 'a').busy).toBe(1);
  });

  test('is handed over as well where the attempt before was not used', () => {
    const fleet = fleetOf(base);
    const { id } = reserve(fleet, 'a', 't1', toVector({ cpu: 1 }));
    fleet.report(outcome('a', 't1', { reservationId: id, outcome: 'unused', ...to('t2') }), at(1));
    expect(busyAndCpu(fleet)).toEqual([1, 3_000]);
  });

  test('is held as long as any reservation, from the hand-over on', () => {
    const fleet = fleetOf({ ...base, intervalMs: 60_000 });
    const { id } = reserve(fleet, 'a', 't1');
    fleet.report(outcome('a', 't1', { reservationId: id, ...to('t2') }), at(HOLD_MS - 1));
    expect(fleet.sweep(at(HOLD_MS)).freed).toEqual([]);
    expect(fleet.sweep(at(2 * HOLD_MS - 1)).freed).toHaveLength(1);
    expect(swarm(fleet, 'a').busy).toBe(0);
  });

  test.each([
    ['comes again', (fleet: Fleet) => swarm(fleet, 'a').busy, 1],
    [
      'comes again after the next attempt has ended',
      (fleet: Fleet) => {
        fleet.report(outcome('a', 't2'), at(2));
        return swarm(fleet, 'a').busy;
      },
      0,
    ],
    [
      'comes again after the slot went on to a third attempt',
      (fleet: Fleet) => {
        fleet.report(outcome('a', 't2', to('t3')), at(2));
        return swarm(fleet, 'a').busy;
      },
      1,
    ],
  ])('counts the same when the report %s', (_when, meanwhile, busy) => {
    const fleet = fleetOf(base);
    const { id } = reserve(fleet, 'a', 't1');
    const report = outcome('a', 't1', { reservationId: id, ...to('t2') });
    fleet.report(report, at(1));
    expect(meanwhile(fleet)).toBe(busy);
    fleet.report(report, at(3));
    expect(swarm(fleet, 'a').busy).toBe(busy);
    expect([...fleet.liveReservations()]).toHaveLength(busy);
  });

  test('is not counted again when the heartbeat that lists the next attempt was faster', () => {
    const fleet = fleetOf({ ...base, held: held('t1') });
    beat(fleet, 2, 0, 't2');
    fleet.report(outcome('a', 't1', to('t2')), at(3));
    expect(swarm(fleet, 'a').busy).toBe(1);
    expect([...fleet.liveReservations()]).toEqual([]);
  });

  test('gives back the slot that the next attempt had elsewhere', () => {
    const fleet = fleetOf(base, { swarmId: 'b', slots: 1 });
    const { id } = reserve(fleet, 'a', 't1');
    reserve(fleet, 'b', 't2');
    const freed = fleet.report(outcome('a', 't1', { reservationId: id, ...to('t2') }), at(1));
    expect(freed.map(({ swarmId }) => swarmId)).toEqual(['b']);
    expect([swarm(fleet, 'a').busy, swarm(fleet, 'b').busy]).toEqual([1, 0]);
  });

  test('comes free where it was, when the next attempt was sent to another swarm of the region', () => {
    const fleet = fleetOf(base, { swarmId: 'b' });
    const { id } = reserve(fleet, 'a', 't1');
    fleet.report(outcome('a', 't1', { reservationId: id, ...to('t2') }), at(1));
    const freed = fleet.report(outcome('b', 't2', { reservationId: id }), at(2));
    expect(freed.map(({ swarmId }) => swarmId)).toEqual(['a']);
  });

  test('of a swarm that is unknown here changes nothing', () => {
    const fleet = fleetOf(base);
    expect(fleet.report(outcome('elsewhere', 't1', to('t2')), at(1))).toEqual([]);
    expect([...fleet.liveReservations()]).toEqual([]);
  });

  test('goes with its swarm when that starts anew', () => {
    const fleet = fleetOf(base);
    fleet.report(outcome('a', 't1', to('t2')), at(1));
    fleet.heartbeat(heartbeat({ ...base, instance: 'i2', seq: 1 }), at(2));
    expect([swarm(fleet, 'a').busy, [...fleet.liveReservations()].length]).toEqual([0, 0]);
  });
});
