import { LIMITS } from '@multiswarm/contracts';
import { TypicalDuration, type Durations } from '../domain/workflow/durations';
import type { TaskRecord } from '../domain/task/record';
import type { Write } from '../ports';

/**
 * How long work takes, by namespace and type, as the owners of this process have committed it. It is nowhere stored: a new
 * process begins to learn anew, and each one knows what was done in its own shards.
 */
export class LearnedDurations {
  /** The least recently seen first. */
  private readonly byType = new Map<string, TypicalDuration>();

  constructor(private readonly limit: number = LIMITS.LEARNED_TYPES) {}

  /** Takes note of the attempts that have succeeded. */
  committed(writes: readonly Write[]): void {
    for (const write of writes) {
      if (write.kind === 'task' && write.record.state === 'succeeded' && write.was !== 'succeeded')
        this.ended(write.record);
    }
  }

  of(namespace: string): Durations {
    return { expect: (type, declaredMs) => this.byType.get(keyOf(namespace, type))?.expect(declaredMs) };
  }

  private ended({ spec, attempts }: TaskRecord): void {
    const { startedAt, endedAt, outcome } = attempts[attempts.length - 1] ?? {};
    if (outcome !== 'succeeded' || startedAt === undefined || endedAt === undefined) return;
    const key = keyOf(spec.namespace, spec.type);
    const typical = this.byType.get(key) ?? new TypicalDuration();
    typical.note(endedAt - startedAt, spec.estimateMs);
    if (this.byType.size * 2 > this.limit) this.byType.delete(key); // while few are known, the order is of no use
    this.byType.set(key, typical);
    if (this.byType.size > this.limit) this.forgetOldest();
  }

  private forgetOldest(): void {
    for (const key of this.byType.keys()) {
      this.byType.delete(key);
      return;
    }
  }
}

/** Names have no line breaks. */
function keyOf(namespace: string, type: string): string {
  return `${namespace}\n${type}`;
}
