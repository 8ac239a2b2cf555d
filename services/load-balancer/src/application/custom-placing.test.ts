import type { PlaceItem, RoutingBatch } from '@multiswarm/contracts';
import { ManualClock, seededRandom } from '@multiswarm/core';
import { createLogger } from '@multiswarm/telemetry';
import fc from 'fast-check';
import { at, fleetOf, heartbeat, item } from '../../test/support/builders';
import { readRanking } from '../domain/custom-policy/read-ranking';
import { renderResult } from '../domain/engine/decision';
import { Placer } from '../domain/engine/placer';
import type { Fleet } from '../domain/fleet';
import { Learner, LEARNER_DEFAULTS } from '../domain/learning/learner';
import { Aids, POLICIES } from '../domain/policies';
import type { CustomPolicy, CustomRanking } from '../ports';
import { CustomPlacing } from './custom-placing';

const NAME = 'custom:mine';
const quiet = { add: () => undefined, record: () => undefined };

/** A policy that answers what it is told to, from its own thread or not. */
function policyThat(rank: (batch: RoutingBatch) => unknown): CustomPolicy {
  return {
    name: 'mine',
    status: { name: 'mine', path: '/mine.mjs', state: 'ready', strikes: 0 },
    rank: async (batch): Promise<CustomRanking> => {
      const read = readRanking(rank(batch), batch);
      return 'refused' in read ? { ok: false, why: read.refused } : { ok: true, ...read };
    },
  };
}

class World {
  readonly placer: Placer;

  constructor(
    readonly fleet: Fleet,
    readonly learner?: Learner,
  ) {
    this.placer = new Placer(fleet, new Aids(seededRandom(1), learner));
  }

  async place(policies: CustomPolicy[], items: PlaceItem[], meanwhile: () => void = () => undefined) {
    const custom = new CustomPlacing({
      ...{
        fleet: this.fleet,
        placer: this.placer,
        policies,
        learner: this.learner,
        fallback: POLICIES[0],
        clock: new ManualClock(),
      },
      logger: createLogger({ service: 'test', level: 'error' }),
      metrics: { counter: () => quiet, histogram: () => quiet, gauge: () => () => undefined },
    });
    const choices = custom.choicesFor(items, () => NAME, at(1));
    meanwhile();
    const known = await choices;
    return this.placer
      .place(items, at(2), (of) => known.get(of) ?? POLICIES[0])
      .map((outcome) => renderResult(outcome));
  }
}

const idsOf = ({ candidates, items }: RoutingBatch): string[][] =>
  items.map((one) => (candidates[one.class] ?? []).map(({ swarmId }) => swarmId));

test('the first wished swarm that is open gets the item, and the receipt says whose wish it was', async () => {
  const world = new World(fleetOf({ swarmId: 'a' }, { swarmId: 'b' }, { swarmId: 'c' }));
  const [first] = await world.place([policyThat(() => [['c', 'a']])], [item('t1')]);
  expect(first?.placement).toMatchObject({
    swarmId: 'c',
    receipt: {
      ...{ policy: NAME, scores: [1, 2], ranked: [{ swarmId: 'c' }, { swarmId: 'a' }] },
      because: 'first of 2 that custom:mine wished for, of 3 with a free slot',
    },
  });
  expect(first?.placement?.receipt.reasons).toBeUndefined();
});

test('it is shown the candidates of each class once, in the order of the default, with what is known of them', async () => {
  const world = new World(
    fleetOf(
      { swarmId: 'a', held: [{ taskId: 'x', attempt: 1 }], resources: { gpu: 2 }, labels: { zone: 'z1' } },
      { swarmId: 'b', costPerHour: 8 },
      { swarmId: 'other', types: ['deploy'] },
    ),
  );
  let seen: RoutingBatch | undefined;
  const policy = policyThat((batch) => idsOf((seen = batch)));
  const items = [item('t1', { avoid: ['b'] }), item('t2'), item('t3', { type: 'deploy' })];
  const results = await world.place([policy], items);
  expect(seen?.candidates.map((of) => of.map(({ swarmId }) => swarmId))).toEqual([
    ['b', 'a'],
    ['other', 'b', 'a'],
  ]);
  expect(seen?.items).toMatchObject([
    { key: 't1', class: 0, avoid: ['b'] },
    { key: 't2', class: 0, avoid: [] },
    { key: 't3', class: 1, type: 'deploy' },
  ]);
  expect(seen?.candidates[0]?.[1]).toMatchObject({
    ...{ swarmId: 'a', labels: { zone: 'z1' }, slots: 4, busySlots: 1, freeSlots: 3, load: 0.25 },
    ...{ costPerSlotHour: 1, resourcesLeft: { gpu: 2 }, stalenessMs: 1 },
  });
  // What is to be avoided is avoided, whatever was wished.
  expect(results.map(({ placement }) => placement?.swarmId)).toEqual(['a', 'b', 'other']);
});

test('it is told what was learned of the type on each class, and sees the better class first; not where learning is off', async () => {
  const isOff = (namespace: string): boolean => namespace === 'apart';
  const learner = new Learner({ ...LEARNER_DEFAULTS, halfLifeMs: 3_600_000, isOff });
  const seen = { namespace: 'default', type: 'build', outcome: 'succeeded' as const, costPerSlotHour: 1 };
  for (let ms = 0; ms < 200; ms += 1) {
    learner.observe({ ...seen, swarmClass: 'fast', durationMs: 90 + (ms % 20) }, ms);
    learner.observe({ ...seen, swarmClass: 'slow', durationMs: 9_000 + (ms % 20) * 100 }, ms);
  }
  const busy = [{ taskId: 'held', attempt: 1 }];
  const fleet = fleetOf(
    { swarmId: 'slow', labels: { class: 'slow' } },
    { swarmId: 'fast-busy', labels: { class: 'fast' }, held: busy },
    { swarmId: 'fast', labels: { class: 'fast' } },
  );
  const asked: RoutingBatch[] = [];
  const mine = policyThat((batch) => (asked.push(batch), batch.items.map(() => [])));
  const items = [item('t1', { estimateMs: 5, dueInMs: -1 }), item('t2', { namespace: 'apart' })];
  await new World(fleet, learner).place([mine], items);
  const [batch] = asked;
  expect(batch?.items).toMatchObject([{ class: 0, estimateMs: 5, dueInMs: -1 }, { class: 1 }]);
  expect(idsOf(batch as RoutingBatch)[0]).toEqual(['fast', 'fast-busy', 'slow']);
  const [fast, , slow] = batch?.candidates[0] ?? [];
  expect(fast?.learned).toMatchObject({ samples: expect.closeTo(200, 0) as number });
  expect(fast?.learned?.medianMs).toBeCloseTo(100, -1);
  expect(slow?.learned?.p90Ms).toBeGreaterThan(9_000);
  expect(batch?.candidates[1]?.every(({ learned }) => learned === undefined)).toBe(true);
});

test('what was taken meanwhile is not given twice: the next wish, or the fallback, which says so', async () => {
  const world = new World(fleetOf({ swarmId: 'a', slots: 1 }, { swarmId: 'b', slots: 1 }, { swarmId: 'c' }));
  const policy = policyThat(() => [['a', 'b'], ['a', 'b'], ['a', 'b'], ['a']]);
  const items = ['t1', 't2', 't3', 't4'].map((key) => item(key));
  const results = await world.place([policy], items);
  expect(results.map(({ placement }) => placement?.swarmId)).toEqual(['a', 'b', 'c', 'c']);
  expect(results[1]?.placement?.receipt.because).toBe(
    'number 2 of 2 that custom:mine wished for, of 2 with a free slot',
  );
  expect(results[2]?.placement?.receipt).toMatchObject({
    policy: POLICIES[0].name,
    reasons: ['custom:mine was asked for, but none of the 2 swarms that it named can take it now'],
  });
  expect(results[3]?.placement?.receipt.reasons).toEqual([
    'custom:mine was asked for, but the swarm that it named cannot take it now',
  ]);
});

test('a swarm that has gone between question and answer is nobody', async () => {
  const fleet = fleetOf({ swarmId: 'a' }, { swarmId: 'b' });
  const world = new World(fleet);
  const [placed] = await world.place([policyThat(() => [['a', 'b']])], [item('t1')], () => {
    fleet.heartbeat(heartbeat({ swarmId: 'a', seq: 2, state: 'stopped' }), at(1));
  });
  expect(placed?.placement).toMatchObject({ swarmId: 'b', receipt: { scores: [2] } });
});

test.each([
  ['returns too little', [policyThat(() => [])], 'it returned 0 lists for 1 items'],
  ['names nobody', [policyThat(() => [[]])], 'it named no swarm for this one'],
  ['names only strangers', [policyThat(() => [['nobody']])], 'it named no swarm for this one'],
  ['is not there', [], 'there is none here: CUSTOM_POLICIES names none'],
  ['has another name', [{ ...policyThat(() => [['a']]), name: 'yours' }], 'CUSTOM_POLICIES names yours'],
])('where the policy %s, the default decides and the receipt says why', async (_name, policies, why) => {
  const world = new World(fleetOf({ swarmId: 'a' }));
  const [placed] = await world.place(policies, [item('t1')]);
  expect(placed?.placement).toMatchObject({ swarmId: 'a', receipt: { policy: POLICIES[0].name } });
  expect(placed?.placement?.receipt.reasons?.[0]).toContain(why);
});

test('a request of more classes than are asked about has the rest placed by the default', async () => {
  const world = new World(fleetOf({ swarmId: 'a', slots: 100 }));
  const items = Array.from({ length: 40 }, (_, index) => item(`t${index}`, { type: `type-${index}` }));
  const results = await world.place([policyThat(idsOf)], items);
  const reasons = results.filter(({ placement }) => placement?.receipt.reasons !== undefined);
  expect(reasons).toHaveLength(8);
  expect(reasons[0]?.placement?.receipt.reasons).toEqual([
    'custom:mine was asked for, but the request asks for too many different things',
  ]);
});

test('whatever a policy answers, reservations are what was placed, and no swarm has more than its slots', async () => {
  const answer = fc.oneof(
    fc.anything(),
    fc.array(
      fc.oneof(
        fc.array(fc.oneof(fc.constantFrom('a', 'b', 'c', 'd', 'nobody'), fc.anything())),
        fc.anything(),
      ),
      { minLength: 6, maxLength: 6 },
    ),
  );
  const slots = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(answer, slots, async (given, sizes) => {
      const fleet = fleetOf(
        ...sizes.map((size, index) => ({
          swarmId: 'abcd'[index] ?? '',
          slots: size,
          resources: { cpu: size },
        })),
      );
      const items = Array.from({ length: 6 }, (_, index) =>
        item(`t${index}`, { requirements: { resources: { cpu: 1 } } }),
      );
      const results = await new World(fleet).place([policyThat(() => given)], items);
      const placed = results.filter(({ placement }) => placement !== undefined);
      expect(placed).toHaveLength(
        Math.min(
          6,
          sizes.reduce((sum, size) => sum + size, 0),
        ),
      );
      for (const swarm of fleet.swarms()) {
        const here = placed.filter(({ placement }) => placement?.swarmId === swarm.swarmId).length;
        expect([swarm.busy, swarm.reservedSlots, swarm.reservedResources.cpu]).toEqual([
          here,
          here,
          here * 1_000,
        ]);
        expect(swarm.busy).toBeLessThanOrEqual(swarm.slots);
      }
      expect([...fleet.liveReservations()]).toHaveLength(placed.length);
    }),
  );
});
