import type { NamespaceSettings } from '@multiswarm/contracts';
import type { TaskRecord } from '../../../services/orchestrator/src/domain/task/record';
import type { Findings } from './findings';

/** 5: how many current attempts each limited key has in the committed truth. */
export class LimitBook {
  private readonly counts = new Map<string, number>();
  private touched = new Set<string>();

  constructor(
    private readonly findings: Findings,
    private readonly settings: ReadonlyMap<string, NamespaceSettings>,
  ) {}

  changed(before: TaskRecord | undefined, next: TaskRecord): void {
    const was = before !== undefined && isCurrent(before);
    const is = isCurrent(next);
    if (was === is) return;
    for (const key of keysOf(next)) {
      this.counts.set(key, (this.counts.get(key) ?? 0) + (is ? 1 : -1));
      if (is) this.touched.add(key);
    }
  }

  /** After each batch, which is applied whole: an end and the next start may be in one. */
  check(): void {
    for (const key of this.touched) {
      const count = this.counts.get(key) ?? 0;
      const most = this.limitOf(key);
      this.findings.holds(
        5,
        count <= most,
        () => `${count} attempts at once of ${key}, which is limited to ${most}`,
      );
    }
    this.touched = new Set();
  }

  /** Keys that still count something, which after the end of all tasks must be none. */
  left(): string[] {
    return [...this.counts].filter(([, count]) => count !== 0).map(([key, count]) => `${key}: ${count}`);
  }

  private limitOf(key: string): number {
    const [namespace = '', limitKey] = key.split(' ');
    const settings = this.settings.get(namespace);
    const limit = limitKey === undefined ? settings?.limit : settings?.limits[limitKey];
    return limit?.concurrency ?? Infinity;
  }
}

function isCurrent({ state }: TaskRecord): boolean {
  return state === 'assigned' || state === 'running';
}

function keysOf({ spec }: TaskRecord): string[] {
  return [spec.namespace, ...new Set(spec.limitKeys ?? [])].map((key, index) =>
    index === 0 ? key : `${spec.namespace} ${key}`,
  );
}
