import type { Event, JsonValue } from '@multiswarm/contracts';
import type { Effect, EventDraft, TaskRecord, Transition } from '../domain/task/record';
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

/** Events that belong to an attempt, and say where it ran. */
const OF_AN_ATTEMPT: ReadonlySet<string> = new Set<Event['type']>([
  'task.assigned',
  'task.running',
  'task.refused',
  'task.lost',
  'task.backoff',
  'task.succeeded',
  'task.failed',
]);

/**
 * What one command changes, in the order in which it happened: the writes of one unit, and the effects that wait for
 * their commit.
 */
export class Change {
  readonly writes: Write[] = [];
  readonly effects: { effect: Effect; record: TaskRecord }[] = [];

  constructor(
    private readonly numbers: EventNumbers,
    readonly now: number,
  ) {}

  task(before: TaskRecord | undefined, { record, events, effects }: Transition): void {
    if (before?.state !== record.state) {
      if (before) this.writes.push({ kind: 'count', state: before.state, by: -1 });
      this.writes.push({ kind: 'count', state: record.state, by: 1 });
    }
    this.writes.push({ kind: 'task', record, isNew: before === undefined });
    for (const draft of events) this.taskEvent(record, draft);
    for (const effect of effects) this.effects.push({ effect, record });
  }

  run(record: RunRecord, progress: RunProgress, draft: EventDraft, isNew: boolean): void {
    this.writes.push({ kind: 'run', record, progress, isNew });
    this.event({ ...draft, root: record.id, namespace: record.spec.namespace, workflowId: record.id });
  }

  progress(runId: string, progress: RunProgress): void {
    this.writes.push({ kind: 'run-progress', runId, progress });
  }

  rootEnded(root: string, expiresAt: number): void {
    this.writes.push({ kind: 'root-ended', root, expiresAt });
    this.numbers.forget(root);
  }

  forget(root: string, taskIds: string[]): void {
    this.writes.push({ kind: 'forget', root, taskIds });
  }

  private taskEvent(record: TaskRecord, draft: EventDraft): void {
    const { workflowId, step, namespace } = record.spec;
    const attempt = OF_AN_ATTEMPT.has(draft.type) ? record.attempts.at(-1) : undefined;
    this.event({
      ...draft,
      root: workflowId ?? record.id,
      namespace,
      taskId: record.id,
      ...(workflowId === undefined ? {} : { workflowId }),
      ...(step === undefined ? {} : { step }),
      ...(attempt ? { attempt: attempt.attempt, swarmId: attempt.swarmId, region: attempt.region } : {}),
    });
  }

  private event(
    event: Partial<Event> & {
      type: Event['type'];
      root: string;
      namespace: string;
      data?: Record<string, JsonValue>;
    },
  ): void {
    this.writes.push({
      kind: 'event',
      event: { v: 1, seq: this.numbers.next(event.root), at: this.now, ...event },
    });
  }
}
