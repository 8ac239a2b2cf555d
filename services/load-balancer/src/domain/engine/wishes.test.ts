import fc from 'fast-check';
import type { Heartbeat, PlaceItem, PlaceResult, Routing } from '@multiswarm/contracts';
import { seededRandom } from '@multiswarm/core';
import { at, fleetOf, heartbeat, HOLD_MS, item, leastLoaded, place } from '../../../test/support/builders';
import { Fleet } from '../fleet';
import { Distances } from '../locality/distances';
import { Aids } from '../policies';
import { renderResult } from './decision';
import { CHANGED } from './journal';
import { Placer } from './placer';

type Wish = Partial<Routing>;

const held = (count: number, group?: string): Heartbeat['held'] =>
  Array.from({ length: count }, (_, index) => ({
    ...{ taskId: `held-${group ?? ''}-${index}`, attempt: 1 },
    ...(group === undefined ? {} : { group }),
  }));

function ask(fleet: Fleet, key: string, routing: Wish, given: Partial<PlaceItem> = {}): PlaceResult {
  const [result] = place(fleet, [item(key, { ...given, routing: routing })], at(1));
  return result as PlaceResult;
}

function chosen(fleet: Fleet, key: string, routing: Wish, given: Partial<PlaceItem> = {}): string {
  const { placement, waiting } = ask(fleet, key, routing, given);
  return placement?.swarmId ?? `waits: ${waiting?.detail}`;
}

const apart = (from: 'swarm' | 'zone' | 'region', must = false): Wish => ({
  apart: { from, must },
  group: 'g',
});
const spread = (over: 'zone' | 'region', maxSkew = 1, must = false): Wish => ({
  spread: { over, maxSkew, must },
  group: 'g',
});

describe('near', () => {
  const regions = [
    { swarmId: 'us', region: 'us-east', costPerHour: 1 },
    { swarmId: 'eu1', region: 'eu-west', slots: 2 },
    { swarmId: 'eu2', region: 'eu-central', costPerHour: 2 },
  ];

  test('the own region goes first, then the nearest that has a free slot, however dear or busy', () => {
    const fleet = fleetOf(...regions);
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((key) => chosen(fleet, key, { near: 'eu-west' }));
    expect(names).toEqual(['eu1', 'eu1', 'eu2', 'eu2', 'eu2', 'eu2', 'us']);
    expect(ask(fleet, 'h', { near: 'eu-west' }).placement?.receipt.reasons).toEqual(['120 ms from eu-west']);
  });

  test('latencies that are told count', () => {
    const distances = new Distances([
      ['eu-west', 'us-east', 5],
      ['eu-west', 'eu-central', 50],
    ]);
    const fleet = new Fleet({ replica: 'r', holdMs: HOLD_MS, distances });
    for (const swarm of regions) fleet.heartbeat(heartbeat(swarm), at(0));
    expect(['a', 'b', 'c'].map((key) => chosen(fleet, key, { near: 'eu-west' }))).toEqual([
      'eu1',
      'eu1',
      'us',
    ]);
  });

  test('it waits for a slot of its region as long as it may, and says when to ask again', () => {
    const fleet = fleetOf(
      ...regions.map((each) => ({ ...each, held: each.swarmId === 'eu1' ? held(2) : [] })),
    );
    const routing = { near: 'eu-west', localityWaitMs: 500 };
    const { waiting } = ask(fleet, 'a', routing, { waitedMs: 200 });
    expect(waiting).toMatchObject({ reason: 'no-slot', againInMs: 300, unmet: [{ rule: 'locality' }] });
    expect(waiting?.detail).toBe('it waits for a free slot in eu-west; 2 with a free slot are none');
    expect(chosen(fleet, 'a', routing, { waitedMs: 500 })).toBe('eu2');
    expect(chosen(fleet, 'b', { near: 'eu-west' })).toBe('eu2');
  });

  test('it does not wait for a region where nobody could run it, and takes a slot there as soon as there is one', () => {
    const fleet = fleetOf(...regions);
    expect(chosen(fleet, 'a', { near: 'ap-south', localityWaitMs: 500 })).toBe('us');
    expect(chosen(fleet, 'b', { near: 'eu-west', localityWaitMs: 500 })).toBe('eu1');
  });

  test('while one waits for its region, others of the batch are placed', () => {
    const fleet = fleetOf(
      { swarmId: 'us', region: 'us' },
      { swarmId: 'eu', region: 'eu', slots: 1, held: held(1) },
    );
    const results = place(
      fleet,
      [
        item('a', { routing: { near: 'eu', localityWaitMs: 9 } }),
        item('b'),
        item('c', { routing: { near: 'eu' } }),
      ],
      at(1),
    );
    expect(results.map(({ placement }) => placement?.swarmId)).toEqual([undefined, 'us', 'us']);
  });

  test('a region of which much is sick gives a share away, and keeps the rest', () => {
    const sick = Array.from({ length: 10 }, (_, index) => ({
      swarmId: `eu${index}`,
      region: 'eu',
      slots: 1_000,
    }));
    const fleet = fleetOf(...sick, { swarmId: 'us', region: 'us', slots: 10_000 });
    for (const { swarmId } of sick.slice(0, 5)) {
      const index = fleet.get(swarmId)?.index as number;
      fleet.columns.allowance[index] = 0;
      fleet.columns.journal.note(index, CHANGED.group);
    }
    const placer = new Placer(fleet, new Aids(seededRandom(7)));
    const items = Array.from({ length: 1_000 }, (_, index) => item(`t${index}`, { routing: { near: 'eu' } }));
    const results = placer.place(items, at(1), () => leastLoaded).map(renderResult);
    const stayed = results.filter(({ placement }) => placement?.region === 'eu').length;
    expect(stayed).toBeGreaterThan(640);
    expect(stayed).toBeLessThan(760);
  });
});

describe('preferences', () => {
  const swarms = [
    { swarmId: 'gold', labels: { tier: 'gold' }, costPerHour: 9, slots: 1 },
    { swarmId: 'fast', attributes: { vram: 80 }, costPerHour: 9, slots: 1 },
    { swarmId: 'cheap', costPerHour: 1 },
  ];
  const prefer = [
    { weight: 60, labels: { tier: 'gold' } },
    { weight: 40, attributes: { vram: { '>=': 40 } } },
  ];

  test('rank, and rule out nobody', () => {
    const fleet = fleetOf(...swarms);
    expect(['a', 'b', 'c'].map((key) => chosen(fleet, key, { prefer }))).toEqual(['gold', 'fast', 'cheap']);
  });

  test('are told in the receipt', () => {
    const { placement } = ask(fleetOf(...swarms), 'a', { prefer });
    expect(placement?.receipt.reasons).toEqual(['meets 10 of 16 parts of what it prefers']);
    expect(placement?.receipt.withFreeSlot).toBe(3);
  });

  test('follow a profile that changes', () => {
    const fleet = fleetOf(...swarms);
    fleet.heartbeat(
      heartbeat({
        ...swarms[2],
        swarmId: 'cheap',
        seq: 2,
        labels: { tier: 'gold' },
        attributes: { vram: 99 },
      }),
      at(1),
    );
    expect(chosen(fleet, 'a', { prefer })).toBe('cheap');
  });
});

describe('apart', () => {
  test('goes where nothing of its group runs, and anywhere when there is no such place', () => {
    const fleet = fleetOf({ swarmId: 'a' }, { swarmId: 'b' }, { swarmId: 'c', held: held(1, 'default/g') });
    const names = ['1', '2'].map((key) => chosen(fleet, key, apart('swarm')));
    expect(names.sort()).toEqual(['a', 'b']);
    expect(chosen(fleet, '3', apart('swarm'))).toMatch(/^[abc]$/);
    expect(fleet.groups.of('default/g').size).toBe(3);
  });

  test('waits where it must, until one of its group has ended', () => {
    const fleet = fleetOf({ swarmId: 'a', slots: 4 }, { swarmId: 'b', slots: 4 });
    expect(['1', '2'].map((key) => chosen(fleet, key, apart('swarm', true))).sort()).toEqual(['a', 'b']);
    const { waiting } = ask(fleet, '3', apart('swarm', true));
    expect(waiting).toMatchObject({ reason: 'no-slot', unmet: [{ rule: 'apart', count: 2 }] });
    // Others are not in its group: another one, another namespace.
    expect(chosen(fleet, '4', { ...apart('swarm', true), group: 'other' })).toMatch(/^[ab]$/);
    expect(chosen(fleet, '5', apart('swarm', true), { namespace: 'shop' })).toMatch(/^[ab]$/);
    fleet.cancel('1#1');
    expect(chosen(fleet, '3', apart('swarm', true))).toMatch(/^[ab]$/);
  });

  test.each<['zone' | 'region', string[]]>([
    ['region', ['eu', 'us']],
    ['zone', ['eu/a', 'eu/b', 'us']],
  ])('from %ss', (from, places) => {
    const fleet = fleetOf(
      { swarmId: '1', region: 'eu', labels: { zone: 'a' } },
      { swarmId: '2', region: 'eu', labels: { zone: 'a' } },
      { swarmId: '3', region: 'eu', labels: { zone: 'b' } },
      { swarmId: '4', region: 'us' },
    );
    const placeOf: Record<string, string> =
      from === 'region'
        ? { 1: 'eu', 2: 'eu', 3: 'eu', 4: 'us' }
        : { 1: 'eu/a', 2: 'eu/a', 3: 'eu/b', 4: 'us' };
    const found = places.map((_, index) => placeOf[chosen(fleet, `t${index}`, apart(from, true))]);
    expect(found.sort()).toEqual(places);
    expect(chosen(fleet, 'last', apart(from, true))).toMatch(/^waits: it waits for a /);
    expect(chosen(fleet, 'wish', apart(from))).toMatch(/^[1-4]$/);
  });
});

describe('spread', () => {
  const swarms = [
    { swarmId: 'eu', region: 'eu', slots: 10 },
    { swarmId: 'us', region: 'us', slots: 3, costPerHour: 9 },
  ];

  test('keeps regions even, and goes on where one is full', () => {
    const fleet = fleetOf(...swarms);
    const names = Array.from({ length: 9 }, (_, index) => chosen(fleet, `t${index}`, spread('region')));
    expect(names.filter((name) => name === 'us')).toHaveLength(3);
    expect(names.slice(0, 6).filter((name) => name === 'eu')).toHaveLength(3);
  });

  test('waits where it must stay even', () => {
    const fleet = fleetOf(...swarms);
    const names = Array.from({ length: 9 }, (_, index) =>
      chosen(fleet, `t${index}`, spread('region', 2, true)),
    );
    expect(names.filter((name) => name === 'us')).toHaveLength(3);
    expect(names.filter((name) => name === 'eu')).toHaveLength(5);
    expect(names.at(-1)).toMatch(/^waits: it waits for a region that would run at most 2 more/);
  });
});

describe('affinity', () => {
  const swarms = Array.from({ length: 8 }, (_, index) => ({ swarmId: `s${index}`, slots: 100 }));

  test('the same key goes to the same swarm, and keys to different ones', () => {
    const fleet = fleetOf(...swarms);
    const round = (tag: string): string[] =>
      ['a', 'b', 'c', 'd', 'e', 'f'].map((key) => chosen(fleet, `${tag}${key}`, { affinity: key }));
    const first = round('1');
    expect(new Set(first).size).toBeGreaterThan(2);
    for (const { swarmId } of swarms)
      fleet.heartbeat(heartbeat({ swarmId, slots: 100, seq: 2, held: held(20) }), at(1));
    expect(round('2')).toEqual(first);
    expect(ask(fleet, '3a', { affinity: 'a' }).placement?.receipt.because).toBe('it holds the key "a"');
  });

  test('a holder that is much busier than the others, or full, hands over to another one', () => {
    const fleet = fleetOf(...swarms);
    const [holder] = [chosen(fleet, '1', { affinity: 'a' })];
    for (const { swarmId } of swarms)
      fleet.heartbeat(
        heartbeat({ swarmId, slots: 100, seq: 2, held: held(swarmId === holder ? 90 : 20) }),
        at(100),
      );
    const [result] = place(fleet, [item('2', { routing: { affinity: 'a' } })], at(200));
    expect(result?.placement?.swarmId).not.toBe(holder);
  });

  test('comes after what the task requires', () => {
    const fleet = fleetOf(...swarms, { swarmId: 'gpu', capabilities: ['gpu'] });
    const names = ['a', 'b', 'c'].map((key) =>
      chosen(fleet, key, { affinity: key }, { requirements: { capabilities: ['gpu'] } }),
    );
    expect(names).toEqual(['gpu', 'gpu', 'gpu']);
  });
});

test('wishes that nobody insists on place everything that would be placed without them', () => {
  const routing = fc.record(
    {
      near: fc.constantFrom('eu', 'us', 'ap'),
      affinity: fc.constantFrom('k1', 'k2'),
      group: fc.constantFrom('g1', 'g2'),
      apart: fc.record({
        from: fc.constantFrom('swarm' as const, 'zone' as const, 'region' as const),
        must: fc.constant(false),
      }),
      spread: fc.record({
        over: fc.constantFrom('zone' as const, 'region' as const),
        maxSkew: fc.integer({ min: 1, max: 2 }),
        must: fc.constant(false),
      }),
      prefer: fc.constant([{ weight: 1, region: ['us'] }]),
    },
    { requiredKeys: [] },
  ) as fc.Arbitrary<Routing>;
  const swarm = fc.record({
    region: fc.constantFrom('eu', 'us'),
    slots: fc.integer({ min: 1, max: 3 }),
    zone: fc.constantFrom(undefined, 'a', 'b'),
  });
  fc.assert(
    fc.property(
      fc.array(swarm, { minLength: 1, maxLength: 5 }),
      fc.array(routing, { maxLength: 14 }),
      (given, wishes) => {
        const fleet = fleetOf(
          ...given.map(({ zone, ...rest }, index) => ({
            ...rest,
            swarmId: `s${index}`,
            ...(zone === undefined ? {} : { labels: { zone } }),
          })),
        );
        const items = wishes.map((wish, index) => item(`t${index}`, { routing: wish }));
        const slots = given.reduce((sum, { slots: each }) => sum + each, 0);
        const results = place(fleet, items, at(1));
        expect(results.filter(({ placement }) => placement).length).toBe(Math.min(slots, items.length));
        // What is counted of groups is what is reserved.
        const live = [...fleet.liveReservations()];
        for (const group of ['default/g1', 'default/g2']) {
          const counted = [...fleet.groups.of(group).values()].reduce((sum, count) => sum + count, 0);
          expect(counted).toBe(live.filter((each) => each.group === group).length);
        }
        for (const each of live) fleet.cancel(each.attemptKey);
        expect(fleet.groups.size).toBe(0);
      },
    ),
  );
});

test('a group is counted from its reservation over the heartbeat that lists it to its end, on whatever swarm, and not twice', () => {
  const fleet = fleetOf({ swarmId: 'a' });
  const counted = (): number => fleet.groups.of('default/g').get(fleet.get('a')?.index ?? -1) ?? 0;
  const { placement } = ask(fleet, 't1', apart('swarm'));
  expect(counted()).toBe(1);
  const ref = { taskId: 't1', attempt: 1 };
  fleet.heartbeat(heartbeat({ swarmId: 'a', seq: 2, held: [{ ...ref, group: 'default/g' }] }), at(2));
  expect(counted()).toBe(1);
  fleet.heartbeat(heartbeat({ swarmId: 'a', seq: 3, held: [{ ...ref, group: 'default/g' }] }), at(3));
  expect(counted()).toBe(1);
  const { reservationId = '' } = placement ?? {};
  fleet.report({ ...ref, reservationId, swarmId: 'a', outcome: 'succeeded' }, at(4));
  expect(counted()).toBe(0);
  fleet.heartbeat(heartbeat({ swarmId: 'a', seq: 4, held: [{ ...ref, group: 'default/g' }] }), at(5));
  expect(counted()).toBe(0);
  fleet.heartbeat(heartbeat({ swarmId: 'a', seq: 5, held: held(2, 'default/g') }), at(6));
  expect(counted()).toBe(2);
  fleet.heartbeat(heartbeat({ swarmId: 'a', instance: 'i2', held: held(1, 'default/g') }), at(7));
  expect([counted(), fleet.groups.of('default/g').size]).toEqual([1, 1]);
  fleet.heartbeat(heartbeat({ swarmId: 'a', instance: 'i2', seq: 9, state: 'stopped' }), at(8));
  expect(fleet.groups.size).toBe(0);
});
