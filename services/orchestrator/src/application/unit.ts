import { isTerminal, type Event, type JsonValue } from '@multiswarm/contracts';
import type { EventDraft, TaskRecord, Transition } from '../domain/task/record';
import type { RunProgress, RunRecord } from '../domain/workflow/run';
import type { Write } from '../ports';

/** Numbers the events of each root without a gap. */
export class EventNumbers {
  private readonly last: Map<string, number>;

  constructor(lengths: ReadonlyMap<string, number> = new Map()) {
    this.last = new Map(lengths);
  }

  next(root: string): number {
    const seq = (this.last.get(root) ?? 0) + 1;
    this.last.set(root, seq);
    return seq;
  }

  forget(root: string): void {
    this.last.delete(root);
  }
}

/** Collects the writes of one unit: what one command changes, in the order in which it happened. */
export class UnitBuilder {
  readonly writes: Write[] = [];

  constructor(
    private readonly numbers: EventNumbers,
    private readonly now: number,
  ) {}

  task(before: TaskRecord | undefined, next: Transition): void {
    const { record } = next;
    if (before?.state !== record.state) {
      if (before) this.writes.push({ kind: 'count', state: before.state, by: -1 });
      this.writes.push({ kind: 'count', state: record.state, by: 1 });
    }
    this.writes.push({ kind: 'task', record, isNew: before === undefined });
    for (const draft of next.events) this.taskEvent(record, draft);
  }

  run(record: RunRecord, progress: RunProgress, draft: EventDraft | undefined, isNew: boolean): void {
    this.writes.push({ kind: 'run', record, progress, isNew });
    if (draft) this.push({ ...draft, root: record.id, namespace: record.spec.namespace, workflowId: record.id });
  }

  progress(runId: string, progress: RunProgress): void {
    this.writes.push({ kind: 'run-progress', runId, progress });
  }

  rootEnded(root: string, expiresAt: number): void {
    this.writes.push({ kind: 'root-ended', root, expiresAt });
  }

  private taskEvent(record: TaskRecord, draft: EventDraft): void {
    const { workflowId, step, namespace } = record.spec;
    const attempt = record.attempts.at(-1);
    const placed = attempt && record.attempt > 0 && ['task.assigned', 'task.running', 'task.refused', 'task.lost', 'task.succeeded', 'task.failed', 'task.backoff'].includes(draft.type);
    this.push({
      ...draft,
      root: workflowId ?? record.id,
      namespace,
      taskId: record.id,
      ...(workflowId === undefined ? {} : { workflowId }),
      ...(step === undefined ? {} : { step }),
      ...(placed ? { attempt: record.attempt, swarmId: attempt.swarmId, region: attempt.region } : {}),
    });
  }

  private push(event: { type: Event['type']; data?: Record<string, JsonValue>; root: string; namespace: string } & Partial<Event>): void {
    this.writes.push({ kind: 'event', event: { v: 1, seq: this.numbers.next(event.root), at: this.now, ...event } });
  }
}

/** Whether a record has to stay in an owner's memory. */
export function isActive(record: TaskRecord): boolean {
  return !isTerminal(record.state);
}
