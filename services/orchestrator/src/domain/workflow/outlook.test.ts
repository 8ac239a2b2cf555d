import { isTerminal, type Workflow, type WorkflowStep } from '@multiswarm/contracts';
import { queuedTask, runOf, stepTaskId } from '../../../test/support/builders';
import type { Attempt, TaskRecord } from '../task/record';
import type { Durations } from './durations';
import { withOutlook } from './outlook';
import { workflowView } from './view';

const NOW = 1_000_000;
const NOBODY: Durations = { expect: () => undefined };

type Given = Partial<TaskRecord> & { estimateMs?: number };

function task(step: string, { estimateMs, ...given }: Given): [string, TaskRecord] {
  const spec = { type: 'build', workflowId: 'w0', step, ...(estimateMs === undefined ? {} : { estimateMs }) };
  return [stepTaskId(step), { ...queuedTask(stepTaskId(step), spec), state: 'blocked', ...given }];
}

function attempt(startedAt: number, endedAt?: number, costPerSlotHour = 3.6): Attempt {
  const cost =
    endedAt === undefined ? {} : { endedAt, cost: (costPerSlotHour * (endedAt - startedAt)) / 3_600_000 };
  return {
    attempt: 1,
    swarmId: 'a',
    region: 'eu-west',
    assignedAt: startedAt,
    startedAt,
    costPerSlotHour,
    ...cost,
  };
}

function succeeded(from: number, to: number): Given {
  const one = { ...attempt(from, to), outcome: 'succeeded' as const };
  return { state: 'succeeded', startedAt: from, endedAt: to, attempts: [one], cost: one.cost ?? 0 };
}

function outlookOf(
  dependencies: Record<string, string[]>,
  given: Record<string, Given>,
  learned = NOBODY,
  change: (view: Workflow) => Workflow = (view) => view,
): Workflow {
  const tasks = new Map(Object.keys(dependencies).map((step) => task(step, given[step] ?? {})));
  const run = runOf('w0', dependencies);
  const isOver = [...tasks.values()].every(({ state }) => isTerminal(state));
  const record = isOver ? { ...run, state: 'succeeded' as const } : run;
  return withOutlook(change(workflowView(record, tasks)), record, tasks, { now: NOW, learned });
}

function stepOf({ steps }: Workflow, id: string): WorkflowStep | undefined {
  return steps.find((step) => step.id === id);
}

const at = (ms: number): string => new Date(ms).toISOString();

describe('the outlook of a run', () => {
  test('declared estimates tell the critical path, the slack and the end', () => {
    const view = outlookOf(
      { a: [], b: ['a'], c: ['a'], d: ['b', 'c'] },
      { a: { estimateMs: 100 }, b: { estimateMs: 900 }, c: { estimateMs: 200 }, d: { estimateMs: 50 } },
    );
    expect(view.criticalPath).toEqual(['a', 'b', 'd']);
    expect(view.etaAt).toBe(at(NOW + 1_050));
    expect(stepOf(view, 'c')).toMatchObject({ slackMs: 700, expectedEndAt: at(NOW + 300), estimateMs: 200 });
  });

  test('where nothing is known no end is told, and where the run is paused neither', () => {
    expect(outlookOf({ a: [] }, {}).etaAt).toBeUndefined();
    const paused = (view: Workflow): Workflow => ({ ...view, paused: { at: at(0), reason: 'lunch' } });
    expect(outlookOf({ a: [] }, { a: { estimateMs: 5 } }, NOBODY, paused).etaAt).toBeUndefined();
  });

  test('a step that could begin says that its run is paused, or at its limit; one that waits for steps does not', () => {
    const tasks = new Map([task('a', { state: 'running' }), task('b', {}), task('c', {})]);
    const run = runOf('w0', { a: [], b: [], c: ['b'] });
    const told = (more: Partial<typeof run>): (string | undefined)[] => {
      const record = { ...run, ...more };
      const view = withOutlook(workflowView(record, tasks), record, tasks, { now: NOW, learned: NOBODY });
      return view.steps.map(({ waiting }) => waiting && `${waiting.reason}: ${waiting.detail}`);
    };
    expect(told({})).toEqual([undefined, undefined, undefined]);
    const limited = told({ spec: { ...run.spec, concurrency: 1 } });
    expect(limited).toEqual([
      undefined,
      'run-limit: as many steps of its run are under way as may be: 1',
      undefined,
    ]);
    const paused = told({ paused: { at: NOW, reason: 'lunch' } });
    expect(paused).toEqual([undefined, 'run-limit: its run is paused (lunch)', undefined]);
  });

  test('compensations come behind all else, one after the other, and the path leads through them', () => {
    const undo = (id: string, more: Partial<WorkflowStep>): WorkflowStep => ({
      ...{
        id: `undo:${id}`,
        taskId: stepTaskId(`undo:${id}`),
        type: 'build',
        dependsOn: [],
        attempt: 0,
        cost: 0,
      },
      ...{ role: 'compensation', of: id, state: 'blocked' },
      ...more,
    });
    const view = outlookOf(
      { a: [], b: ['a'] },
      { a: succeeded(NOW - 5_000, NOW - 4_000), b: succeeded(NOW - 4_000, NOW - 1_000) },
      NOBODY,
      (given) => ({ ...given, steps: [...given.steps, undo('a', {}), undo('b', { state: 'running' })] }),
    );
    expect(view.criticalPath).toEqual(['a', 'b', 'undo:b', 'undo:a']);
  });

  test('a type that was learned elsewhere is known before it runs here', () => {
    const learned: Durations = { expect: (type) => (type === 'build' ? { ms: 250.4, runs: 40 } : undefined) };
    const view = outlookOf({ a: [], b: ['a'] }, { b: { estimateMs: 9_000 } }, learned);
    expect(stepOf(view, 'a')?.estimateMs).toBe(250);
    expect(view.etaAt).toBe(at(NOW + 500));
  });

  test('what the run itself has shown counts for its other steps', () => {
    const view = outlookOf({ a: [], b: ['a'] }, { a: succeeded(NOW - 5_000, NOW - 1_000) });
    expect(stepOf(view, 'b')?.estimateMs).toBe(4_000);
  });

  test('while steps wait for slots, the work that is left is shared among as many as run', () => {
    const steps = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`s${i}`, [] as string[]]));
    const given = Object.fromEntries(
      Object.keys(steps).map((id) => [id, { state: 'queued' as const, estimateMs: 1_000 }]),
    );
    const running = {
      state: 'running' as const,
      startedAt: NOW,
      attempts: [attempt(NOW)],
      estimateMs: 1_000,
    };
    const view = outlookOf(steps, { ...given, s0: running, s1: running });
    expect(view.etaAt).toBe(at(NOW + 5_000));
  });

  test('the rest costs what steps of its type have paid per hour, and a running step its own price', () => {
    const view = outlookOf(
      { a: [], b: ['a'], c: ['b'] },
      {
        a: succeeded(NOW - 3_000, NOW - 2_000),
        b: {
          state: 'running',
          startedAt: NOW - 500,
          attempts: [attempt(NOW - 500, undefined, 7.2)],
          estimateMs: 1_000,
        },
        c: { estimateMs: 2_000 },
      },
    );
    expect(view.cost).toBeCloseTo(0.001, 9);
    // 1 s at 7.2 an hour, and 2 s at the mean of both: (1 s × 3.6 + 0.5 s × 7.2) / 1.5 s.
    expect(view.costProjected).toBeCloseTo(0.001 + 0.002 + (2 * 0.004) / 3, 9);
  });

  test('without any price no cost is projected', () => {
    expect(outlookOf({ a: [] }, { a: { estimateMs: 100 } }).costProjected).toBeUndefined();
  });

  test('a run that has ended tells its path and its slack, and expects nothing', () => {
    const view = outlookOf(
      { a: [], b: [], c: ['a', 'b'] },
      { a: succeeded(0, 100), b: succeeded(0, 900), c: succeeded(905, 1_000) },
    );
    expect(view.criticalPath).toEqual(['b', 'c']);
    expect(stepOf(view, 'a')?.slackMs).toBe(800);
    expect(view).not.toHaveProperty('etaAt');
    expect(view).not.toHaveProperty('costProjected');
    expect(stepOf(view, 'c')).not.toHaveProperty('expectedEndAt');
  });

  test('a step tells why it waits where its record knows it', () => {
    const view = outlookOf(
      { a: [], b: ['a'] },
      {
        a: {
          state: 'backoff',
          retryAt: NOW + 700,
          estimateMs: 300,
          attempts: [{ ...attempt(NOW - 10, NOW), outcome: 'failed' }],
        },
      },
    );
    expect(stepOf(view, 'a')?.waiting).toMatchObject({ reason: 'backoff' });
    expect(stepOf(view, 'a')?.expectedEndAt).toBe(at(NOW + 1_000));
    expect(stepOf(view, 'b')?.waiting).toBeUndefined();
  });

  test('a map ends after its items, and not before those that are left can have taken turns', () => {
    const items = ['i0', 'i1', 'i2', 'i3'];
    const asMap = (view: Workflow): Workflow => ({
      ...view,
      steps: view.steps.map((step) =>
        items.includes(step.id)
          ? { ...step, role: 'item', of: 'map', dependsOn: ['map'] }
          : { ...step, ...(step.id === 'map' ? { control: 'map' as const } : {}) },
      ),
    });
    const dependencies = { map: [], i0: [], i1: [], i2: [], i3: [], after: ['map'] };
    const queued = { state: 'queued' as const, estimateMs: 1_000 };
    const given = {
      map: { state: 'running' as const, startedAt: NOW - 5, estimateMs: 1_000 },
      after: { estimateMs: 10 },
    };
    const all = { ...given, i0: queued, i1: queued, i2: queued, i3: queued };
    const view = outlookOf(dependencies, all, NOBODY, asMap);
    expect(stepOf(view, 'map')?.expectedEndAt).toBe(at(NOW + 1_000));
    const runOfTwo = runOf('w0', dependencies);
    const steps = runOfTwo.spec.steps.map((step) =>
      step.id === 'map'
        ? { ...step, map: { over: '$.run.input', toleratedFailures: 0, collect: true, concurrency: 2 } }
        : step,
    );
    const record = { ...runOfTwo, spec: { ...runOfTwo.spec, steps } };
    const tasks = new Map(Object.entries(all).map(([id, each]) => task(id, each)));
    const limited = withOutlook(asMap(workflowView(record, tasks)), record, tasks, {
      now: NOW,
      learned: NOBODY,
    });
    expect(stepOf(limited, 'map')?.expectedEndAt).toBe(at(NOW + 2_000));
    // Items that take turns have no slack: one that takes longer takes the time of another.
    expect(stepOf(limited, 'i0')?.slackMs).toBe(0);
  });
});
