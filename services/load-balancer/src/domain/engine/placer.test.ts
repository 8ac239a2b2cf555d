import type { PlaceItem, Placement, Requirements, Waiting } from '@multiswarm/contracts';
import { seededRandom } from '@multiswarm/core';
import {
  at,
  fleetOf,
  heartbeat,
  item,
  leastLoaded,
  place,
  type SwarmGiven,
} from '../../../test/support/builders';
import type { Fleet } from '../fleet';
import { Aids, POLICIES } from '../policies';
import { Placer } from './placer';

function placeAll(fleet: Fleet, items: PlaceItem[], ms = 1): { placement?: Placement; waiting?: Waiting }[] {
  return place(fleet, items, at(ms)).map(({ placement, waiting }) => ({
    ...(placement === undefined ? {} : { placement }),
    ...(waiting === undefined ? {} : { waiting }),
  }));
}

function placed(fleet: Fleet, given: PlaceItem, ms = 1): Placement {
  const [result] = placeAll(fleet, [given], ms);
  if (result?.placement === undefined) throw new Error(`not placed: ${result?.waiting?.detail}`);
  return result.placement;
}

function waitingOf(
  fleet: Fleet,
  requirements: Requirements,
  given: Partial<PlaceItem> = {},
  ms = 1,
): Waiting {
  const [result] = placeAll(fleet, [item('t', { ...given, requirements })], ms);
  if (result?.waiting === undefined) throw new Error(`placed on ${result?.placement?.swarmId}`);
  return result.waiting;
}

const busy = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ taskId: `held${index}`, attempt: 1 }));

describe('what is tried out', () => {
  test('is what each policy would decide next, and changes nothing', () => {
    const fleet = fleetOf(
      { swarmId: 'a', held: busy(1) },
      { swarmId: 'b' },
      { swarmId: 'c', costPerHour: 9 },
    );
    for (const key of ['t1', 't2']) placed(fleet, item(key));
    const { columns } = fleet;
    const state = () => structuredClone([columns.busy, columns.turn, columns.due, fleet.size]);
    const before = state();
    const placer = new Placer(fleet, new Aids(seededRandom(1)));
    const tried = placer.tryOut(item('t3'), at(2), POLICIES);
    expect(tried).toMatchObject({ candidates: 3, feasible: 3, withFreeSlot: 3, rejected: [] });
    expect(tried.chosen.map(({ policy }) => policy)).toEqual([...POLICIES]);
    expect(state()).toEqual(before);
    const [first] = tried.chosen;
    expect(first?.ranked[0].swarmId).toBe(placed(fleet, item('t3'), 2).swarmId);
  });

  test('keeps away from whom the item avoids, unless nobody else has room', () => {
    const fleet = fleetOf(
      { swarmId: 'a', costPerHour: 1 },
      { swarmId: 'b' },
      { swarmId: 'full', slots: 1, held: busy(1) },
    );
    const placer = new Placer(fleet, new Aids(seededRandom(1)));
    const choiceOf = (avoid: string[]) => {
      const { chosen, rejected } = placer.tryOut(item('t', { avoid }), at(1), [leastLoaded]);
      return [chosen[0]?.ranked.map(({ swarmId }) => swarmId), rejected.map(({ rule }) => rule)];
    };
    expect(choiceOf(['a'])).toEqual([['b'], ['slot', 'avoided']]);
    expect(choiceOf(['a', 'b'])).toEqual([['a', 'b'], ['slot']]);
    const nobody = placer.tryOut(item('t', { requirements: { capabilities: ['gpu'] } }), at(1), [
      leastLoaded,
    ]);
    expect(nobody).toMatchObject({ chosen: [], waiting: { reason: 'no-swarm' } });
  });
});

describe('the choice', () => {
  test('goes to the lowest share of busy slots, not to the most free slots', () => {
    const fleet = fleetOf({ swarmId: 'big', slots: 8, held: busy(4) }, { swarmId: 'small', slots: 2 });
    const { swarmId, receipt } = placed(fleet, item('t'));
    expect(swarmId).toBe('small');
    expect(receipt.because).toBe('least loaded of 2 with a free slot: 0% busy');
  });

  test('goes to the cheapest slot among equally loaded ones', () => {
    const fleet = fleetOf(
      { swarmId: 'dear', slots: 2, costPerHour: 4 },
      { swarmId: 'cheap', slots: 8, costPerHour: 8 },
    );
    const { swarmId, costPerSlotHour, receipt } = placed(fleet, item('t'));
    expect([swarmId, costPerSlotHour]).toEqual(['cheap', 1]);
    expect(receipt.because).toBe('cheapest of the least loaded: $1 per slot-hour, 0% busy');
  });

  test('tells the scores, the price, and how old what it knew was', () => {
    const fleet = fleetOf({ swarmId: 'a', slots: 3, held: busy(1) }, { swarmId: 'b', held: busy(2) });
    fleet.heartbeat(heartbeat({ swarmId: 'b', seq: 2, held: busy(2) }), at(700));
    expect(placed(fleet, item('t'), 900.4).receipt).toMatchObject({
      ...{ chosen: 'a', scores: [0.3333, 0.5], price: 4 / 3, stalenessMs: 900, viewAgeMs: 200 },
    });
  });

  test('takes turns among equals', () => {
    const fleet = fleetOf({ swarmId: 'a' }, { swarmId: 'b' }, { swarmId: 'c' });
    const chosen = ['t1', 't2', 't3', 't4', 't5', 't6', 't7'].map((key) => {
      const { swarmId, reservationId } = placed(fleet, item(key));
      fleet.report({ reservationId, swarmId, taskId: key, attempt: 1, outcome: 'succeeded' }, at(1));
      return swarmId;
    });
    expect(chosen).toEqual(['a', 'b', 'c', 'a', 'b', 'c', 'a']);
  });

  test('never goes to a swarm without a free slot, however cheap', () => {
    const fleet = fleetOf(
      { swarmId: 'full', costPerHour: 0, held: busy(4) },
      { swarmId: 'open', costPerHour: 99, held: busy(3) },
    );
    const { swarmId, receipt } = placed(fleet, item('t'));
    expect(swarmId).toBe('open');
    expect(receipt.rejected).toEqual([{ rule: 'slot', count: 1, detail: 'a free slot', examples: ['full'] }]);
    expect(receipt.because).toBe('the only one of 2 with a free slot');
  });

  test('takes a swarm that misses heartbeats only when no other has a free slot, and says so', () => {
    const fleet = fleetOf({ swarmId: 'late', intervalMs: 100 }, { swarmId: 'good', slots: 1 });
    const [first, second] = placeAll(fleet, [item('t1'), item('t2')], 250);
    expect(first?.placement?.swarmId).toBe('good');
    expect(second?.placement?.swarmId).toBe('late');
    expect(second?.placement?.receipt.because).toContain(
      'it misses heartbeats, but no other has a free slot',
    );
  });

  test('avoids what is to be avoided, unless nothing else has a free slot', () => {
    const fleet = fleetOf({ swarmId: 'a' }, { swarmId: 'b', slots: 1, held: [] });
    const [first, second] = placeAll(fleet, [item('t1', { avoid: ['a'] }), item('t2', { avoid: ['a'] })]);
    expect(first?.placement?.swarmId).toBe('b');
    expect(first?.placement?.receipt.rejected.map(({ rule, examples }) => [rule, examples])).toEqual([
      ['avoided', ['a']],
    ]);
    expect(second?.placement?.swarmId).toBe('a');
    expect(second?.placement?.receipt.because).toContain('it was to be avoided');
  });

  test('gives the earlier reservation back when the same attempt is asked for again', () => {
    const fleet = fleetOf({ swarmId: 'a', slots: 1 });
    const first = placed(fleet, item('t'));
    const again = placed(fleet, item('t'));
    expect(again.reservationId).not.toBe(first.reservationId);
    expect([...fleet.liveReservations()].map(({ id }) => id)).toEqual([again.reservationId]);
  });
});

describe('a batch', () => {
  test('an attempt that is in it twice is placed once', () => {
    const fleet = fleetOf({ swarmId: 'a' });
    const [first, second] = placeAll(fleet, [item('t'), item('t')]);
    expect(second?.placement?.reservationId).toBe(first?.placement?.reservationId);
    expect(fleet.get('a')?.busy).toBe(1);
  });

  test('later items see the reservations of earlier ones', () => {
    const fleet = fleetOf({ swarmId: 'a', slots: 2 }, { swarmId: 'b', slots: 2 });
    const results = placeAll(
      fleet,
      ['1', '2', '3', '4', '5'].map((key) => item(key)),
    );
    expect(results.map(({ placement }) => placement?.swarmId)).toEqual(['a', 'b', 'a', 'b', undefined]);
    expect(results[4]?.waiting?.reason).toBe('no-slot');
  });

  test('a refused class is refused as a whole with the same words, and other classes go on', () => {
    const fleet = fleetOf({ swarmId: 'a', slots: 2 });
    const gpu = { requirements: { capabilities: ['gpu'] } };
    const results = placeAll(fleet, [item('1', gpu), item('2'), item('3', gpu)]);
    expect(results[1]?.placement?.swarmId).toBe('a');
    expect(results[0]?.waiting?.reason).toBe('no-swarm');
    expect(results[2]?.waiting).toBe(results[0]?.waiting);
  });

  test('classes share the slots and the resources of a swarm', () => {
    const fleet = fleetOf({ swarmId: 'a', slots: 4, resources: { cpu: 1 } });
    const cpu = (amount: number) => ({ requirements: { resources: { cpu: amount } } });
    const results = placeAll(fleet, [
      item('1', cpu(0.7)),
      item('2', cpu(0.4)),
      item('3', cpu(0.3)),
      item('4'),
    ]);
    expect(results.map(({ placement }) => placement?.swarmId)).toEqual(['a', undefined, 'a', 'a']);
    expect(results[1]?.waiting).toMatchObject({
      reason: 'no-slot',
      detail: '1 swarm could run it and has not a free slot with the resources asked for now: a',
    });
  });
});

describe('the rules', () => {
  const fits: [string, SwarmGiven, Partial<PlaceItem>][] = [
    ['type', { swarmId: 's', types: ['build'] }, {}],
    ['every type', { swarmId: 's', types: ['*'] }, {}],
    [
      'capabilities',
      { swarmId: 's', capabilities: ['x', 'gpu'] },
      { requirements: { capabilities: ['gpu'] } },
    ],
    ['region pattern', { swarmId: 's' }, { requirements: { region: ['us-*', 'eu-*'] } }],
    ['labels', { swarmId: 's', labels: { tier: 'gold' } }, { requirements: { labels: { tier: 'gold' } } }],
    [
      'number at least',
      { swarmId: 's', attributes: { ram: 8 } },
      { requirements: { attributes: { ram: 8 } } },
    ],
    [
      'any of a list',
      { swarmId: 's', attributes: { language: ['go', 'python'] } },
      { requirements: { attributes: { language: 'python' } } },
    ],
    [
      'at least one number of a list',
      { swarmId: 's', attributes: { ram: [1, 9] } },
      { requirements: { attributes: { ram: 8 } } },
    ],
    [
      'equal boolean',
      { swarmId: 's', attributes: { spot: false } },
      { requirements: { attributes: { spot: false } } },
    ],
    ['total resources', { swarmId: 's', resources: { gpu: 1 } }, { requirements: { resources: { gpu: 1 } } }],
    ['a resource of zero', { swarmId: 's' }, { requirements: { resources: { gpu: 0 } } }],
    ['an empty list of regions', { swarmId: 's' }, { requirements: { region: [] } }],
  ];
  test.each(fits)('let %s pass', (_name, swarm, given) => {
    expect(placed(fleetOf(swarm), item('t', given)).swarmId).toBe('s');
  });

  const misfits: [string, string, SwarmGiven, Partial<PlaceItem>][] = [
    ['type', 'type "build"', { swarmId: 's', types: ['test'] }, {}],
    [
      'capability',
      'capability "gpu"',
      { swarmId: 's', capabilities: ['cpu'] },
      { requirements: { capabilities: ['cpu', 'gpu'] } },
    ],
    ['region', 'region us-* or ap', { swarmId: 's' }, { requirements: { region: ['us-*', 'ap'] } }],
    [
      'label',
      'label tier=gold',
      { swarmId: 's', labels: { tier: 'tin' } },
      { requirements: { labels: { tier: 'gold' } } },
    ],
    ['label', 'label constructor=x', { swarmId: 's' }, { requirements: { labels: { constructor: 'x' } } }],
    [
      'attribute',
      'attribute ram >= 8',
      { swarmId: 's', attributes: { ram: 7.9 } },
      { requirements: { attributes: { ram: 8 } } },
    ],
    [
      'attribute',
      'attribute ram >= 8',
      { swarmId: 's', attributes: { ram: '8' } },
      { requirements: { attributes: { ram: 8 } } },
    ],
    [
      'attribute',
      'attribute language = rust',
      { swarmId: 's', attributes: { language: ['go'] } },
      { requirements: { attributes: { language: 'rust' } } },
    ],
    [
      'attribute',
      'attribute toString = x',
      { swarmId: 's' },
      { requirements: { attributes: { toString: 'x' } } },
    ],
    [
      'resources',
      'gpu 2',
      { swarmId: 's', resources: { gpu: 1 } },
      { requirements: { resources: { gpu: 2 } } },
    ],
  ];
  test.each(misfits)('drop what fails by %s: %s', (rule, detail, swarm, given) => {
    const waiting = waitingOf(fleetOf(swarm), given.requirements ?? {}, given);
    expect(waiting.reason).toBe('no-swarm');
    expect(waiting.unmet).toEqual([{ rule, count: 1, detail, examples: ['s'] }]);
  });

  test('resources that fit in principle but not now are a matter of time', () => {
    const fleet = fleetOf({ swarmId: 's', resources: { gpu: 2 }, resourcesUsed: { gpu: 1 } });
    expect(waitingOf(fleet, { resources: { gpu: 2 } })).toMatchObject({
      reason: 'no-slot',
      unmet: [{ rule: 'slot', count: 1 }],
    });
  });

  test('a receipt counts who fell out by the first rule that dropped them, with at most five examples', () => {
    const fleet = fleetOf(
      ...Array.from({ length: 7 }, (_, index) => ({ swarmId: `us-${index}`, region: 'us-east' })),
      { swarmId: 'drain', state: 'draining' as const },
      { swarmId: 'other', types: ['test'], region: 'us-east' },
      ...Array.from({ length: 6 }, (_, index) => ({ swarmId: `eu-${index}` })),
    );
    const { receipt } = placed(fleet, item('t', { requirements: { region: ['eu-*'] } }));
    expect(receipt).toMatchObject({
      policy: 'least-loaded',
      candidates: 15,
      feasible: 6,
      withFreeSlot: 6,
      chosen: 'eu-0',
    });
    expect(receipt.ranked.map(({ swarmId }) => swarmId)).toEqual(['eu-0', 'eu-1', 'eu-2', 'eu-3', 'eu-4']);
    expect(receipt.rejected).toEqual([
      { rule: 'draining', count: 1, detail: 'a swarm that is not draining', examples: ['drain'] },
      { rule: 'type', count: 1, detail: 'type "build"', examples: ['other'] },
      { rule: 'region', count: 7, detail: 'region eu-*', examples: ['us-0', 'us-1', 'us-2', 'us-3', 'us-4'] },
    ]);
  });
});

describe('why nobody can run it', () => {
  test('names the requirement that nobody meets, and the closest swarm', () => {
    const fleet = fleetOf({ swarmId: 'far', types: ['test'] }, { swarmId: 'near', capabilities: ['llm'] });
    const waiting = waitingOf(fleet, { capabilities: ['llm', 'gpu'] });
    expect(waiting.detail).toBe(
      'no swarm advertises capability "gpu"; 2 swarms known, closest is near (eu-west), which meets the rest',
    );
    expect(waiting.unmet).toEqual([
      { rule: 'capability', count: 2, detail: 'capability "gpu"', examples: ['far', 'near'] },
    ]);
  });

  test('says that no single swarm meets everything when each part is met by somebody', () => {
    const fleet = fleetOf({ swarmId: 'gpu', region: 'us', capabilities: ['gpu'] }, { swarmId: 'eu' });
    const waiting = waitingOf(fleet, { capabilities: ['gpu'], region: ['eu-*'] });
    expect(waiting.detail).toBe(
      'no single swarm meets everything that is asked; 2 swarms known, closest is gpu (us), which lacks region eu-*',
    );
    expect(waiting.unmet.map(({ rule }) => rule)).toEqual(['region']);
  });

  test('points at a swarm that could but takes no work', () => {
    const fleet = fleetOf({ swarmId: 'cpu' }, { swarmId: 'gpu', capabilities: ['gpu'], state: 'draining' });
    expect(waitingOf(fleet, { capabilities: ['gpu'] }).detail).toBe(
      'no swarm advertises capability "gpu"; 2 swarms known, closest is cpu (eu-west), which meets the rest; gpu could run it but is draining',
    );
  });

  test('says that no swarm takes work when all are down, draining or cordoned', () => {
    const fleet = fleetOf(
      { swarmId: 'a', intervalMs: 100 },
      { swarmId: 'b', intervalMs: 60_000, state: 'draining' },
      { swarmId: 'c', intervalMs: 60_000, state: 'cordoned' },
    );
    const waiting = waitingOf(fleet, {}, {}, 10_000);
    expect(waiting.detail).toBe('no swarm takes work: 3 known, 1 down, 1 draining, 1 cordoned');
    expect(waiting.unmet.map(({ rule }) => rule)).toEqual(['down', 'draining', 'cordoned']);
  });

  test('says what is needed when no swarm is connected', () => {
    expect(waitingOf(fleetOf(), { capabilities: ['llm'] })).toMatchObject({
      reason: 'no-swarm',
      detail: 'no swarm is connected; it needs type "build", capability "llm"',
      unmet: [],
    });
  });
});
