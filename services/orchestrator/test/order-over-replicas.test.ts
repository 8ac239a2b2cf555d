import { randomUUID } from 'node:crypto';
import { PlaceRequest, shardOf, subjects, type BatchReply, type Priority } from '@multiswarm/contracts';
import { eventually } from '@multiswarm/testing';
import type { FakeSwarm } from './support/fake-swarm';
import { ReplicaSet } from './support/replica-set';
import { World, type Replica } from './support/world';

const SHARDS = 12;
const WEIGHTS = { gold: 3, silver: 1 } as const;
const BANDS: readonly Priority[] = ['critical', 'low'];
/** Of each namespace in each band, from each replica. */
const ROUNDS = 4;
/** So many have gone before the scheduler dies: in the middle of the stricter band. */
const GONE_BEFORE = 9;
/** What a start may take from the scheduler to the load-balancer, where it is seen. */
const SEEN_AFTER_MS = 100;

interface Given {
  namespace: keyof typeof WEIGHTS;
  priority: Priority;
}

let world: World;
let set: ReplicaSet;
let replicas: readonly [Replica, Replica, Replica];

beforeEach(async () => {
  world = await World.start();
  set = new ReplicaSet(world, SHARDS);
  replicas = [await set.join(), await set.join(), await set.join()];
  await set.shared(replicas);
});

afterEach(async () => {
  const faults = set.stop();
  await world.stop();
  expect(faults).toEqual([]);
});

/** Keys spread them over the shards. @returns their ids, in the order of `tasks`, in which they were submitted */
async function submitAll(replica: Replica, tasks: readonly object[]): Promise<string[]> {
  const body = { tasks: tasks.map((task) => ({ type: 'echo', idempotencyKey: randomUUID(), ...task })) };
  const { results } = (await replica.call('POST', '/v1/tasks/batch', body)).body as BatchReply;
  return results.map((result) => ('id' in result ? result.id : ''));
}

function taskOf(attempt: string | undefined): string {
  return attempt?.split('#')[0] ?? '';
}

function shardsOf(ids: Iterable<string>): Set<number | undefined> {
  return new Set([...ids].map((id) => shardOf(id, SHARDS)));
}

/** Submissions through all replicas, one after the other, so that there is one order of submission. */
async function competingTasks(): Promise<Map<string, Given>> {
  const submitted = new Map<string, Given>();
  for (const replica of replicas) {
    const from = Date.now();
    // The low ones first: their place is not that of their submission.
    const tasks = Array.from({ length: ROUNDS }).flatMap(() =>
      (['low', 'critical'] as const).flatMap((priority): Given[] => [
        { namespace: 'silver', priority },
        { namespace: 'gold', priority },
      ]),
    );
    const ids = await submitAll(replica, tasks);
    ids.forEach((id, index) => submitted.set(id, tasks[index] as Given));
    // Replicas agree about the order of submissions to the millisecond.
    await eventually(() => Date.now() > from);
  }
  expect(shardsOf(submitted.keys()).size).toBeGreaterThan(SHARDS / 2);
  return submitted;
}

/**
 * Stride scheduling: while two namespaces both have something in a band, the turns of each times its stride (1/weight) differ
 * by no more than the longer stride. A new scheduler begins to count anew.
 */
function expectShares(served: readonly Given[], left: ReadonlyMap<Given['namespace'], number>): void {
  const turns = { gold: 0, silver: 0 };
  for (const { namespace } of served) {
    turns[namespace] += 1;
    const [gold, silver] = [turns.gold / WEIGHTS.gold, turns.silver / WEIGHTS.silver];
    expect(Math.abs(gold - silver)).toBeLessThanOrEqual(1 / WEIGHTS.silver + 1e-9);
    // The other one is alone from here on.
    if (turns[namespace] === left.get(namespace)) return;
  }
}

function countOf(tasks: readonly Given[]): Map<Given['namespace'], number> {
  const counts = new Map<Given['namespace'], number>();
  for (const { namespace } of tasks) counts.set(namespace, (counts.get(namespace) ?? 0) + 1);
  return counts;
}

test('stricter priorities first, then namespaces by weight, then the order of submission, over all shards and replicas, and the same when the scheduler dies in the middle', async () => {
  for (const [namespace, weight] of Object.entries(WEIGHTS))
    await replicas[0].call('PUT', `/v1/namespaces/${namespace}`, { weight });
  const victim = set.scheduling;
  const survivor = replicas.find((replica) => replica !== victim) as Replica;
  const owners = (await set.ownership()).map(({ owner }) => owner);
  const survives = (id: string): boolean => owners[shardOf(id, SHARDS) ?? 0] !== set.nameOf(victim);
  const held: string[] = [];
  const swarm: FakeSwarm = await world.swarm(
    'a',
    ({ taskId }) => {
      const isFirst = held.length === 0;
      const isLast = held.length === 1 && swarm.ran.length > GONE_BEFORE + 1 && survives(taskId);
      if (!isFirst && !isLast) return {};
      held.push(taskId);
      return undefined;
    },
    { slots: 1 },
  );
  const first = await survivor.submit({});
  await eventually(() => held.length === 1);
  const submitted = await competingTasks();
  await set.schedulerKnows(submitted.size);

  await swarm.report(first, 1);
  const running = await eventually(() => held[1]);
  await survivor.inState(running, 'running');
  const turn = swarm.ran.length - 1;
  await victim.crash();
  // Its owner lives: the slot is free before there is a scheduler, and before all shards have owners again.
  await swarm.report(running, 1);
  await eventually(() => swarm.ran.length === submitted.size + 1, {
    timeoutMs: 15_000,
    describe: () => `all of ${submitted.size} tasks, ${swarm.ran.length - 1} ran`,
  });

  const ran = swarm.ran.slice(1).map(taskOf);
  expect(new Set(ran)).toEqual(new Set(submitted.keys()));
  const served = ran.map((id) => submitted.get(id) as Given);
  const inBand = (priority: Priority) => served.filter((each) => each.priority === priority);
  expect(served).toEqual(BANDS.flatMap(inBand));
  for (const namespace of ['gold', 'silver'] as const)
    for (const priority of BANDS) {
      const isMeant = (id: string): boolean => {
        const given = submitted.get(id);
        return given?.namespace === namespace && given.priority === priority;
      };
      expect(ran.filter(isMeant)).toEqual([...submitted.keys()].filter(isMeant));
    }
  const [strict = [], low = []] = BANDS.map(inBand);
  const [before, after] = [strict.slice(0, turn), strict.slice(turn)];
  expectShares(before, countOf(strict));
  expectShares(after, countOf(after));
  expectShares(low, countOf(low));
  await world.allSlotsBack();
});

test('rates of keys hold in any window over all shards and replicas, also in one in which the scheduler dies', async () => {
  // The longer window has not passed when the next scheduler is there; the shorter one passes several times.
  const limits = {
    slow: { rate: { tasks: 3, perMs: 2_000 } },
    quick: { rate: { tasks: 4, perMs: 300 } },
  } as const;
  const keys = ['slow', 'quick'] as const;
  await replicas[0].call('PUT', '/v1/namespaces/default', { limits });
  const starts = new Map<string, number>();
  const listening = world.bus.subscribe(subjects.lbPlace(), { schema: PlaceRequest }, ({ items }) => {
    for (const { key } of items) starts.set(key, starts.get(key) ?? performance.now());
  });
  await world.swarm('a');
  const victim = set.scheduling;
  const others = replicas.filter((replica) => replica !== victim);
  const submit = async (key: string, count: number): Promise<string[]> => {
    const half = Array<object>(count / 2).fill({ limitKeys: [key] });
    return (await Promise.all(others.map((replica) => submitAll(replica, half)))).flat();
  };
  const started = (all: readonly string[]): number[] =>
    all.flatMap((id) => starts.get(id) ?? []).sort((a, b) => a - b);

  const slow = await submit('slow', 2 * limits.slow.rate.tasks);
  await eventually(() => started(slow).length === limits.slow.rate.tasks);
  const quick = await submit('quick', 4 * limits.quick.rate.tasks);
  await eventually(() => started(quick).length > limits.quick.rate.tasks);
  await victim.crash();
  const ids = { slow, quick };
  expect(shardsOf(Object.values(ids).flat()).size).toBeGreaterThan(SHARDS / 3);
  for (const id of Object.values(ids).flat())
    expect((await (others[0] as Replica).ended(id)).state).toBe('succeeded');
  listening.stop();
  for (const key of keys) {
    const { tasks, perMs } = limits[key].rate;
    const times = started(ids[key]);
    expect(times).toHaveLength(ids[key].length);
    const spans = times.slice(tasks).map((at, index) => at - (times[index] as number));
    expect(Math.min(...spans)).toBeGreaterThan(perMs - SEEN_AFTER_MS);
  }
});
