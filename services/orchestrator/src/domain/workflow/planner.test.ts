import { isTerminal, type TaskState } from '@multiswarm/contracts';
import { seededRandom, type Random } from '@multiswarm/core';
import fc from 'fast-check';
import { runOf, stepTaskId } from '../../../test/support/builders';
import { RunPlan, type PlanCommand, type StepState } from './planner';
import type { RunStep } from './run';

const blocked = (): StepState => ({ state: 'blocked' });

/** A random graph: a step depends on some of those before it, so there is no cycle. */
const graph = fc.array(fc.array(fc.nat(30), { maxLength: 4 }), { minLength: 1, maxLength: 30 }).map((edges) =>
  edges.map((upstream, index): RunStep => {
    const dependsOn = index === 0 ? [] : [...new Set(upstream.map((each) => `s${each % index}`))];
    return { id: `s${index}`, taskId: `t${index}`, type: 'build', dependsOn };
  }),
);
const outcomes = fc.constantFrom<TaskState[]>(
  ['succeeded'],
  ['succeeded', 'succeeded', 'succeeded', 'failed'],
  ['succeeded', 'succeeded', 'cancelled'],
  ['failed'],
);

function stepOf(command: PlanCommand): string {
  return 'step' in command ? command.step : '';
}

/** Drives a plan as a shard does, in random order, and checks every step on the way. */
class Execution {
  readonly states: Map<string, TaskState>;
  private readonly plan: RunPlan;
  private readonly byId: Map<string, RunStep>;
  private readonly started = new Set<string>();

  constructor(
    private readonly steps: RunStep[],
    private readonly random: Random,
    private readonly outcomeList: TaskState[],
  ) {
    this.states = new Map(steps.map((step) => [step.id, 'blocked']));
    this.byId = new Map(steps.map((step) => [step.id, step]));
    this.plan = new RunPlan({ steps }, blocked);
  }

  run(): void {
    for (const command of this.plan.begin()) this.follow(command, []);
    for (let next = this.pickQueued(); next !== undefined; next = this.pickQueued()) {
      expect(this.plan.ended).toBe(false);
      this.finish(next, this.pick(this.outcomeList));
      this.compareWithReloaded();
    }
    expect(this.plan.ended).toBe(true);
    expect([...this.states.values()].every(isTerminal)).toBe(true);
    expect(this.plan.outcome(false)).toBe(this.expectedOutcome());
  }

  private pickQueued(): string | undefined {
    const queued = [...this.states].filter(([, state]) => state === 'queued').map(([id]) => id);
    return queued.length === 0 ? undefined : this.pick(queued);
  }

  private pick<T>(list: T[]): T {
    return list[Math.floor(this.random.next() * list.length)] as T;
  }

  private unblock(step: string): void {
    expect(this.started.has(step)).toBe(false);
    this.started.add(step);
    for (const upstream of this.byId.get(step)?.dependsOn ?? [])
      expect(this.states.get(upstream)).toBe('succeeded');
    this.set(step, 'queued');
    expect(this.plan.plan(step, { state: 'queued' })).toEqual([]);
  }

  private finish(step: string, state: TaskState): void {
    for (const middle of ['assigned', 'running'] as const)
      expect(this.plan.plan(step, { state: middle })).toEqual([]);
    const pending: { step: string; state: TaskState }[] = [{ step, state }];
    for (let at = pending.shift(); at; at = pending.shift()) {
      this.set(at.step, at.state);
      for (const command of this.plan.plan(at.step, at)) this.follow(command, pending);
      expect(this.plan.plan(at.step, at)).toEqual([]); // what has ended plans nothing twice
    }
  }

  private follow(command: PlanCommand, pending: { step: string; state: TaskState }[]): void {
    if (command.kind === 'start') this.unblock(command.step);
    else {
      if (command.kind !== 'skip') throw new Error(`a graph without maps has no ${command.kind}`);
      expect(pending.some(({ step }) => step === command.step)).toBe(false);
      expect(this.states.get(command.because)).not.toBe('succeeded');
      expect(this.states.get(command.step)).toBe('blocked');
      pending.push({ step: command.step, state: 'skipped' });
    }
  }

  private set(step: string, state: TaskState): void {
    this.states.set(step, state);
  }

  /** Another owner that loads the run now must see what this one sees. */
  private compareWithReloaded(): void {
    const reloaded = new RunPlan({ steps: this.steps }, (step) => ({
      state: this.states.get(step.id) ?? 'blocked',
    }));
    expect(reloaded.ended).toBe(this.plan.ended);
    expect(reloaded.counts()).toEqual(this.plan.counts());
    expect(reloaded.begin()).toEqual([]);
    const recount: Record<string, number> = {};
    for (const state of this.states.values()) recount[state] = (recount[state] ?? 0) + 1;
    expect(this.plan.counts()).toEqual(recount);
    expect(reloaded.outcome(false)).toBe(this.plan.outcome(false));
  }

  private expectedOutcome(): string {
    const states = [...this.states.values()];
    if (states.includes('failed')) return 'failed';
    return states.includes('cancelled') ? 'cancelled' : 'succeeded';
  }
}

test('any graph in any order with any outcomes: each step starts or is skipped once, after what it waits for', () => {
  fc.assert(
    fc.property(graph, outcomes, fc.nat(), (steps, list, seed) => {
      new Execution(steps, seededRandom(seed), list).run();
    }),
    { numRuns: 200 },
  );
});

test('a plan that is loaded in the middle goes on as the one that ran from the beginning', () => {
  fc.assert(
    fc.property(graph, fc.nat(), (steps, seed) => {
      const random = seededRandom(seed);
      const states = new Map<string, TaskState>(steps.map((step) => [step.id, 'blocked']));
      let plan = new RunPlan({ steps }, blocked);
      const ready = plan.begin().map(stepOf);
      while (ready.length > 0) {
        const [step] = ready.splice(Math.floor(random.next() * ready.length), 1) as [string];
        states.set(step, 'succeeded');
        for (const command of plan.plan(step, { state: 'succeeded' })) {
          expect(command.kind).toBe('start');
          ready.push(stepOf(command));
        }
        plan = new RunPlan({ steps }, (each) => ({ state: states.get(each.id) ?? 'blocked' }));
      }
      expect(plan.ended).toBe(true);
      expect(plan.outcome(false)).toBe('succeeded');
    }),
    { numRuns: 100 },
  );
});

test('a run of which steps were skipped for a cancellation is cancelled, otherwise failed', () => {
  const { steps } = runOf('w0-00000001', { a: [], b: ['a'] }).spec;
  const plan = new RunPlan({ steps }, (step) => ({ state: step.id === 'a' ? 'succeeded' : 'skipped' }));
  expect(plan.outcome(true)).toBe('cancelled');
  expect(plan.outcome(false)).toBe('failed');
});

test('a step that nobody knows is a broken invariant, not a silent no', () => {
  const plan = new RunPlan(runOf('w0-00000001', { a: [] }).spec, blocked);
  expect(() => plan.plan('b', { state: 'succeeded' })).toThrow(/invariant: the run has no step "b"/);
  expect(stepTaskId('a')).toBe('t0-0000000a');
});
