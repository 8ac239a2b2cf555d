import type { Timeline } from '../world/timeline';

/** The invariants of the engine; 0 is what every program promises: it does not throw what nobody catches. */
export const INVARIANTS = {
  0: 'nothing is thrown that nobody catches',
  1: 'an acknowledged task reaches exactly one terminal state, and is never lost',
  2: 'at most one attempt of a task is current, and a result of any other changes nothing',
  3: 'a step starts only after all that it depends on ended as its rule wants',
  4: 'of two tasks of one class, priority and fairness key, the earlier one is placed first',
  5: 'limits and slots are counted right, and given back exactly once',
  6: 'epochs and batch numbers only grow, and nothing of an older epoch is acted on',
  7: 'events of a task are gapless and in order, and nothing leaves before its commit',
} as const;
export type Invariant = keyof typeof INVARIANTS;

export interface Finding {
  invariant: Invariant;
  /** Simulated milliseconds. */
  at: number;
  detail: string;
}

/** What was found wrong. The first finding ends a run: what comes after it may follow from it. */
export class Findings {
  readonly all: Finding[] = [];

  constructor(private readonly timeline: () => Timeline) {}

  get first(): Finding | undefined {
    return this.all[0];
  }

  broken(invariant: Invariant, detail: string): void {
    const timeline = this.timeline();
    this.all.push({ invariant, at: timeline.now, detail });
    timeline.trace.fact(timeline.now, `BROKEN ${invariant}: ${detail}`);
  }

  /** @param detail made only where it is needed */
  holds(invariant: Invariant, condition: boolean, detail: () => string): void {
    if (!condition) this.broken(invariant, detail());
  }
}
