import { isTerminal, type Event, type EventType } from '@multiswarm/contracts';
import type { Clock } from '@multiswarm/core';
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

/** As it was committed. */
export type Ended = { kind: 'task'; record: TaskRecord } | { kind: 'run'; record: RunRecord };

/** @param ended where the owner of its shard is in this process */
type Listener = (ended?: Ended) => void;

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
  private readonly listeners = new Map<string, Set<Listener>>();

  constructor(private readonly clock: Clock) {}

  /** What an owner in this process has committed. */
  committed(writes: readonly Write[]): void {
    if (this.listeners.size === 0) return;
    for (const write of writes) {
      if (write.kind === 'task') {
        const { record } = write;
        if (isTerminal(record.state)) this.ended(record.id, { kind: 'task', record });
      } else if (write.kind === 'run') {
        const { record } = write;
        if (record.state !== 'running') this.ended(record.id, { kind: 'run', record });
      } else if (write.kind === 'event') this.observe([write.event]);
    }
  }

  /** Events of other replicas. */
  observe(events: Iterable<Event>): void {
    for (const { type, taskId, root } of events) {
      if (this.listeners.size === 0) return;
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
    const set = this.listeners.get(id) ?? new Set();
    this.listeners.set(id, set.add(listener));
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
        set.delete(listener);
        if (set.size === 0 && this.listeners.get(id) === set) this.listeners.delete(id);
        signal?.removeEventListener('abort', gone);
      },
    };
  }

  private ended(id: string, ended?: Ended): void {
    for (const listener of this.listeners.get(id) ?? []) listener(ended);
  }
}
