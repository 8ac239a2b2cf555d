import fc from 'fast-check';
import { LIMITS } from '@multiswarm/contracts';
import { seededRandom } from '@multiswarm/core';
import { at, fleetOf, heartbeat, item, type SwarmGiven } from '../../../test/support/builders';
import { Placer } from '../engine/placer';
import { isPlaced } from '../engine/decision';
import type { Fleet } from '../fleet';
import { Learner, LEARNER_DEFAULTS } from '../learning/learner';
import { drawnCost } from '../learning/posterior';
import { Aids, POLICIES, policyByName, type Policy } from '../policies';
import type { Knowledge } from '../policies/knowledge';
import { knowledgeOf, rebuilt } from './rebuilt';
import { replay } from './replay';
import { SeenLog } from './seen-log';

const WITHOUT_CHANCE = ['least-loaded', 'round-robin', 'weighted', 'least-connections', 'cost'];
const TYPES = ['build', 'render'];

const swarm = fc.record({
  slots: fc.integer({ min: 1, max: 6 }),
  costPerHour: fc.constantFrom(0, 1, 2, 8),
  weight: fc.constantFrom(1, 2, 5),
  region: fc.constantFrom('eu', 'us'),
  labels: fc.constantFrom({}, { class: 'fast' }, { class: 'slow' }),
});
const ask = fc.record({
  type: fc.constantFrom(...TYPES),
  dueInMs: fc.constantFrom(undefined, 500, 60_000),
  near: fc.constantFrom(undefined, 'eu'),
});

function fleetWith(swarms: readonly Omit<SwarmGiven, 'swarmId'>[]): Fleet {
  return fleetOf(...swarms.map((given, index) => ({ ...given, swarmId: `s${index}` })));
}

/** What it has learned; no draw serves two decisions. */
function learnerOf(seed: number): Knowledge & Pick<Learner, 'belief'> {
  const learner = new Learner({ ...LEARNER_DEFAULTS, halfLifeMs: 3_600_000, isOff: () => false });
  const random = seededRandom(seed);
  for (let count = 0; count < 60; count += 1)
    learner.observe(
      {
        ...{ namespace: 'default', type: TYPES[count % 2] ?? '', costPerSlotHour: 1 },
        swarmClass: random.next() < 0.5 ? 'fast' : 'slow',
        outcome: random.next() < 0.8 ? 'succeeded' : 'failed',
        durationMs: 100 + random.next() * 1_000,
      },
      count,
    );
  return {
    isOn: () => true,
    estimate: (type, swarmClass) => learner.estimate(type, swarmClass),
    belief: (type, swarmClass) => learner.belief(type, swarmClass),
    drawCosts: (type, classes, prices, count, chance, into) => {
      classes.slice(0, count).forEach((swarmClass, at) => {
        const { posterior, stakes } = learner.belief(type, swarmClass);
        into[at] = drawnCost({ ...posterior, drawnFor: 0 }, prices[at] ?? NaN, stakes, chance);
      });
    },
  };
}

/** Places items one after the other, each with its own chance. Returns what was seen, newest first, and who was chosen. */
function placeAll(
  fleet: Fleet,
  asks: readonly { type: string; dueInMs?: number | undefined; near?: string | undefined }[],
  policy: Policy,
  learner?: ReturnType<typeof learnerOf>,
): { log: SeenLog; chosen: string[] } {
  const log = new SeenLog(100, { learner, swarmAt: (row) => fleet.at(row) });
  const witnessed = log.witnessed(policy);
  const chosen: string[] = [];
  asks.forEach(({ type, dueInMs, near }, index) => {
    const placer = new Placer(fleet, new Aids(seededRandom(index), learner));
    const given = {
      ...(dueInMs === undefined ? {} : { dueInMs }),
      ...(near === undefined ? {} : { routing: { near } }),
    };
    const [outcome] = placer.place([item(`t${index}`, { type, ...given })], at(10 * index), () => witnessed);
    if (outcome !== undefined && isPlaced(outcome)) chosen.push(outcome.ranked[0]?.swarmId ?? '');
  });
  return { log, chosen };
}

test('on what was seen, every policy makes the choice that it has made, where chance is the same', () => {
  const policy = fc.constantFrom(...POLICIES);
  const property = fc.property(
    ...([fc.array(swarm, { minLength: 1, maxLength: 8 }), fc.array(ask, { maxLength: 20 }), policy] as const),
    (swarms, asks, asked) => {
      const fleet = fleetWith(swarms);
      const { log, chosen } = placeAll(fleet, asks, asked, learnerOf(swarms.length));
      const seen = [...log.newest()].reverse();
      expect(seen.map(({ swarmIds, chosen: which }) => swarmIds[which])).toEqual(chosen);
      seen.forEach((one) => {
        const { view, endpoints } = rebuilt(one);
        const aids = new Aids(seededRandom(Number(one.item.key.slice(1))), knowledgeOf(one));
        aids.begin(one.at);
        asked.rank(view, one.item, aids);
        expect(endpoints[aids.ranked[0] as number]).toBe(one.chosen);
      });
    },
  );
  fc.assert(property, { numRuns: 150 });
});

test('replayed against the policy that has made them, decisions without chance are all the same', () => {
  const name = fc.constantFrom(...WITHOUT_CHANCE);
  const property = fc.property(
    ...([fc.array(swarm, { minLength: 1, maxLength: 90 }), fc.array(ask, { maxLength: 20 }), name] as const),
    (swarms, asks, policyName) => {
      const policy = policyByName(policyName);
      const { log, chosen } = placeAll(fleetWith(swarms), asks, policy);
      const { agreements, differences } = replay(log.newest(), policy);
      expect(differences).toEqual([]);
      expect(agreements).toHaveLength(chosen.length);
    },
  );
  fc.assert(property, { numRuns: 60 });
});

test('another policy chooses among those who had room then, whatever has become of them', () => {
  const fleet = fleetWith([
    { region: 'eu', costPerHour: 8, slots: 4 },
    { region: 'us', costPerHour: 1, slots: 3 },
  ]);
  const asks = Array.from({ length: 3 }, () => ({ type: 'build' }));
  const { log, chosen } = placeAll(fleet, asks, policyByName('round-robin'));
  expect(chosen).toEqual(['s1', 's0', 's1']);
  fleet.heartbeat(heartbeat({ swarmId: 's1', seq: 2, state: 'stopped' }), at(100));
  const { agreements, differences } = replay(log.newest(), policyByName('cost'));
  expect(agreements.map(({ seen }) => seen.item.key)).toEqual(['t2', 't0']);
  expect(differences).toMatchObject([
    {
      seen: { item: { key: 't1' }, policy: 'round-robin', open: 2 },
      chose: { swarmId: 's0', region: 'eu', costPerSlotHour: 2, freeSlots: 4 },
      wouldChoose: { swarmId: 's1', region: 'us', freeSlots: 2 },
      because: 'cheapest of 2 with a free slot, deadline considered',
    },
  ]);
});

test('of a second only the first decisions are kept, and no more than there is room for', () => {
  const fleet = fleetWith([
    { slots: 500, intervalMs: 60_000 },
    { slots: 500, intervalMs: 60_000 },
  ]);
  const log = new SeenLog(80, { swarmAt: (row) => fleet.at(row) });
  const witnessed = log.witnessed(policyByName('least-loaded'));
  const placer = new Placer(fleet, new Aids(seededRandom(1)));
  const many = (ms: number): void => {
    const items = Array.from({ length: 200 }, (_, index) => item(`at${ms}-${index}`));
    placer.place(items, at(ms), () => witnessed);
  };
  many(1_000);
  expect(log.size).toBe(LIMITS.SEEN_PER_SECOND);
  many(1_100);
  expect(log.size).toBe(LIMITS.SEEN_PER_SECOND + LIMITS.SEEN_PER_SECOND / 10);
  many(9_000);
  expect(log.size).toBe(80);
  expect([...log.newest()][0]?.item.key).toBe(`at9000-${LIMITS.SEEN_PER_SECOND - 1}`);
});

test('where nothing is kept, policies are left alone', () => {
  const fleet = fleetWith([{}, {}]);
  const log = new SeenLog(0, { swarmAt: (row) => fleet.at(row) });
  const policy = policyByName('cost');
  expect(log.witnessed(policy)).toBe(policy);
});
