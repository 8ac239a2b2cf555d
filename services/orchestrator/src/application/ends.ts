import { isTerminal, type Event, type EventType } from '@multiswarm/contracts';
import { SlotMap, type Clock } from '@multiswarm/core';
import type { TaskRecord } from '../domain/task/record';
import type { RunRecord } from '../domain/workflow/run';
import type { Write } from '../ports';

const ENDS: ReadonlySet<EventType> = new Set<EventType>([
  'task.succeeded',
  'task.failed',
  'task.cancelled',
  'task.expired',
  'task.skipped',
  'workflow.succeeded',
  'workflow.failed',
  'workflow.cancelled',
]);

/** As it was committed; of a run also those of its steps that have changed while somebody waited, by task id. */
export type Ended =
  | { kind: 'task'; record: TaskRecord }
  | { kind: 'run'; record: RunRecord; steps: ReadonlyMap<string, TaskRecord> };

/** @param ended where the owner of its shard is in this process */
type Listener = (ended?: Ended) => void;

/** Who waits for one task or run. */
interface Waiters {
  listeners: Set<Listener>;
  /** Of a run: its steps as they were committed last. */
  steps: Map<string, TaskRecord>;
}

export interface News {
  /**
   * Resolves when the end has come (also when it came before), the caller has gone or the time is over.
   * @returns what has ended, where it is known here
   */
  wait: (ms: number) => Promise<Ended | undefined>;
  stop: () => void;
}

/** Who waits for which task or run to end. Nothing else wakes them: what they wait for would be read in vain. */
export class Ends {
  private readonly waiters = new SlotMap<string, Waiters>();

  constructor(private readonly clock: Clock) {}

  /** What an owner in this process has committed. */
  committed(writes: readonly Write[]): void {
    if (this.waiters.size === 0) return;
    for (const write of writes) {
      if (write.kind === 'task') {
        const { record } = write;
        const { workflowId } = record.spec;
        if (workflowId !== undefined) this.waiters.get(workflowId)?.steps.set(record.id, record);
        if (isTerminal(record.state)) this.ended(record.id, { kind: 'task', record });
      } else if (write.kind === 'run') {
        const { record } = write;
        const waiters = record.state === 'running' ? undefined : this.waiters.get(record.id);
        // Nothing changes of its steps any more, but the same batch may still tell of one.
        if (waiters) this.ended(record.id, { kind: 'run', record, steps: waiters.steps });
      } else if (write.kind === 'event') this.observe([write.event]);
    }
  }

  /** Events of other replicas. */
  observe(events: Iterable<Event>): void {
    for (const { type, taskId, root } of events) {
      if (this.waiters.size === 0) return;
      if (ENDS.has(type)) this.ended(taskId ?? root);
    }
  }

  /** To be asked for before one looks, so that an end between the look and the wait is not missed. */
  newsOf(id: string, signal: AbortSignal | undefined): News {
    let heard: { ended: Ended | undefined } | undefined;
    let wake: Listener = (ended) => {
      heard ??= { ended };
    };
    const listener: Listener = (ended) => wake(ended);
    const gone = (): void => wake();
    const waiters = this.waiters.get(id) ?? { listeners: new Set(), steps: new Map() };
    waiters.listeners.add(listener);
    this.waiters.set(id, waiters);
    signal?.addEventListener('abort', gone, { once: true });
    return {
      wait: (ms) =>
        new Promise((resolve) => {
          if (heard) return resolve(heard.ended);
          const cancel = this.clock.after(ms, () => resolve(undefined));
          wake = (ended) => {
            cancel();
            resolve(ended);
          };
        }),
      stop: () => {
        waiters.listeners.delete(listener);
        if (waiters.listeners.size === 0 && this.waiters.get(id) === waiters) this.waiters.delete(id);
        signal?.removeEventListener('abort', gone);
      },
    };
  }

  private ended(id: string, ended?: Ended): void {
    for (const listener of this.waiters.get(id)?.listeners ?? []) listener(ended);
  }
}
