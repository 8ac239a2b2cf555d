import {
  isTerminal,
  isRunId,
  WorkflowSubmission,
  type JsonValue,
  type PayloadRef,
  type TaskState,
  type Usage,
} from '@multiswarm/contracts';
import { ManualClock, seededRandom } from '@multiswarm/core';
import type { ActiveRun } from '../../src/application/active-run';
import type { Change } from '../../src/application/change';
import { DueTimes } from '../../src/application/due-times';
import { tellRun } from '../../src/application/run-commands';
import { ShardState } from '../../src/application/shard-state';
import type { TaskRecord } from '../../src/domain/task/record';
import { buildRun, childIdOf, type BuiltRun } from '../../src/domain/workflow/build';
import { withChildren } from '../../src/domain/workflow/children';
import type { RunRecord } from '../../src/domain/workflow/run';
import type { RunCommand } from '../../src/domain/workflow/run-command';
import { placement, TRACEPARENT } from './builders';
import { ShardTable } from './shard-table';

export const RUN = 'w0-00000001';

/** What an agent makes of a step: an output, given or stored, or a failure. */
export type Outcome =
  { output: JsonValue; usage?: Usage } | { outputRef: PayloadRef } | { fails: string } | 'cancelled';

/**
 * Runs of one shard without a fleet: the state of an owner, a store that keeps every commit, and agents that are played by the
 * test. The owner can be replaced after any commit by one that knows only what is stored.
 */
export class RunDriver {
  readonly clock = new ManualClock(0);
  readonly table = new ShardTable(() => this.lease);
  state: ShardState;
  /** Replaces the owner after every commit. */
  crashes = false;
  private readonly lease = { epoch: 1, batchSeq: 0 };
  private ids = 1_000;
  private due: string[] = [];

  constructor() {
    this.state = this.load();
  }

  /** @returns the record of the run as it was accepted */
  submit(given: unknown, id = RUN, facts: { input?: JsonValue } = {}): RunRecord {
    const built = this.built(given, id, facts);
    this.change((state, change) => state.addRun(built, change));
    return built.record;
  }

  built(given: unknown, id = RUN, facts: { input?: JsonValue } = {}): BuiltRun {
    const { namespace, name, metadata, priority, input, ...body } = WorkflowSubmission.parse(given);
    const known = { namespace, name, metadata, priority, input: facts.input ?? input };
    return buildRun(
      withChildren(body),
      { id, ...known, traceparent: TRACEPARENT, bodyHash: 'hash' },
      { taskId: () => this.nextId(), order: () => (this.ids += 1), capped: (spec) => spec },
      this.clock.now(),
    );
  }

  readonly nextId = (): string => `t0-${String((this.ids += 1)).padStart(8, '0')}`;

  /** Makes a change, commits it and settles it. */
  change(make: (state: ShardState, change: Change) => void): void {
    const change = this.state.change();
    make(this.state, change);
    change.seal();
    if (change.writes.length > 0) {
      const { epoch, batchSeq: after } = this.lease;
      this.table.commit({ shard: 0, epoch, after, batchSeq: after + 1, writes: change.writes });
    }
    this.state.settle(change);
    if (this.crashes && change.writes.length > 0) this.crash();
  }

  /** Another owner takes over, with what is stored. */
  crash(): void {
    this.due = [];
    this.state = this.load();
    this.passDue();
  }

  tell(command: RunCommand, id = RUN): void {
    this.change((state, change) => {
      const run = state.runs.get(id);
      if (!run) throw new Error(`${id} has ended`);
      tellRun(state, run, command, change, this.nextId);
    });
  }

  /** Lets time pass, and what is due happen. */
  pass(ms: number): void {
    this.clock.advance(ms);
    this.passDue();
  }

  /** What has come due; with it a run goes on with what one change could not take. */
  passDue(): void {
    for (let round = 0; round < 1_000; round += 1) {
      this.clock.advance(1);
      const ids = this.due.splice(0);
      if (ids.length === 0) return;
      this.change((state, change) => {
        for (const id of ids)
          if (isRunId(id)) state.runs.due(id, change);
          else state.apply(id, { kind: 'due' }, change);
      });
    }
    throw new Error('what is due does not come to an end');
  }

  /** An agent runs a step that is queued, and ends it. */
  finish(step: string, outcome: Outcome = { output: step }, run = RUN): void {
    const task = this.task(step, run);
    if (task.state !== 'queued') throw new Error(`${step} is ${task.state}, not queued`);
    const attempt = task.attempt + 1;
    this.change((state, change) => {
      state.apply(task.id, { kind: 'assign', attempt, placement: placement() }, change);
    });
    this.change((state, change) => {
      state.apply(task.id, { kind: 'finished', attempt, ...reported(outcome) }, change);
    });
    this.passDue();
  }

  /** Steps of a run that are in a state, in the order in which the scheduler would take them. */
  steps(state: TaskState, run = RUN): string[] {
    return this.tasksOf(run)
      .filter((task) => task.state === state)
      .sort((one, other) => one.order - other.order)
      .map(({ spec }) => spec.step ?? '');
  }

  states(run = RUN): Record<string, TaskState> {
    return Object.fromEntries(this.tasksOf(run).map(({ spec, state }) => [spec.step ?? '', state]));
  }

  task(step: string, run = RUN): TaskRecord {
    const found = this.tasksOf(run).find(({ spec }) => spec.step === step);
    if (!found) throw new Error(`${run} has no step ${step}`);
    return found;
  }

  /** What the swarm gets. */
  input(step: string, run = RUN): JsonValue {
    return this.state.runs.inputOf(this.task(step, run));
  }

  run(id = RUN): RunRecord {
    const found = this.table.data(0).runs.get(id);
    if (!found) throw new Error(`there is no run ${id}`);
    return found.run;
  }

  active(id = RUN): ActiveRun | undefined {
    return this.state.runs.get(id);
  }

  /** The run that a step has started. */
  child(step: string, run = RUN): string {
    return childIdOf(this.task(step, run).id);
  }

  /** Ends every step that is queued, of all runs, until nothing is. */
  finishAll(outcomeOf: (step: string) => Outcome = (step) => ({ output: step })): string[] {
    const order: string[] = [];
    for (;;) {
      const next = this.allTasks()
        .filter(({ state, paused }) => state === 'queued' && !paused)
        .sort((one, other) => one.order - other.order || (one.id < other.id ? -1 : 1))[0];
      if (!next) return order;
      const { step = '', workflowId } = next.spec;
      order.push(step);
      this.finish(step, outcomeOf(step), workflowId);
    }
  }

  allTasks(): TaskRecord[] {
    return [...this.table.data(0).tasks.values()];
  }

  /** Types of events of a run, in their order; they are numbered without a gap. */
  events(run = RUN): string[] {
    const events = this.table.data(0).histories.get(run) ?? [];
    events.forEach(({ seq }, index) => {
      if (seq !== index + 1) throw new Error(`event ${seq} stands at ${index + 1}`);
    });
    return events.map(({ type, step }) => (step === undefined ? type : `${type} ${step}`));
  }

  private tasksOf(run: string): TaskRecord[] {
    return this.allTasks().filter(({ spec }) => spec.workflowId === run);
  }

  private load(): ShardState {
    const due = new DueTimes(this.clock, (ids) => this.due.push(...ids));
    return new ShardState(this.table.loadActive(0), {
      ...{ clock: this.clock, random: seededRandom(1), due, retentionMs: () => 1_000 },
      ...{ taskId: this.nextId, capped: (spec) => spec, hotWaiting: 10, letGo: () => undefined },
      attemptBase: 0,
    });
  }
}

function reported(outcome: Outcome): {
  outcome: 'succeeded' | 'failed' | 'cancelled';
  result: {
    startedAt: number;
    finishedAt: number;
    output?: JsonValue;
    outputRef?: PayloadRef;
    usage?: Usage;
    error?: { code: string; message: string; retryable: boolean };
  };
} {
  const times = { startedAt: 0, finishedAt: 1 };
  if (outcome === 'cancelled') return { outcome: 'cancelled', result: times };
  if ('fails' in outcome)
    return {
      outcome: 'failed',
      result: { ...times, error: { code: outcome.fails, message: outcome.fails, retryable: false } },
    };
  return { outcome: 'succeeded', result: { ...times, ...outcome } };
}

/** Whether all tasks of the shard have ended. */
export function allEnded(driver: RunDriver): boolean {
  return driver.allTasks().every(({ state }) => isTerminal(state));
}
