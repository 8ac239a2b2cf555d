import { AddStepsRequest, isTerminal, MultiswarmError } from '@multiswarm/contracts';
import fc from 'fast-check';
import { RUN, RunDriver } from '../../test/support/run-driver';
import { faultsOf, faultsOfEnded } from '../../test/support/run-reference';
import type { TaskRecord } from '../domain/task/record';
import type { RunCommand } from '../domain/workflow/run-command';

const PAST_EVERY_TIMER_MS = 60_000;

/** What stands for a step, and what its agents make of it. */
const step = fc.record({
  kind: fc.constantFrom('work', 'work', 'work', 'late work', 'map', 'wait', 'approval', 'sleep', 'workflow'),
  before: fc.array(fc.nat(11), { maxLength: 3 }),
  join: fc.constantFrom(undefined, undefined, 'any', 'none-failed', 'all-ended', 2),
  when: fc.constantFrom(undefined, undefined, undefined, undefined, 'true', 'false', 'run.input[9] > 1'),
  fails: fc.nat(3).map((n) => n === 0),
  continueOnFailure: fc.nat(4).map((n) => n === 0),
  undo: fc.boolean(),
  items: fc.nat(5),
  concurrency: fc.constantFrom(undefined, 1, 2),
  tolerated: fc.nat(2),
  estimateMs: fc.constantFrom(undefined, 5, 50),
});
type Drawn = typeof step extends fc.Arbitrary<infer S> ? S : never;

const happening = fc.record({
  kind: fc.constantFrom(
    ...(['finish', 'finish', 'finish', 'finish', 'finish', 'finish', 'signal', 'approve', 'refuse'] as const),
    ...(['pause', 'resume', 'resume', 'add', 'pass', 'cancel', 'cancel step', 'repeat'] as const),
  ),
  pick: fc.nat(50),
  /** Another owner takes over after each commit of it. */
  crashes: fc.boolean(),
});
type Happening = typeof happening extends fc.Arbitrary<infer H> ? H : never;

const drawn = fc.record({
  steps: fc.array(step, { minLength: 1, maxLength: 12 }),
  onFailure: fc.constantFrom(undefined, undefined, 'stop'),
  concurrency: fc.constantFrom(undefined, undefined, 1, 3),
  timeoutMs: fc.constantFrom(undefined, undefined, undefined, PAST_EVERY_TIMER_MS / 2),
  schedule: fc.array(happening, { maxLength: 40 }),
});
type Case = typeof drawn extends fc.Arbitrary<infer C> ? C : never;

const idOf = (at: number): string => `s${at}`;

function given(each: Drawn, at: number): Record<string, unknown> {
  const { kind, join, when, continueOnFailure, undo, estimateMs, items } = each;
  const map = {
    over: `$.run.input[0:${items}]`,
    concurrency: each.concurrency,
    toleratedFailures: each.tolerated,
  };
  const inner = {
    tasks: [
      { id: 'x', type: 'build', ...(undo ? { compensate: { type: 'undo' } } : {}) },
      { id: 'y', type: 'build' },
    ],
    dependencies: { y: ['x'] },
  };
  const does = {
    ...{ work: { type: 'build' }, 'late work': { type: 'build', waitFor: { signal: 'go' } } },
    ...{ map: { type: 'build', map }, wait: { waitFor: { signal: 'go', timeoutMs: 20_000 } } },
    ...{ approval: { approval: {} }, sleep: { sleep: { ms: 5_000 } }, workflow: { workflow: inner } },
  }[kind];
  return JSON.parse(
    JSON.stringify({
      ...{ id: idOf(at), ...does, when, estimateMs },
      join: typeof join === 'number' ? { atLeast: join } : join,
      ...(continueOnFailure ? { continueOnFailure } : {}),
      ...(undo ? { compensate: { type: 'undo' } } : {}),
    }),
  ) as Record<string, unknown>;
}

/** A run of a case: with owners that are replaced where the schedule says so, or with one only. */
class Play {
  readonly driver = new RunDriver();
  private added = 0;
  private readonly said: RunCommand[] = [];

  constructor(
    private readonly drawn: Case,
    private readonly mayCrash: boolean,
  ) {
    const { steps, onFailure, concurrency, timeoutMs } = drawn;
    const dependencies = Object.fromEntries(
      steps.map(({ before }, at) => [idOf(at), [...new Set(before.filter((n) => n < at).map(idOf))]]),
    );
    const tasks = steps.map((each, at) => given(each, at));
    const conduct = JSON.parse(JSON.stringify({ onFailure, concurrency, timeoutMs })) as object;
    this.driver.submit({ tasks, dependencies, ...conduct, input: [0, 1, 2, 3, 4] });
    this.check();
  }

  toTheEnd(): this {
    this.drawn.schedule.forEach((each, at) => {
      this.driver.crashes = this.mayCrash && each.crashes;
      this.happens(each, at);
      this.check();
    });
    this.driver.crashes = false;
    for (let round = 0; this.driver.active() && round < 300; round += 1) this.bringToAnEnd(round);
    return this;
  }

  private happens({ kind, pick }: Happening, at: number): void {
    switch (kind) {
      case 'finish':
        return this.finish(pick);
      case 'signal':
        return this.tell({ kind: 'signal', name: 'go', payload: at, at });
      case 'approve':
      case 'refuse': {
        const steps = this.drawn.steps.flatMap((each, n) => (each.kind === 'approval' ? [idOf(n)] : []));
        const step = steps[pick % steps.length];
        if (step) this.tell({ kind: 'approve', step, approved: kind === 'approve', at });
        return;
      }
      case 'pause':
      case 'cancel':
        return this.tell({ kind, reason: 'enough' });
      case 'resume':
        return this.tell({ kind });
      case 'add':
        return this.add(pick);
      case 'repeat': {
        const last = this.said.at(-1);
        return last && this.tell(last);
      }
      case 'cancel step': {
        const open = this.sorted(this.driver.allTasks().filter(({ state }) => !isTerminal(state)));
        const task = open[pick % open.length];
        if (task && pick % 3 === 0)
          this.driver.change(
            (state, change) => void state.apply(task.id, { kind: 'cancel', reason: 'no' }, change),
          );
        return this.driver.passDue();
      }
      case 'pass':
        return this.driver.pass(10_000);
    }
  }

  private add(pick: number): void {
    const id = `added${(this.added += 1)}`;
    const wait = { id, waitFor: { signal: 'go' } };
    const work = { id, type: 'build', compensate: { type: 'undo' } };
    const dependencies = pick % 2 === 0 ? {} : { [id]: [idOf(pick % this.drawn.steps.length)] };
    const request = AddStepsRequest.parse({ tasks: [pick % 3 === 0 ? wait : work], dependencies });
    this.tell({ kind: 'add-steps', added: request });
  }

  private bringToAnEnd(round: number): void {
    this.tell({ kind: 'resume' });
    this.tell({ kind: 'signal', name: 'go', payload: null, at: 1_000 + round });
    this.drawn.steps.forEach(({ kind }, n) => {
      if (kind === 'approval') this.tell({ kind: 'approve', step: idOf(n), approved: true, at: 1_000 });
    });
    this.finish(0);
    if (round % 10 === 9) this.driver.pass(10_000);
    this.check();
  }

  private tell(command: RunCommand): void {
    if (!this.driver.active()) return;
    this.said.push(command);
    try {
      this.driver.tell(command);
    } catch (error) {
      if (!(error instanceof MultiswarmError)) throw error;
    }
    this.driver.passDue();
  }

  private finish(pick: number): void {
    const queued = this.sorted(
      this.driver.allTasks().filter(({ state, paused }) => state === 'queued' && !paused),
    );
    const task = queued[pick % queued.length];
    const { step = '', workflowId } = task?.spec ?? {};
    if (task) this.driver.finish(step, this.fails(task) ? { fails: 'no' } : { output: step }, workflowId);
  }

  /** By what is drawn for the step, of an item for one in the middle, of a sub-workflow for its second step. */
  private fails({ spec: { step = '', workflowId } }: TaskRecord): boolean {
    const parent = workflowId === RUN ? undefined : this.driver.run(workflowId).spec.parent?.step;
    const [, number = '', index] = /s(\d+)(?:\[(\d)\])?$/.exec(parent ?? step) ?? [];
    if (index !== undefined && index !== '1' && index !== '2') return false;
    return step !== 'x' && this.drawn.steps[Number(number)]?.fails === true;
  }

  private sorted(tasks: TaskRecord[]): TaskRecord[] {
    return tasks.sort((one, other) => (this.label(one) < this.label(other) ? -1 : 1));
  }

  private label({ spec: { step = '', workflowId } }: TaskRecord): string {
    return workflowId === RUN ? step : `${this.driver.run(workflowId).spec.parent?.step ?? ''} ${step}`;
  }

  private get runs(): string[] {
    return [...this.driver.table.data(0).runs.keys()];
  }

  /** What holds after every commit. */
  check(): void {
    const tasks = this.driver.table.data(0).tasks;
    for (const id of this.runs) {
      const run = this.driver.run(id);
      const taskOf = ({ id: step, taskId }: { id: string; taskId: string }): TaskRecord => {
        const task = tasks.get(taskId);
        if (!task) throw new Error(`${step} of ${id} has no task`);
        return task;
      };
      const faults = faultsOf(run, taskOf);
      if (run.state !== 'running' && run.error?.code !== 'workflow-timeout')
        faults.push(...faultsOfEnded(run, taskOf));
      const { parent } = run.spec;
      const above = parent && tasks.get(parent.taskId)?.state;
      if (run.state === 'running' ? above === 'succeeded' || above === 'failed' : above === 'waiting')
        faults.push(`its step above is ${above}, and it is ${run.state}`);
      if (above && run.state !== 'running' && run.state !== 'succeeded' && above === 'succeeded')
        faults.push(`its step above has succeeded, and it is ${run.state}`);
      faults.push(...this.doubled(id));
      if (faults.length > 0) throw new Error(`${id}: ${faults.join('; ')}`);
    }
  }

  /** No step starts twice or ends twice, and neither does the run. Also tells of gaps in the numbers of events. */
  private doubled(run: string): string[] {
    const counted = this.driver
      .events(run)
      .filter((event) =>
        /^(task\.(queued|waiting|succeeded|failed|cancelled|expired|skipped)|workflow\.(submitted|succeeded|failed|cancelled|compensating))/.test(
          event,
        ),
      );
    return counted.filter((event, at) => counted.indexOf(event) !== at).map((event) => `twice: ${event}`);
  }

  /** How all has ended. */
  get ends(): Record<string, string> {
    return Object.fromEntries([
      ...this.runs.map((id) => [
        `run ${this.driver.run(id).spec.parent?.step ?? ''}`,
        this.driver.run(id).state,
      ]),
      ...this.driver.allTasks().map((task) => [this.label(task), `${task.state} ${task.error?.code ?? ''}`]),
    ]) as Record<string, string>;
  }
}

test('any workflow, whatever happens to it and whichever owners it has, does what its definition says, once', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(drawn, (each) => {
      const calm = new Play(each, false).toTheEnd();
      const crashed = new Play(each, true).toTheEnd();
      expect(calm.driver.active()).toBeUndefined();
      expect(crashed.ends).toEqual(calm.ends);
      for (const end of Object.values(calm.ends)) seen.add(end);
    }),
    { numRuns: 400 },
  );
  // Nothing was missed for want of luck.
  expect([...seen]).toEqual(
    expect.arrayContaining(['failed items-failed', 'failed rejected', 'failed child-failed']),
  );
  expect([...seen]).toEqual(
    expect.arrayContaining(['skipped upstream-skipped', 'skipped condition-false', 'cancelled']),
  );
});
