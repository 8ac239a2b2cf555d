import type { Event, TaskState } from '@multiswarm/contracts';
import {
  isHeld,
  type Effect,
  type EventDraft,
  type TaskRecord,
  type Transition,
} from '../domain/task/record';
import { isOrdinary, laterEvents, staysOrdinary } from '../domain/task/told-events';
import type { RunProgress, RunRecord, RunStep } from '../domain/workflow/run';
import type { Write } from '../ports';

/** Events that belong to an attempt, and say where it ran. */
const OF_AN_ATTEMPT: ReadonlySet<string> = new Set<Event['type']>([
  'task.assigned',
  'task.running',
  'task.refused',
  'task.lost',
  'task.backoff',
  'task.progress',
  'task.succeeded',
  'task.failed',
  'task.late-result',
]);
/** These may end an attempt, or a task that was not placed. */
const PERHAPS_OF_AN_ATTEMPT: ReadonlySet<string> = new Set<Event['type']>(['task.cancelled', 'task.expired']);

/** Counts the events of one run, and tells its progress. */
export interface EventCounter {
  readonly record: Pick<RunRecord, 'id'>;
  next(): number;
  progress(): RunProgress;
}

/** Of a run whose record may change. */
export interface RunCounter extends EventCounter {
  readonly record: RunRecord;
}

/**
 * What one command changes, in the order in which it happened: the writes of one unit, and the effects that wait for
 * their commit.
 *
 * E1. The events of a root are numbered from 1 without a gap: a lone task counts its own, a run counts those of its steps.
 */
export class Change {
  readonly writes: Write[] = [];
  readonly effects: { effect: Effect; record: TaskRecord }[] = [];
  /** How many more tasks are in each state. */
  private readonly counts = new Map<TaskState, number>();
  private readonly runs = new Set<EventCounter>();

  constructor(readonly now: number) {}

  /** @param run counts the events where the task is a step */
  task(before: TaskRecord | undefined, { record, events, effects }: Transition, run?: EventCounter): void {
    if (before?.state !== record.state) {
      if (before) this.count(before.state, -1);
      this.count(record.state, 1);
    }
    const from = record.events;
    // A transition hands over a record of its own, which nobody else has seen yet: E1.
    if (run) this.runs.add(run);
    else record.events = from + events.length;
    const told = run === undefined && this.tellsItself(before, record);
    const isNew = before === undefined;
    this.writes.push({ kind: 'task', record, isNew, was: before?.state, tells: told ? events.length : 0 });
    if (!told) this.taskEvents(record, events, from, before !== undefined && isHeld(before), run);
    for (const effect of effects) this.effects.push({ effect, record });
  }

  run(run: RunCounter, draft: EventDraft, isNew: boolean): void {
    const { record } = run;
    const { id, spec } = record;
    const seq = run.next();
    this.runs.add(run);
    this.writes.push({ kind: 'run', record, progress: run.progress(), isNew });
    const event: Event = {
      v: 1,
      seq,
      at: this.now,
      ...draft,
      root: id,
      namespace: spec.namespace,
      workflowId: id,
    };
    this.writes.push({ kind: 'event', event });
  }

  /** The record of a run, without an event. */
  runState(run: RunCounter): void {
    this.runs.add(run);
    this.writes.push({ kind: 'run', record: run.record, progress: run.progress(), isNew: false });
  }

  /** Steps that a run gets, behind the first `from`. */
  runSteps(run: RunCounter, from: number, steps: readonly RunStep[]): void {
    this.runs.add(run);
    this.writes.push({ kind: 'run-steps', runId: run.record.id, from, steps });
  }

  /** To be called once, before the commit: what is written once however much has changed. */
  seal(): void {
    for (const [state, by] of this.counts) if (by !== 0) this.writes.push({ kind: 'count', state, by });
    this.counts.clear();
    for (const run of this.runs)
      this.writes.push({ kind: 'run-progress', runId: run.record.id, progress: run.progress() });
    this.runs.clear();
  }

  rootEnded(root: string, expiresAt: number): void {
    this.writes.push({ kind: 'root-ended', root, expiresAt });
  }

  rootReopened(root: string): void {
    this.writes.push({ kind: 'root-reopened', root });
  }

  forget(root: string, taskIds: string[]): void {
    this.writes.push({ kind: 'forget', root, taskIds });
  }

  private count(state: TaskState, by: number): void {
    this.counts.set(state, (this.counts.get(state) ?? 0) + by);
  }

  /** @returns whether the record tells the events of this change; where it only did so until now they are kept from now on */
  private tellsItself(before: TaskRecord | undefined, record: TaskRecord): boolean {
    if (before ? isOrdinary(before) && staysOrdinary(before, record) : isOrdinary(record)) return true;
    record.historyKept = true;
    if (before && isOrdinary(before))
      for (const event of laterEvents(before)) this.writes.push({ kind: 'keep', event });
    return false;
  }

  private taskEvents(
    record: TaskRecord,
    drafts: readonly EventDraft[],
    from: number,
    held: boolean,
    run: EventCounter | undefined,
  ): void {
    let seq = from;
    for (const draft of drafts) {
      seq = run ? run.next() : seq + 1;
      this.taskEvent(record, draft, seq, held);
    }
  }

  private taskEvent(
    { id, spec, attempts }: TaskRecord,
    { type, attempt: number, swarmId, data }: EventDraft,
    seq: number,
    held: boolean,
  ): void {
    const { workflowId, step, namespace } = spec;
    const ofAttempt = OF_AN_ATTEMPT.has(type) || (held && PERHAPS_OF_AN_ATTEMPT.has(type));
    const attempt = ofAttempt ? attemptOf(attempts, number) : undefined;
    // All events have one shape, and so do all their writes: they are made several times for every task.
    const event: Event = {
      v: 1,
      seq,
      at: this.now,
      type,
      root: workflowId ?? id,
      namespace,
      taskId: id,
      workflowId,
      step,
      attempt: attempt?.attempt,
      swarmId: swarmId ?? attempt?.swarmId,
      region: attempt?.region,
      data,
    };
    this.writes.push({ kind: 'event', event });
  }
}

/** @param number undefined: the last one */
function attemptOf(
  attempts: TaskRecord['attempts'],
  number: number | undefined,
): TaskRecord['attempts'][0] | undefined {
  return number === undefined
    ? attempts[attempts.length - 1]
    : attempts.find(({ attempt }) => attempt === number);
}
