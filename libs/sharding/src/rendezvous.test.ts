import fc from 'fast-check';
import { rendezvousOrder, rendezvousTargets } from './rendezvous';

const replicaSets = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 12 }), {
  minLength: 1,
  maxLength: 12,
});
const shardCounts = fc.integer({ min: 1, max: 256 });

function counts(targets: readonly (string | undefined)[]): number[] {
  const by = new Map<string | undefined, number>();
  for (const target of targets) by.set(target, (by.get(target) ?? 0) + 1);
  return [...by.values()];
}

test('every shard has one of the replicas as target, and no replica has two more than another', () => {
  fc.assert(
    fc.property(shardCounts, replicaSets, (shards, replicas) => {
      const targets = rendezvousTargets(shards, replicas);
      expect(targets.every((target) => target !== undefined && replicas.includes(target))).toBe(true);
      const by = replicas.map((replica) => targets.filter((target) => target === replica).length);
      expect(Math.max(...by) - Math.min(...by)).toBeLessThanOrEqual(1);
    }),
  );
});

test('replicas that know of each other in another order agree', () => {
  fc.assert(
    fc.property(shardCounts, replicaSets, (shards, replicas) => {
      const reversed = [...replicas].reverse();
      expect(rendezvousTargets(shards, reversed)).toEqual(rendezvousTargets(shards, replicas));
      expect(rendezvousOrder(3, reversed)).toEqual(rendezvousOrder(3, replicas));
    }),
  );
});

test('without a replica no shard has a target', () => {
  expect(rendezvousTargets(2, [])).toEqual([undefined, undefined]);
});

test('a replica that comes or goes moves little more than its own share', () => {
  const before = { moved: 0, own: 0 };
  for (let sample = 0; sample < 300; sample += 1) {
    const replicas = Array.from({ length: 2 + (sample % 6) }, (_, index) => `host-${sample}-${index}`);
    const all = rendezvousTargets(64, replicas);
    const without = rendezvousTargets(64, replicas.slice(1));
    before.moved += all.filter((target, shard) => target !== without[shard]).length;
    before.own += all.filter((target) => target === replicas[0]).length;
  }
  // Hashing modulo the number of replicas would move about three times its share.
  expect(before.moved / before.own).toBeLessThan(1.35);
  expect(before.moved).toBeGreaterThanOrEqual(before.own);
});

test('names that differ in one character get shares that have nothing to do with each other', () => {
  const replicas = ['orchestrator-0', 'orchestrator-1', 'orchestrator-2', 'orchestrator-3'];
  const firsts = Array.from({ length: 4_096 }, (_, shard) => rendezvousOrder(shard, replicas)[0]);
  for (const count of counts(firsts)) expect(Math.abs(count - 1_024)).toBeLessThan(4 * Math.sqrt(1_024));
});
