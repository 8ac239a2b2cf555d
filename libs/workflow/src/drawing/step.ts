import type { StepRole, TaskState } from '@multiswarm/contracts';

/** A step as it is drawn: of a run, or of a file that nobody has submitted yet (then without a state). Times are epoch milliseconds. */
export interface DrawingStep {
  id: string;
  type: string;
  dependsOn: readonly string[];
  state?: TaskState | undefined;
  /** Of an item: its map. */
  of?: string | undefined;
  role?: StepRole | undefined;
  /** Said beside its name: its state and how long it ran, its type and how long it is expected to. */
  note?: string | undefined;
  startedAt?: number | undefined;
  endedAt?: number | undefined;
  /** Where it has not begun: when it is expected to. */
  expectedStartAt?: number | undefined;
  expectedEndAt?: number | undefined;
}

/** What is drawn as one thing: a step, or many alike. */
export interface DrawingNode {
  /** Of the only step, or of the first one. */
  id: string;
  /** `fetch`, `crawl[0..999]`. */
  label: string;
  steps: readonly DrawingStep[];
  /** Ids of nodes. */
  dependsOn: readonly string[];
  /** On the critical path. */
  critical: boolean;
  /** The nodes from which the critical path comes to it. */
  criticalFrom: readonly string[];
}
