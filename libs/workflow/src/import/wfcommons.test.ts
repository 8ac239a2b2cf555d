import { importWfcommons } from './wfcommons';

/** A diamond: a → b, c → d. */
function instance(
  change: (tasks: Record<string, unknown>[], runtimes: Record<string, unknown>[]) => void = () => undefined,
) {
  const tasks: Record<string, unknown>[] = [
    { id: 'a', name: 'split', parents: [], children: ['b', 'c'] },
    { id: 'b', name: 'left', parents: ['a'], children: ['d'] },
    { id: 'c', name: 'right', parents: ['a'], children: ['d'] },
    { id: 'd', name: 'join', parents: ['b', 'c'], children: [] },
  ];
  const runtimes: Record<string, unknown>[] = [
    { id: 'a', runtimeInSeconds: 2 },
    { id: 'b', runtimeInSeconds: 10 },
    { id: 'c', runtimeInSeconds: 3.5 },
    { id: 'd', runtimeInSeconds: 8 },
  ];
  change(tasks, runtimes);
  return {
    name: 'Diamond (test)',
    schemaVersion: '1.5',
    workflow: { specification: { tasks }, execution: { tasks: runtimes } },
  };
}

const codes = (document: unknown) =>
  importWfcommons(document).findings.map(({ pointer, code }) => `${pointer} ${code}`);

describe('import of a WfCommons instance', () => {
  test('tasks become steps that hold their recorded time, and parents become dependencies', () => {
    const { workflow, findings } = importWfcommons(instance(), 0.5);
    expect(findings).toEqual([]);
    expect(workflow?.name).toBe('Diamond-test-');
    expect(workflow?.tasks[2]).toEqual({
      id: 'c',
      type: 'wfcommons',
      input: { name: 'right', runtimeInSeconds: 3.5, holdMs: 1750 },
      estimateMs: 1750,
    });
    expect(workflow?.dependencies).toEqual({ b: ['a'], c: ['a'], d: ['b', 'c'] });
  });

  test('without a scale, the longest chain takes ten seconds', () => {
    const { scale, criticalPathSeconds, workflow } = importWfcommons(instance());
    expect(criticalPathSeconds).toBe(20);
    expect(scale).toBe(0.5);
    const held = new Map(workflow?.tasks.map(({ id, input }) => [id, input.holdMs]));
    expect((held.get('a') ?? 0) + (held.get('b') ?? 0) + (held.get('d') ?? 0)).toBe(10_000);
  });

  test('a scale of 0 holds nothing', () => {
    expect(importWfcommons(instance(), 0).workflow?.tasks.map(({ input }) => input.holdMs)).toEqual([
      0, 0, 0, 0,
    ]);
  });

  test('the older layout keeps runtimes with the tasks, and may mention tasks by name', () => {
    const tasks = [
      { name: 'first', id: '1', runtime: 4, children: ['second'] },
      { name: 'second', id: '2', runtimeInSeconds: 6, parents: ['first'] },
    ];
    const { workflow, findings, criticalPathSeconds } = importWfcommons(
      { schemaVersion: '1.3', workflow: { tasks } },
      1,
    );
    expect(findings).toEqual([]);
    expect(criticalPathSeconds).toBe(10);
    expect(workflow?.dependencies).toEqual({ '2': ['1'] });
  });

  test('a runtime that was not recorded counts as 0, with a warning', () => {
    const { workflow, warnings } = importWfcommons(
      instance((_tasks, runtimes) => void runtimes.splice(1, 1)),
      1,
    );
    expect(workflow?.tasks[1]?.input).toEqual({ name: 'left', runtimeInSeconds: 0, holdMs: 0 });
    expect(warnings).toEqual(['b: no runtime was recorded, taken as 0']);
  });

  test('ids that are no step ids are rewritten, everywhere, and reported', () => {
    const { workflow, renamed } = importWfcommons(
      instance((tasks) => {
        for (const task of tasks)
          for (const key of ['parents', 'children'])
            task[key] = (task[key] as string[]).map((id) => (id === 'b' ? 'left side' : id));
        Object.assign(tasks[1] ?? {}, { id: 'left side' });
      }),
    );
    expect(renamed).toEqual([{ from: 'left side', to: 'left:20side' }]);
    expect(workflow?.dependencies).toEqual({ 'left:20side': ['a'], c: ['a'], d: ['left:20side', 'c'] });
  });

  test('parents and children that contradict each other are findings, in both directions', () => {
    expect(codes(instance((tasks) => void (tasks[3] = { ...tasks[3], parents: ['b'] })))).toEqual([
      '/workflow/specification/tasks/2/children/0 parents-mismatch',
    ]);
    expect(codes(instance((tasks) => void (tasks[1] = { ...tasks[1], children: [] })))).toEqual([
      '/workflow/specification/tasks/3/parents/0 children-mismatch',
    ]);
  });

  test('everything that is wrong is listed at once', () => {
    const broken = instance((tasks, runtimes) => {
      tasks[1] = { id: 'b', parents: ['a', 'ghost'], children: ['d'] };
      tasks[2] = { id: 'a', parents: 'a', children: ['d'] };
      runtimes[3] = { id: 'd', runtimeInSeconds: -1 };
      tasks.push({ parents: [] });
    });
    expect(codes(broken)).toEqual(
      expect.arrayContaining([
        '/workflow/execution/tasks/3/runtimeInSeconds invalid-runtime',
        '/workflow/specification/tasks/2/parents invalid-type',
        '/workflow/specification/tasks/4 missing-id',
        '/workflow/specification/tasks/2 duplicate-id',
        '/workflow/specification/tasks/1/parents/1 unknown-parents',
        '/workflow/specification/tasks/3/parents/1 unknown-parents',
      ]),
    );
  });

  test('a cycle is a finding with its path', () => {
    const tasks = [
      { id: 'a', parents: ['b'] },
      { id: 'b', parents: ['a'] },
    ];
    const { findings, workflow } = importWfcommons({ workflow: { tasks } });
    expect(workflow).toBeUndefined();
    expect(findings).toEqual([
      { pointer: '/workflow/tasks/0', code: 'cycle', message: 'cycle: a -> b -> a' },
    ]);
  });

  test.each([[null], [{}], [{ workflow: { tasks: 5 } }], [[1, 2]]])('%j is no instance', (document) => {
    expect(codes(document)).toEqual(['/workflow not-wfcommons']);
  });

  test('an instance without tasks is a finding', () => {
    expect(codes({ workflow: { tasks: [] } })).toEqual(['/workflow/tasks empty']);
  });
});
