import fc from 'fast-check';
import { LIMITS } from '@multiswarm/contracts';
import { acyclicGraphOf, bottomLevels, graphOf, topologicalOrder } from './graph';

interface Weighted {
  id: string;
  dependsOn: string[];
  weightMs: number;
}

const arbitrarySteps: fc.Arbitrary<Weighted[]> = fc.integer({ min: 1, max: 15 }).chain((size) =>
  fc
    .tuple(
      fc.array(fc.tuple(fc.nat(size - 1), fc.nat(size - 1)), { maxLength: 40 }),
      fc.array(fc.nat(100), { minLength: size, maxLength: size }),
      fc.shuffledSubarray(
        Array.from({ length: size }, (_, index) => index),
        { minLength: size },
      ),
    )
    .map(([edges, weights, order]) => {
      const steps = weights.map((weightMs, index): Weighted => ({
        id: `s${index}`,
        dependsOn: [],
        weightMs,
      }));
      for (const [from, to] of edges)
        if (from !== to) steps[Math.max(from, to)]!.dependsOn.push(`s${Math.min(from, to)}`);
      return order.map((index) => steps[index]!);
    }),
);

function recursiveLevel(steps: readonly Weighted[], id: string): number {
  const behind = steps.filter(({ dependsOn }) => dependsOn.includes(id));
  const own = steps.find((step) => step.id === id)!.weightMs;
  return own + Math.max(0, ...behind.map((step) => recursiveLevel(steps, step.id)));
}

test('the bottom level of a step is the longest path from it to the end', () => {
  fc.assert(
    fc.property(arbitrarySteps, (steps) => {
      const levels = bottomLevels(steps);
      for (const { id } of steps) expect(levels.get(id)).toBe(recursiveLevel(steps, id));
    }),
  );
});

test('in the topological order each step comes after those that it depends on', () => {
  fc.assert(
    fc.property(arbitrarySteps, (steps) => {
      const order = topologicalOrder(steps);
      expect([...order].sort()).toEqual(steps.map(({ id }) => id).sort());
      const places = new Map(order.map((id, place) => [id, place]));
      for (const { id, dependsOn } of steps)
        for (const upstream of dependsOn) expect(places.get(upstream)!).toBeLessThan(places.get(id)!);
    }),
  );
});

test('steps that are independent keep their order', () => {
  const steps = ['c', 'a', 'b'].map((id) => ({ id, dependsOn: [] }));
  expect(topologicalOrder(steps)).toEqual(['c', 'a', 'b']);
});

test('steps of a cycle and behind it are left out, and so are dependencies that do not exist', () => {
  const steps = [
    { id: 'a', dependsOn: ['ghost'], weightMs: 1 },
    { id: 'b', dependsOn: ['c', 'a'], weightMs: 1 },
    { id: 'c', dependsOn: ['b'], weightMs: 1 },
    { id: 'd', dependsOn: ['c'], weightMs: 1 },
  ];
  expect(topologicalOrder(steps)).toEqual(['a']);
  expect([...bottomLevels(steps)]).toEqual([['a', 1]]);
  expect(graphOf(steps).behind[2]).toEqual([1, 3]);
  expect(() => acyclicGraphOf(steps)).toThrow('the steps form a cycle');
});

test('a chain of ten thousand steps is no deeper a stack than one', () => {
  const steps = Array.from({ length: LIMITS.WORKFLOW_STEPS }, (_, index) => ({
    id: `s${index}`,
    dependsOn: index === 0 ? [] : [`s${index - 1}`],
    weightMs: 2,
  }));
  expect(topologicalOrder(steps)).toEqual(steps.map(({ id }) => id));
  expect(bottomLevels(steps).get('s0')).toBe(2 * LIMITS.WORKFLOW_STEPS);
});
