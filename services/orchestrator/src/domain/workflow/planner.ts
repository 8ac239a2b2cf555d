import { isTerminal, type TaskState, type WorkflowState } from '@multiswarm/contracts';
import type { RunStep } from './run';

export type PlanCommand = { kind: 'unblock'; step: string } | { kind: 'skip'; step: string; because: string };

/**
 * Who may start when: O(1) per edge of the graph, for a run of ten steps or ten thousand.
 *
 * P1. A step is unblocked once, when the last of its dependencies has succeeded.
 * P2. A step behind one that did not succeed is skipped, once, and so is all behind it.
 * P3. The run has ended when every step has.
 */
export class RunPlan {
  private readonly steps = new Map<string, { remaining: number; dependents: string[]; state: TaskState }>();
  private readonly tally = new Map<TaskState, number>();
  private open: number;

  /** @param stateOf the state that each step has now: `blocked` in a new run, anything in a reloaded one. */
  constructor(steps: readonly RunStep[], stateOf: (step: RunStep) => TaskState) {
    for (const step of steps) this.steps.set(step.id, { remaining: 0, dependents: [], state: stateOf(step) });
    for (const step of steps) {
      const own = this.node(step.id);
      for (const upstream of step.dependsOn) {
        const node = this.node(upstream);
        node.dependents.push(step.id);
        if (node.state !== 'succeeded') own.remaining += 1;
      }
    }
    this.open = [...this.steps.values()].filter(({ state }) => !isTerminal(state)).length;
    for (const { state } of this.steps.values()) this.count(state, 1);
  }

  /** Steps that wait for nothing: what a new run starts with, and what a reloaded run may have left undone. */
  startable(): string[] {
    return [...this.steps]
      .filter(([, node]) => node.state === 'blocked' && node.remaining === 0)
      .map(([id]) => id);
  }

  /** Records a step's new state and says what follows from it for others. */
  plan(step: string, state: TaskState): PlanCommand[] {
    const node = this.node(step);
    if (isTerminal(node.state)) return [];
    this.count(node.state, -1);
    this.count(state, 1);
    node.state = state;
    if (!isTerminal(state)) return [];
    this.open -= 1;
    return node.dependents.flatMap((id): PlanCommand[] => {
      const dependent = this.node(id);
      if (state !== 'succeeded')
        return dependent.state === 'blocked' ? [{ kind: 'skip', step: id, because: step }] : []; // P2
      dependent.remaining -= 1;
      return dependent.remaining === 0 && dependent.state === 'blocked'
        ? [{ kind: 'unblock', step: id }]
        : []; // P1
    });
  }

  /** P3. */
  get ended(): boolean {
    return this.open === 0;
  }

  /** How a run whose steps have all ended has ended itself. */
  outcome(cancelRequested: boolean): Exclude<WorkflowState, 'running'> {
    const states = new Set([...this.steps.values()].map(({ state }) => state));
    if (states.has('failed')) return 'failed';
    if (states.has('cancelled')) return 'cancelled';
    if (states.has('skipped')) return cancelRequested ? 'cancelled' : 'failed';
    return 'succeeded';
  }

  counts(): Record<string, number> {
    return Object.fromEntries([...this.tally].filter(([, count]) => count > 0));
  }

  private count(state: TaskState, by: number): void {
    this.tally.set(state, (this.tally.get(state) ?? 0) + by);
  }

  private node(id: string): { remaining: number; dependents: string[]; state: TaskState } {
    const node = this.steps.get(id);
    if (!node) throw new Error(`invariant: the run has no step "${id}"`);
    return node;
  }
}
