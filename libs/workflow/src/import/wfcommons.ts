import { LIMITS, type Finding } from '@multiswarm/contracts';
import { findCycles } from '../cycles';
import { fromStepId, toStepId } from './step-ids';
import { readInstance, type RecordedInstance, type RecordedTask, type Reference } from './wfcommons-read';

/** The type of an imported step. A swarm that handles it holds a slot for `input.holdMs`. */
export const WFCOMMONS_TYPE = 'wfcommons';

/** Where nothing else is asked for, the longest chain of recorded time is replayed in this time. */
const DEFAULT_CRITICAL_PATH_MS = 10_000;

export interface ImportedStep {
  id: string;
  type: string;
  input: { name: string; runtimeInSeconds: number; holdMs: number };
  /** What is held: the order of the steps and the expected end rest on it. */
  estimateMs: number;
}

export interface ImportedWorkflow {
  name?: string;
  tasks: ImportedStep[];
  dependencies: Record<string, string[]>;
  metadata: Record<string, string | number>;
}

export interface Import {
  /** Undefined where there are findings. */
  workflow: ImportedWorkflow | undefined;
  findings: Finding[];
  /** What is odd but does not hinder. */
  warnings: string[];
  /** Milliseconds of held slot per recorded millisecond. */
  scale: number;
  criticalPathSeconds: number;
  /** Names that had to be written differently to be a step id. */
  renamed: { from: string; to: string }[];
}

/**
 * A WfCommons instance as a workflow: one step per task, its parents as dependencies, its recorded runtime times `timeScale`
 * as the time for which an agent occupies a slot.
 */
export function importWfcommons(document: unknown, timeScale?: number): Import {
  const instance = readInstance(document);
  const graph = new Graph(instance);
  const findings = [...instance.findings, ...graph.findings].slice(0, LIMITS.FINDINGS);
  const criticalPathSeconds = findings.length === 0 ? graph.criticalPathSeconds() : 0;
  const scale =
    timeScale ?? (criticalPathSeconds > 0 ? DEFAULT_CRITICAL_PATH_MS / 1_000 / criticalPathSeconds : 0);
  const steps = instance.tasks.map((task) => ({ task, id: toStepId(task.id) }));
  return {
    workflow: findings.length === 0 ? build(instance, graph, scale) : undefined,
    findings,
    warnings: missingRuntimes(instance),
    scale,
    criticalPathSeconds,
    renamed: steps
      .filter(({ task, id }) => task.id !== id)
      .map(({ task, id }) => ({ from: task.id, to: id })),
  };
}

function build(instance: RecordedInstance, graph: Graph, scale: number): ImportedWorkflow {
  const dependencies: Record<string, string[]> = {};
  for (const [id, parents] of graph.parents) {
    if (parents.size > 0) dependencies[toStepId(id)] = [...parents].map(toStepId);
  }
  return {
    ...(instance.name === undefined ? {} : { name: workflowName(instance.name) }),
    tasks: instance.tasks.map((task) => step(task, scale)),
    dependencies,
    metadata: {
      'wfcommons.timeScale': scale,
      'wfcommons.schemaVersion': instance.schemaVersion ?? 'unknown',
    },
  };
}

function step({ id, name, runtimeInSeconds = 0 }: RecordedTask, scale: number): ImportedStep {
  const holdMs = Math.round(runtimeInSeconds * 1_000 * scale);
  return {
    id: toStepId(id),
    type: WFCOMMONS_TYPE,
    input: { name, runtimeInSeconds, holdMs },
    estimateMs: holdMs,
  };
}

/** Free text, cut to what a name may be; the file keeps the original. */
function workflowName(text: string): string {
  return (
    text
      .replace(/[^A-Za-z0-9_.:/-]+/g, '-')
      .replace(/^[^A-Za-z0-9]+/, '')
      .slice(0, LIMITS.NAME_CHARS) || 'wfcommons'
  );
}

function missingRuntimes({ tasks }: RecordedInstance): string[] {
  return tasks
    .filter(({ runtimeInSeconds }) => runtimeInSeconds === undefined)
    .map(({ id }) => `${id}: no runtime was recorded, taken as 0`);
}

class Graph {
  /** Ids of the tasks that each task waits for; the reverse as the file lists it. */
  readonly parents = new Map<string, ReadonlySet<string>>();
  private readonly children = new Map<string, ReadonlySet<string>>();
  readonly findings: Finding[] = [];
  private readonly byId = new Map<string, RecordedTask>();
  /** Older files mention tasks by name while their ids are numbers. */
  private readonly byName = new Map<string, RecordedTask[]>();

  constructor(private readonly instance: RecordedInstance) {
    this.indexTasks();
    for (const task of instance.tasks)
      this.parents.set(task.id, this.resolveAll(task, task.parents, 'parents'));
    for (const task of instance.tasks)
      this.children.set(task.id, this.resolveAll(task, task.children, 'children'));
    this.checkChildren();
    this.checkParents();
    for (const cycle of findCycles(new Map([...this.parents].map(([id, parents]) => [id, [...parents]])))) {
      this.find(
        this.byId.get(cycle[0] ?? '')?.pointer ?? '',
        'cycle',
        `cycle: ${[...cycle, cycle[0]].join(' -> ')}`,
      );
    }
  }

  /** Seconds of the longest chain of runtimes: no replay can be faster, however many agents there are. */
  criticalPathSeconds(): number {
    const finish = new Map<string, number>();
    let longest = 0;
    for (const { id, runtimeInSeconds = 0 } of this.inOrder()) {
      let start = 0;
      for (const parent of this.parents.get(id) ?? []) start = Math.max(start, finish.get(parent) ?? 0);
      finish.set(id, start + runtimeInSeconds);
      longest = Math.max(longest, start + runtimeInSeconds);
    }
    return longest;
  }

  /** Parents before children (Kahn); complete, because cycles are findings. */
  private inOrder(): RecordedTask[] {
    const waitsFor = new Map([...this.parents].map(([id, parents]) => [id, parents.size]));
    const unlocks = new Map(this.instance.tasks.map(({ id }) => [id, [] as string[]]));
    for (const [id, parents] of this.parents) {
      for (const parent of parents) unlocks.get(parent)?.push(id);
    }
    const ready = this.instance.tasks.filter(({ id }) => waitsFor.get(id) === 0);
    for (const { id } of ready) {
      for (const child of unlocks.get(id) ?? []) {
        const left = (waitsFor.get(child) ?? 0) - 1;
        waitsFor.set(child, left);
        const task = this.byId.get(child);
        if (left === 0 && task) ready.push(task);
      }
    }
    return ready;
  }

  private indexTasks(): void {
    for (const task of this.instance.tasks) {
      const before = this.byId.get(task.id);
      if (before)
        this.find(task.pointer, 'duplicate-id', `"${task.id}" is already the id of ${before.pointer}`);
      else this.byId.set(task.id, task);
      const namesakes = this.byName.get(task.name);
      if (namesakes) namesakes.push(task);
      else this.byName.set(task.name, [task]);
      const id = toStepId(task.id);
      if (id.length > LIMITS.NAME_CHARS) {
        this.find(
          task.pointer,
          'id-too-long',
          `"${fromStepId(id)}" makes a step id of ${id.length} characters, more than ${LIMITS.NAME_CHARS}`,
        );
      }
    }
  }

  private resolveAll(
    task: RecordedTask,
    references: readonly Reference[],
    kind: 'parents' | 'children',
  ): ReadonlySet<string> {
    const seen = new Set<string>();
    for (const reference of references) {
      const target = this.resolve(reference.to);
      if (!target) this.find(reference.pointer, `unknown-${kind}`, `no task has the id "${reference.to}"`);
      else if (seen.has(target.id))
        this.find(reference.pointer, `duplicate-${kind}`, `"${task.id}" lists "${reference.to}" twice`);
      else seen.add(target.id);
    }
    return seen;
  }

  private resolve(reference: string): RecordedTask | undefined {
    const named = this.byName.get(reference) ?? [];
    return this.byId.get(reference) ?? (named.length === 1 ? named[0] : undefined);
  }

  private checkChildren(): void {
    for (const { id, children } of this.instance.tasks) {
      for (const { to, pointer } of children) {
        const child = this.resolve(to);
        if (!child || this.parents.get(child.id)?.has(id)) continue;
        this.find(
          pointer,
          'parents-mismatch',
          `"${id}" names "${to}" as child, which does not name it as parent`,
        );
      }
    }
  }

  /** The other way round, in files that list children at all. */
  private checkParents(): void {
    if (this.instance.tasks.every(({ children }) => children.length === 0)) return;
    for (const { id, parents } of this.instance.tasks) {
      for (const { to, pointer } of parents) {
        const parent = this.resolve(to);
        if (!parent || this.children.get(parent.id)?.has(id)) continue;
        this.find(
          pointer,
          'children-mismatch',
          `"${id}" names "${to}" as parent, which does not name it as child`,
        );
      }
    }
  }

  private find(pointer: string, code: string, message: string): void {
    this.findings.push({ pointer, code, message });
  }
}
