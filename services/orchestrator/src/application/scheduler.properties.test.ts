import { PRIORITIES, type Priority } from '@multiswarm/contracts';
import { turns } from '@multiswarm/testing';
import fc from 'fast-check';
import { SchedulingWorld } from '../../test/support/scheduling-world';

type Step =
  | {
      kind: 'submit';
      type: string;
      shard: number;
      priority: Priority;
      fairnessKey: string | undefined;
      limitKeys: string[];
      late: boolean;
    }
  | { kind: 'cancel' | 'lose'; index: number }
  | { kind: 'finish'; index: number; fetch: boolean }
  | { kind: 'join'; swarm: number; slots: number; types: string[] }
  | { kind: 'limit'; concurrency: number | undefined; ofA: number | undefined }
  | { kind: 'owner-away'; shard: number; away: boolean }
  | { kind: 'balancer-away'; away: boolean }
  | { kind: 'move-shard' | 'repeat-snapshot'; shard: number }
  | { kind: 'replace-scheduler' }
  | { kind: 'wait'; turns: number; ms: number };

const TYPES = ['a', 'b', 'c'];
const shard = fc.integer({ min: 0, max: 2 });
const index = fc.nat(50);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant('submit' as const),
      type: fc.constantFrom(...TYPES),
      shard,
      priority: fc.constantFrom(...PRIORITIES),
      fairnessKey: fc.constantFrom(undefined, 'k1', 'k2'),
      limitKeys: fc.subarray(['A', 'B']),
      late: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('cancel' as const, 'lose' as const), index }) },
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant('finish' as const), index, fetch: fc.boolean() }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('join' as const),
      swarm: fc.nat(3),
      slots: fc.integer({ min: 1, max: 4 }),
      types: fc.subarray(TYPES, { minLength: 1 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('limit' as const),
      concurrency: fc.constantFrom(undefined, 2, 5),
      ofA: fc.constantFrom(undefined, 0, 1, 3),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('owner-away' as const), shard, away: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('balancer-away' as const), away: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('move-shard' as const, 'repeat-snapshot' as const), shard }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('replace-scheduler' as const) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      turns: fc.nat(4),
      ms: fc.constantFrom(0, 0, 20, 500),
    }),
  },
);

async function perform(world: SchedulingWorld, given: Step): Promise<void> {
  switch (given.kind) {
    case 'submit': {
      const { type, fairnessKey, limitKeys, ...rest } = given;
      const named = limitKeys.length > 0 ? { limitKeys } : {};
      world.submit(type, { ...rest, ...named, ...(fairnessKey === undefined ? {} : { fairnessKey }) });
      return;
    }
    case 'cancel':
      return void world.cancel(nth(world.waiting(), given.index));
    case 'lose':
      return void world.lose(running(world, given.index));
    case 'finish':
      return void world.finish(running(world, given.index), given.fetch);
    case 'join':
      if (!world.swarms.has(`s${given.swarm}`)) world.join(`s${given.swarm}`, given.slots, given.types);
      return;
    case 'limit':
      return void limit(world, given);
    case 'owner-away':
      return void world.setAway(given.shard, given.away);
    case 'balancer-away':
      world.isBalancerAway = given.away;
      return;
    case 'move-shard':
      return void world.moveShard(given.shard);
    case 'repeat-snapshot':
      return void world.snapshot(given.shard);
    case 'replace-scheduler':
      return void world.replaceScheduler();
    case 'wait':
      await turns(given.turns);
      world.clock.advance(given.ms);
  }
}

/** Limits are only raised, or lowered as far as nothing that runs is above them. */
function limit(world: SchedulingWorld, given: Extract<Step, { kind: 'limit' }>): void {
  if (world.assigned().length > 0 || world.waiting().length > 0) return;
  world.set({
    ...(given.concurrency === undefined ? {} : { limit: { concurrency: given.concurrency } }),
    limits: given.ofA === undefined ? {} : { A: { concurrency: given.ofA } },
  });
}

function nth(ids: string[], at: number): string {
  return ids[at % Math.max(1, ids.length)] ?? '';
}

function running(world: SchedulingWorld, at: number): string {
  return nth(
    world.assigned().map(({ task }) => task.taskId),
    at,
  );
}

test('whatever happens in between, what can be placed is placed, in order, and no limit is exceeded or lost', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), async (steps) => {
      const world = new SchedulingWorld(3);
      world.snapshotAll();
      for (const each of steps) await perform(world, each);
      await world.settle();
      expect(world.faults).toEqual([]);
      expect(world.forgotten()).toEqual([]);
      // Everything that ends makes room, and everything that fits somewhere goes.
      for (let round = 0; round < 200 && world.assigned().length > 0; round += 1) {
        world.finish(running(world, round), round % 3 === 0);
        await turns(6);
      }
      await world.settle();
      expect(world.faults).toEqual([]);
      expect(world.forgotten()).toEqual([]);
    }),
    { numRuns: 200 },
  );
}, 60_000);
