import fc from 'fast-check';
import type { Requirements } from '@multiswarm/contracts';
import { at, fleetOf, heartbeat, item, place, type SwarmGiven } from '../../../test/support/builders';
import type { Fleet } from '../fleet';
import { asksOf } from '../requirement-rules';
import { toVector } from '../resource-vector';
import type { SwarmSeen } from '../swarm-seen';
import { takesNoWork } from './idle';
import { byLoad } from './order';
import { View } from './view';
import { TOP } from './winner-tree';

const IDS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'];
const CLASSES: { type: string; requirements: Requirements }[] = [
  { type: 'build', requirements: {} },
  { type: 'test', requirements: { capabilities: ['gpu'] } },
  { type: 'build', requirements: { region: ['eu-*'], resources: { cpu: 2 } } },
];

const swarm: fc.Arbitrary<SwarmGiven> = fc.record({
  swarmId: fc.constantFrom(...IDS),
  instance: fc.constantFrom('i1', 'i1', 'i2'),
  slots: fc.constantFrom(1, 2, 3, 8),
  region: fc.constantFrom('eu-west', 'us-east'),
  types: fc.constantFrom(['*'], ['build'], ['build', 'test']),
  capabilities: fc.constantFrom([], ['gpu']),
  costPerHour: fc.constantFrom(1, 2),
  labels: fc.constantFrom<Record<string, string>>({}, { zone: 'z1' }, { class: 'big' }),
  resources: fc.constantFrom({}, { cpu: 1 }, { cpu: 4 }),
  intervalMs: fc.constantFrom(100, 1_000),
  state: fc.constantFrom(
    ...(['ready', 'ready', 'ready', 'ready', 'draining', 'cordoned', 'stopped'] as const),
  ),
  held: fc.uniqueArray(
    fc.constantFrom('t0', 't1', 't2').map((taskId) => ({ taskId, attempt: 1 })),
    {
      maxLength: 3,
      selector: ({ taskId }) => taskId,
    },
  ),
});
const step = fc.oneof(
  { weight: 3, arbitrary: swarm.map((given) => ({ kind: 'heartbeat' as const, given })) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('place' as const),
      of: fc.constantFrom(...CLASSES),
      count: fc.integer({ min: 1, max: 4 }),
      avoid: fc.subarray(['a', 'b']),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('end' as const), which: fc.nat(50) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(400) }) },
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

class World {
  readonly fleet = fleetOf();
  now = 0;
  private count = 1;

  run(one: Step): void {
    this.count += 1;
    const { fleet, now } = this;
    if (one.kind === 'wait') this.now += one.ms;
    else if (one.kind === 'heartbeat') fleet.heartbeat(heartbeat({ ...one.given, seq: this.count }), at(now));
    else if (one.kind === 'place') {
      const asked = Array.from({ length: one.count }, (_, index) =>
        item(`${this.count}-${index}`, { ...one.of, avoid: one.avoid }),
      );
      place(fleet, asked, at(now));
    } else {
      const live = [...fleet.liveReservations()];
      const ended = live[one.which % Math.max(1, live.length)];
      if (ended === undefined) return;
      const [taskId = ''] = ended.attemptKey.split('#');
      const { swarmId } = ended.swarm;
      const outcome = { reservationId: ended.id, swarmId, taskId, attempt: 1, outcome: 'succeeded' as const };
      fleet.report(outcome, at(now));
    }
  }
}

/** What a look at everybody gives. */
function plainly(fleet: Fleet, of: (typeof CLASSES)[number], ms: number) {
  const asks = asksOf(of);
  const rules = new Map<string, number>();
  const drop = (rule: string): void => void rules.set(rule, (rules.get(rule) ?? 0) + 1);
  const open: SwarmSeen[] = [];
  for (const seen of fleet.swarms()) {
    const state = seen.stateAt(at(ms));
    const failed = asks.find((ask) => !ask.passes(seen.profile));
    if (takesNoWork(state)) drop(state);
    else if (failed !== undefined) drop(failed.rule);
    else if (!seen.hasRoomFor(toVector(of.requirements.resources))) drop('slot');
    else open.push(seen);
  }
  const isLate = (seen: SwarmSeen): boolean => seen.stateAt(at(ms)) === 'suspect';
  const first = open.some((seen) => !isLate(seen)) ? open.filter((seen) => !isLate(seen)) : open;
  const turn = ({ index }: SwarmSeen): number => fleet.columns.turn[index] as number;
  first.sort(
    (x, y) =>
      x.load - y.load || x.costPerSlotHour - y.costPerSlotHour || turn(x) - turn(y) || x.index - y.index,
  );
  return { rules: Object.fromEntries(rules), open: open.length, ranked: first.map(({ swarmId }) => swarmId) };
}

function byPool(fleet: Fleet, of: (typeof CLASSES)[number]) {
  const pool = fleet.pools.of(of);
  const view = new View(fleet.columns);
  view.fill(pool);
  const into = new Int32Array(TOP);
  const found = view.top(byLoad, TOP, into);
  const ranked = [...into.subarray(0, found)].map((index) => fleet.nameAt(index));
  if (found > 0) expect(view.least(byLoad)).toBe(into[0]);
  const all = Array.from({ length: view.count }, (_, rank) => fleet.nameAt(view.at(rank)));
  expect(all.sort()).toEqual([...ranked].sort());
  const members = [...fleet.swarms()].filter(({ index }) => view.has(index)).map(({ swarmId }) => swarmId);
  expect(members.sort()).toEqual(all);
  const three = new Int32Array(3);
  expect([...three.subarray(0, view.top(byLoad, 3, three))]).toEqual([
    ...into.subarray(0, Math.min(3, found)),
  ]);
  const rules = Object.fromEntries(pool.rejected().map(({ rule, count }) => [rule, count]));
  return { rules, open: pool.open, ranked };
}

test('L2: a pool that has caught up with every change has what a look at everybody gives, and its orders do, too', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const world = new World();
      for (const [index, one] of steps.entries()) {
        world.run(one);
        world.fleet.noteSilence(at(world.now));
        // A class that is not asked for at every step has more to catch up with.
        for (const of of CLASSES.filter((_, which) => index % (which + 1) === 0))
          expect(byPool(world.fleet, of)).toEqual(plainly(world.fleet, of, world.now));
      }
    }),
    { numRuns: 300 },
  );
});

test('a pool that is further behind than the journal reaches looks at everybody', () => {
  const { fleet } = new World();
  const beat = (seq: number, swarmId: string, slots: number): void =>
    void fleet.heartbeat(heartbeat({ swarmId, slots, seq, intervalMs: 600_000 }), at(0));
  beat(1, 'a', 2);
  const [of] = CLASSES as [(typeof CLASSES)[number]];
  expect(byPool(fleet, of).open).toBe(1);
  beat(1, 'b', 1);
  // Whoever says the same again has not changed.
  for (let seq = 2; fleet.columns.journal.reaches(2); seq += 1)
    beat(seq, seq % 2 === 0 ? 'a' : 'c', 2 + ((seq >> 1) % 2));
  expect(byPool(fleet, of)).toEqual(plainly(fleet, of, 0));
});
