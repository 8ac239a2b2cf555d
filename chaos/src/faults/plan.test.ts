import { planFaults, type PossibleFault, type Step } from './plan';

const POSSIBLE: PossibleFault[] = ['a', 'b', 'c', 'd'].flatMap((target) => [
  { kind: 'kill', target, leastMs: 10, mostMs: 20 },
  { kind: 'freeze', target, leastMs: 5, mostMs: 5 },
]);

const nameOf = ({ kind, target }: { kind: string; target: string }): string => `${kind} ${target}`;

function steps(seed: number, count: number): Step[] {
  const plan = planFaults(seed, POSSIBLE);
  return Array.from({ length: count }, () => plan.next().value);
}

test('the same seed is the same plan, another seed another one', () => {
  expect(steps(1, 20)).toEqual(steps(1, 20));
  expect(steps(2, 20)).not.toEqual(steps(1, 20));
});

test('at first the faults come in turn, alone', () => {
  expect(steps(1, POSSIBLE.length).map((step) => step.map(nameOf))).toEqual(
    POSSIBLE.map((each) => [nameOf(each)]),
  );
});

test('then every fault comes once before any comes again', () => {
  for (let seed = 1; seed <= 50; seed++) {
    const faults = steps(seed, POSSIBLE.length * 2)
      .flat()
      .slice(POSSIBLE.length, POSSIBLE.length * 2);
    expect(faults.map(nameOf)).not.toEqual(POSSIBLE.map(nameOf));
    expect(new Set(faults.map(nameOf)).size).toBe(POSSIBLE.length);
  }
});

test('some come in pairs, never two of one target', () => {
  const all = Array.from({ length: 50 }, (_, seed) => steps(seed, 20)).flat();
  const pairs = all.filter(({ length }) => length === 2);
  expect(pairs.length).toBeGreaterThan(50);
  for (const [first, second] of pairs) expect(first?.target).not.toBe(second?.target);
});

test('each lasts as long as it may', () => {
  for (const { kind, forMs } of steps(3, 200).flat()) {
    expect(forMs).toBeGreaterThanOrEqual(kind === 'kill' ? 10 : 5);
    expect(forMs).toBeLessThanOrEqual(kind === 'kill' ? 20 : 5);
  }
});
