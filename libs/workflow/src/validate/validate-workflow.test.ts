import fc from 'fast-check';
import { LIMITS } from '@multiswarm/contracts';
import { findCycles } from '../cycles';
import { validateWorkflow } from './validate-workflow';

const step = (id: string, more: object = {}): object => ({ id, type: 'work', ...more });

/** Pointer and code of each finding. */
function faults(given: unknown): string[] {
  const result = validateWorkflow(given);
  return result.ok ? [] : result.findings.map(({ pointer, code }) => `${pointer} ${code}`);
}

test('a valid workflow comes back with its defaults filled in', () => {
  const result = validateWorkflow({ tasks: [step('a'), step('b')], dependencies: { b: ['a'] } });
  expect(result).toMatchObject({
    ok: true,
    workflow: {
      namespace: 'default',
      tasks: [
        { id: 'a', priority: 'normal' },
        { id: 'b', input: {} },
      ],
    },
  });
});

test('every kind of fault is found at once, each at its place', () => {
  const given = {
    tasks: [
      step('a', { priority: 'urgent' }),
      step('b', { input: [1] }),
      step('a', { colour: 'red' }),
      { id: 'c', type: 42 },
      { task_id: 'b', task_type: 'work' },
    ],
    dependencies: { b: ['a', 'nobody', 'a'], ghost: [], c: ['a', 7], 'x/y~z': ['c'], a: ['c'] },
    speed: 'fast',
  };
  expect(faults({ ...given, dependencies: { ...given.dependencies, c: ['a', 7] } }).sort()).toEqual(
    [
      '/tasks/0/priority invalid-value',
      '/tasks/2/colour unknown-field',
      '/tasks/3/type invalid-type',
      '/dependencies/c/1 invalid-type',
      '/dependencies/x~1y~0z invalid-key',
      '/speed unknown-field',
      '/tasks/2/id duplicate-id',
      '/tasks/4/task_id duplicate-id',
      '/tasks/1/input input-not-object',
      '/dependencies/b/1 unknown-dependency',
      '/dependencies/b/2 duplicate-dependency',
      '/dependencies/ghost unknown-step',
      '/dependencies/x~1y~0z unknown-step',
      '/dependencies/a cycle',
    ].sort(),
  );
});

test.each([
  ['nothing', undefined, [' invalid-type']],
  ['a list', [], [' invalid-type']],
  ['an object without tasks', {}, ['/tasks invalid-type']],
  ['no steps', { tasks: [] }, ['/tasks too-small']],
  ['tasks that are no objects', { tasks: [null, 'a'] }, ['/tasks/0 invalid-type', '/tasks/1 invalid-type']],
  ['dependencies as a list', { tasks: [step('a')], dependencies: [['a']] }, ['/dependencies invalid-type']],
  ['an id with a space', { tasks: [step('a b')] }, ['/tasks/0/id invalid-format']],
])('a document that is %s is refused with the place', (_name, given, expected) => {
  expect(faults(given)).toEqual(expected);
});

test('a cycle is told with its path, and a step that waits for itself is one', () => {
  const tasks = ['a', 'b', 'c', 'd'].map((id) => step(id));
  const result = validateWorkflow({ tasks, dependencies: { d: ['a'], a: ['b'], b: ['c'], c: ['a', 'c'] } });
  expect(result).toEqual({
    ok: false,
    findings: [
      { pointer: '/dependencies/a', code: 'cycle', message: 'cycle: a -> b -> c -> a' },
      { pointer: '/dependencies/c', code: 'cycle', message: 'cycle: c -> c' },
    ],
  });
});

describe('a workflow of 10,000 steps', () => {
  const count = LIMITS.WORKFLOW_STEPS;
  const tasks = Array.from({ length: count }, (_, index) => step(`s${index}`));
  const chain = (): Record<string, string[]> =>
    Object.fromEntries(tasks.slice(1).map((_, index) => [`s${index + 1}`, [`s${index}`]]));

  test('in one chain does not overflow the stack, and each edge is looked at once', () => {
    const dependencies = chain();
    expect(validateWorkflow({ tasks, dependencies }).ok).toBe(true);

    const reads = new Map<string, number>();
    const counting = new Map(Object.entries(dependencies));
    const get = counting.get.bind(counting);
    counting.get = (key) => {
      reads.set(key, (reads.get(key) ?? 0) + 1);
      return get(key);
    };
    // From the far end on, so that the search really goes through all of it in one path.
    const reversed = Object.assign(counting, {
      keys: () => [...Object.keys(dependencies)].reverse().values(),
    });
    expect(findCycles(reversed)).toEqual([]);
    // Once per edge, and once more to see that there are no further ones.
    expect(Math.max(...reads.values())).toBeLessThanOrEqual(2);
  });

  test('closed to a ring is told in one short finding', () => {
    const result = validateWorkflow({ tasks, dependencies: { ...chain(), s0: [`s${count - 1}`] } });
    expect(result).toMatchObject({ ok: false, findings: [{ code: 'cycle' }] });
    expect(result.ok ? '' : result.findings[0]!.message).toMatch(
      /^cycle: s\d+ -> .*\(9980 more\).* -> s\d+$/,
    );
    expect(JSON.stringify(result).length).toBeLessThan(1_000);
  });

  test('with a way back from each step gives no more findings than the limit, and short ones', () => {
    const dependencies = chain();
    for (const id of Object.keys(dependencies)) dependencies[id]!.push(`s${count - 1}`);
    const result = validateWorkflow({ tasks, dependencies: { ...dependencies, s0: [`s${count - 1}`] } });
    expect(result.ok ? 0 : result.findings.length).toBe(LIMITS.FINDINGS);
    expect(JSON.stringify(result).length).toBeLessThan(LIMITS.FINDINGS * 1_000);
  });

  test('and one more is over the limit, without false findings about the steps behind it', () => {
    const given = { tasks: [...tasks, step('last')], dependencies: { last: ['s0'] } };
    expect(faults(given)).toEqual(['/tasks too-big']);
  });
});

const graph = fc.integer({ min: 2, max: 30 }).chain((size) =>
  fc.record({
    names: fc.shuffledSubarray(
      Array.from({ length: size }, (_, index) => `s${index}`),
      { minLength: size },
    ),
    // Every edge leads from a later to an earlier step of a hidden order, so there is no cycle.
    edges: fc.array(
      fc
        .tuple(fc.nat(size - 1), fc.nat(size - 1))
        .filter(([a, b]) => a !== b)
        .map(([a, b]) => [Math.max(a, b), Math.min(a, b)] as const),
      { minLength: 1, maxLength: 60 },
    ),
  }),
);

function dependenciesOf(names: string[], edges: (readonly [number, number])[]): Record<string, string[]> {
  const dependencies: Record<string, string[]> = {};
  for (const [later, earlier] of edges) {
    const upstream = (dependencies[names[later]!] ??= []);
    if (!upstream.includes(names[earlier]!)) upstream.push(names[earlier]!);
  }
  return dependencies;
}

test('a graph without a cycle is valid whatever its order, and one way back makes it a real cycle', () => {
  fc.assert(
    fc.property(graph, fc.nat(), ({ names, edges }, pick) => {
      const tasks = [...names].sort().map((id) => step(id));
      const dependencies = dependenciesOf(names, edges);
      expect(validateWorkflow({ tasks, dependencies }).ok).toBe(true);

      const [later, earlier] = edges[pick % edges.length]!;
      (dependencies[names[earlier]!] ??= []).push(names[later]!);
      expect(faults({ tasks, dependencies }).some((fault) => fault.endsWith(' cycle'))).toBe(true);
      const cycles = findCycles(new Map(Object.entries(dependencies)));
      expect(cycles.length).toBeGreaterThan(0);
      for (const cycle of cycles) {
        expect(new Set(cycle).size).toBe(cycle.length);
        cycle.forEach((from, index) => {
          expect(dependencies[from]).toContain(cycle[(index + 1) % cycle.length]);
        });
      }
    }),
  );
});

test('steps named like the prototype of an object are steps like others', () => {
  const tasks = ['constructor', 'toString', 'hasOwnProperty'].map((id) => step(id));
  const dependencies = { constructor: ['toString'], toString: ['hasOwnProperty'] };
  expect(validateWorkflow({ tasks, dependencies }).ok).toBe(true);
  expect(faults({ tasks: [step('a')], dependencies: { a: ['constructor'] } })).toEqual([
    '/dependencies/a/0 unknown-dependency',
  ]);
  expect(faults(JSON.parse('{"tasks":[{"id":"a","type":"x"}],"dependencies":{"__proto__":["a"]}}'))).toEqual([
    '/dependencies/__proto__ unknown-step',
  ]);
});
