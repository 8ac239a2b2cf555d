import { isTerminal, type MapProgress, type TaskState, type WorkflowState } from '@multiswarm/contracts';
import { endOf, verdictOf, type StepEnd, type Upstream } from './joins';
import { MapItems } from './map-items';
import type { RunSpec, RunStep } from './run';
import { StartGate, type Waiter } from './start-gate';

export type PlanCommand =
  /** What it waits for has ended as its join wants, and the run lets it start. */
  | { kind: 'start'; step: string }
  /** It can never start. `isVoid`: since a condition was false, not since something failed. */
  | { kind: 'skip'; step: string; because: string; isVoid: boolean }
  /** More items of a map may be made. */
  | { kind: 'expand'; step: string }
  /** The items of a map that have not ended are to be cancelled. */
  | { kind: 'stop-items'; step: string }
  /** All items of a map have ended. */
  | { kind: 'finish-map'; step: string }
  /** A step has failed, and the run is to stop with it. */
  | { kind: 'stop'; because: string };

/** What the planner looks at of a step's task. */
export interface StepState {
  state: TaskState;
  error?: { code: string; message: string; retryable: boolean } | undefined;
}

interface Node extends Waiter {
  step: RunStep;
  state: TaskState;
  end: StepEnd | undefined;
  up: Upstream;
  dependents: Node[];
  /** A command to start or skip it is on its way. */
  isTold: boolean;
  /** It takes part in the limit of the run, and is under way. */
  counted: boolean;
  map: MapItems | undefined;
}

/**
 * Who may start when: O(1) per edge of the graph, for a run of ten steps or ten thousand.
 *
 * P1. A step is started once, when the steps before it have ended as its join wants, and the gate of the run lets it through.
 * P2. A step that can never start is skipped, once, and so is all behind it that needs it.
 * P3. The run has ended when every step has.
 * P4. The items of a map end before the map does.
 */
export class RunPlan {
  private readonly nodes = new Map<string, Node>();
  private readonly tally = new Map<TaskState, number>();
  private readonly gate: StartGate<Node>;
  private readonly stopsOnFailure: boolean;
  private isStopped = false;
  private unended = 0;

  /**
   * @param stateOf what each step is now: `blocked` in a new run, anything in a reloaded one
   * @param maps how long the lists are of the maps that have begun, by step
   */
  constructor(
    { steps, concurrency, onFailure }: Pick<RunSpec, 'steps' | 'concurrency' | 'onFailure'>,
    stateOf: (step: RunStep) => StepState,
    maps: Readonly<Record<string, number>> = {},
    isPaused = false,
  ) {
    this.gate = new StartGate(concurrency);
    this.stopsOnFailure = onFailure === 'stop';
    if (isPaused) this.gate.pause();
    for (const step of steps) if (this.stops(this.enter(step, stateOf(step)))) this.isStopped = true;
    for (const step of steps) this.link(this.node(step.id));
    if (Object.keys(maps).length > 0) this.reloadMaps(maps);
    for (const node of this.nodes.values()) if (node.state !== 'blocked') this.resume(node);
  }

  /** What a new run begins with, and what a reloaded one may have left undone. */
  begin(): PlanCommand[] {
    const commands: PlanCommand[] = [];
    for (const node of this.nodes.values())
      if (node.state === 'blocked') this.judge(node, undefined, commands);
      else if (node.map && !node.end) this.judgeMap(node, commands);
    this.release(commands);
    return commands;
  }

  /** Steps that the run gets while it runs, after those that it has. */
  add(steps: readonly RunStep[]): PlanCommand[] {
    const commands: PlanCommand[] = [];
    const nodes = steps.map((step) => this.enter(step, { state: 'blocked' }));
    for (const node of nodes) {
      this.link(node);
      const map = this.mapOf(node);
      map?.begun();
    }
    for (const node of nodes) this.judge(node, undefined, commands);
    this.release(commands);
    return commands;
  }

  /** Records a step's new state and says what follows from it for others. */
  plan(step: string, { state, error }: StepState): PlanCommand[] {
    const node = this.node(step);
    if (node.end !== undefined) return [];
    this.count(node.state, -1);
    this.count(state, 1);
    node.state = state;
    if (!isTerminal(state)) return [];
    const commands: PlanCommand[] = [];
    this.conclude(node, endOf(state, error, node.step.continueOnFailure === true), commands);
    return commands;
  }

  /** A map has started, over a list of this length. */
  beginMap(step: string, total: number): PlanCommand[] {
    const node = this.node(step);
    if (!node.step.map) throw new Error(`invariant: the step "${step}" is no map`);
    node.map = new MapItems(total, node.step.map);
    const commands: PlanCommand[] = [];
    this.judgeMap(node, commands);
    return commands;
  }

  /** Which items of a map come next: from, and up to (exclusive). */
  nextItems(step: string): { from: number; to: number } {
    return this.node(step).map?.next() ?? { from: 0, to: 0 };
  }

  /** The map itself has ended before its items: no more are made. */
  stopMap(step: string): void {
    this.node(step).map?.stop();
  }

  mapProgress(step: string): MapProgress | undefined {
    return this.node(step).map?.progress();
  }

  mapHasFailed(step: string): boolean {
    return this.node(step).map?.hasFailed ?? false;
  }

  /** A step has failed, and the run stops with it. */
  get hasStopped(): boolean {
    return this.isStopped;
  }

  /** Nothing starts until the run is resumed. */
  pause(): void {
    this.gate.pause();
  }

  resumeStarts(): PlanCommand[] {
    this.gate.open();
    const commands: PlanCommand[] = [];
    this.release(commands);
    return commands;
  }

  has(step: string): boolean {
    return this.nodes.has(step);
  }

  stateOf(step: string): TaskState | undefined {
    return this.nodes.get(step)?.state;
  }

  /** P3. */
  get ended(): boolean {
    return this.unended === 0;
  }

  /** How a run whose steps have all ended has ended itself. Compensations decide nothing. */
  outcome(cancelRequested: boolean): Exclude<WorkflowState, 'running'> {
    let cancelled = false;
    let bad = false;
    for (const { step, state, end } of this.nodes.values()) {
      if (end !== 'bad' || step.role === 'compensation' || step.role === 'item') continue;
      if (state === 'failed' || state === 'expired') return 'failed';
      if (state === 'cancelled') cancelled = true;
      bad = true;
    }
    if (cancelRequested && bad) return 'cancelled';
    if (cancelled) return 'cancelled';
    return bad ? 'failed' : 'succeeded';
  }

  /** The first step, in the order of the run, that has failed it. */
  firstFailed(): string | undefined {
    for (const [id, { step, state, end }] of this.nodes)
      if (end === 'bad' && (state === 'failed' || state === 'expired') && step.role !== 'compensation')
        if (step.role !== 'item') return id;
    return undefined;
  }

  counts(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const [state, count] of this.tally) if (count > 0) counts[state] = count;
    return counts;
  }

  private enter(step: RunStep, { state, error }: StepState): Node {
    const end = isTerminal(state) ? endOf(state, error, step.continueOnFailure === true) : undefined;
    const node: Node = {
      step,
      state,
      end,
      up: { total: step.dependsOn.length, good: 0, tolerated: 0, bad: 0, void: 0 },
      dependents: [],
      isTold: false,
      counted: false,
      map: undefined,
      rank: step.rank ?? 0,
      position: this.nodes.size,
      gateAt: -1,
    };
    this.nodes.set(step.id, node);
    if (end === undefined) this.unended += 1;
    this.count(state, 1);
    return node;
  }

  private link(node: Node): void {
    for (const id of node.step.dependsOn) {
      const upstream = this.node(id);
      upstream.dependents.push(node);
      if (upstream.end !== undefined) node.up[upstream.end] += 1;
    }
  }

  /** Of a run that is loaded: what was under way counts in the gate. */
  private resume(node: Node): void {
    if (node.end !== undefined || !countsInGate(node)) return;
    node.counted = true;
    this.gate.entered();
  }

  private reloadMaps(maps: Readonly<Record<string, number>>): void {
    for (const [id, total] of Object.entries(maps)) {
      const node = this.node(id);
      if (node.step.map) node.map = new MapItems(total, node.step.map);
    }
    for (const node of this.nodes.values()) {
      const map = this.mapOf(node);
      map?.begun();
      if (map && node.end !== undefined) map.ended(node.end);
    }
  }

  private mapOf({ step }: Node): MapItems | undefined {
    return step.role === 'item' && step.of !== undefined ? this.node(step.of).map : undefined;
  }

  private conclude(node: Node, end: StepEnd, commands: PlanCommand[]): void {
    node.end = end;
    this.unended -= 1;
    this.gate.withdraw(node);
    if (node.counted) {
      node.counted = false;
      this.gate.left();
    }
    for (const dependent of node.dependents) {
      dependent.up[end] += 1;
      if (dependent.state === 'blocked') this.judge(dependent, node.step.id, commands);
    }
    if (node.step.role === 'item' && node.step.of !== undefined) this.itemEnded(node.step.of, end, commands);
    else if (end === 'bad') this.stopAll(node, commands);
    this.release(commands);
  }

  private stopAll(node: Node, commands: PlanCommand[]): void {
    if (this.isStopped || !this.stops(node)) return;
    this.isStopped = true;
    commands.push({ kind: 'stop', because: node.step.id });
  }

  private stops({ step: { role }, state, end }: Node): boolean {
    const hasFailed = end === 'bad' && (state === 'failed' || state === 'expired');
    return this.stopsOnFailure && hasFailed && role !== 'compensation' && role !== 'item';
  }

  private itemEnded(of: string, end: StepEnd, commands: PlanCommand[]): void {
    const parent = this.node(of);
    parent.map?.ended(end);
    if (parent.end === undefined) this.judgeMap(parent, commands);
  }

  private judgeMap({ map, step }: Node, commands: PlanCommand[]): void {
    switch (map?.verdict()) {
      case 'expand':
        return void commands.push({ kind: 'expand', step: step.id });
      case 'stop':
        return void commands.push({ kind: 'stop-items', step: step.id });
      case 'finish':
        return void commands.push({ kind: 'finish-map', step: step.id });
      default:
    }
  }

  /** P1, P2. @param because the step whose end is the occasion */
  private judge(node: Node, because: string | undefined, commands: PlanCommand[]): void {
    if (node.isTold || node.gateAt >= 0) return;
    const verdict = verdictOf(node.step.join, node.up);
    if (verdict === 'wait') return;
    if (verdict === 'start') {
      if (this.gate.admit(node)) {
        if (countsInGate(node)) this.gate.entered();
        this.start(node, commands);
      }
      return;
    }
    const isVoid = verdict === 'skip-void';
    node.isTold = true;
    const culprit = because ?? this.culpritOf(node, isVoid);
    commands.push({ kind: 'skip', step: node.step.id, because: culprit, isVoid });
  }

  private start(node: Node, commands: PlanCommand[]): void {
    node.isTold = true;
    node.counted = countsInGate(node);
    commands.push({ kind: 'start', step: node.step.id });
  }

  private release(commands: PlanCommand[]): void {
    for (const node of this.gate.release(countsInGate)) this.start(node, commands);
  }

  private culpritOf({ step }: Node, isVoid: boolean): string {
    const ends = step.dependsOn.find((id) => this.node(id).end === (isVoid ? 'void' : 'bad'));
    return ends ?? step.dependsOn[0] ?? step.id;
  }

  private count(state: TaskState, by: number): void {
    this.tally.set(state, (this.tally.get(state) ?? 0) + by);
  }

  private node(id: string): Node {
    const node = this.nodes.get(id);
    if (!node) throw new Error(`invariant: the run has no step "${id}"`);
    return node;
  }
}

/** What only waits takes no place of what runs. */
function countsInGate({ step }: Node): boolean {
  return step.control === undefined;
}
