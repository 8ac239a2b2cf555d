import type { GraphStep } from '../graph';

/** What can be read of a workflow, whatever else is wrong with the document. */
export interface ReadWorkflow {
  /** Where it stands in the document. */
  readonly base: readonly PropertyKey[];
  readonly steps: readonly ReadStep[];
  readonly dependencies: ReadonlyMap<string, readonly string[]>;
  /** The first step of each id. */
  readonly byId: ReadonlyMap<string, ReadStep>;
  /** JSON Schema of the input of its runs, where it is known. */
  readonly inputSchema: unknown;
  /** The steps that are there already, where these are added to a run. */
  readonly around?: StepsAround;
}

export interface StepsAround {
  has(id: string): boolean;
  /** All of them: asked for only where something has to be looked for upstream. */
  steps(): readonly GraphStep[];
}

/** Whether it may be depended on, and looked at. */
export function isStep({ byId, around }: ReadWorkflow, id: string): boolean {
  return byId.has(id) || around?.has(id) === true;
}

export interface ReadStep {
  readonly id: string;
  readonly index: number;
  /** The name under which the id is given: documents with underscores say `task_id`. */
  readonly idKey: 'id' | 'task_id';
  readonly path: readonly PropertyKey[];
  readonly fields: Readonly<Record<string, unknown>>;
  readonly dependsOn: readonly string[];
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A field of its own, if that is an object. */
export function recordAt(
  of: Readonly<Record<string, unknown>>,
  name: string,
): Record<string, unknown> | undefined {
  const value = of[name];
  return isRecord(value) ? value : undefined;
}

export function readWorkflow(
  given: unknown,
  base: readonly PropertyKey[],
  inputSchema: unknown,
): ReadWorkflow {
  const dependencies = new Map<string, string[]>();
  const steps: ReadStep[] = [];
  const byId = new Map<string, ReadStep>();
  if (!isRecord(given)) return { base, steps, dependencies, byId, inputSchema };
  for (const [step, upstream] of Object.entries(recordAt(given, 'dependencies') ?? {}))
    if (Array.isArray(upstream))
      dependencies.set(
        step,
        upstream.filter((each): each is string => typeof each === 'string'),
      );
  const tasks: unknown[] = Array.isArray(given['tasks']) ? given['tasks'] : [];
  tasks.forEach((fields, index) => {
    if (!isRecord(fields)) return;
    const idKey = typeof fields['id'] === 'string' ? 'id' : 'task_id';
    const id = fields[idKey];
    if (typeof id !== 'string') return;
    const step = {
      id,
      index,
      idKey,
      path: [...base, 'tasks', index],
      fields,
      dependsOn: dependencies.get(id) ?? [],
    } as const;
    steps.push(step);
    if (!byId.has(id)) byId.set(id, step);
  });
  return { base, steps, dependencies, byId, inputSchema };
}

/** JSON Schema of what a step takes: its own, or that of the workflow inside it. */
export function inputSchemaOf(fields: ReadStep['fields']): unknown {
  return recordAt(fields, 'schemas')?.['input'] ?? recordAt(fields, 'workflow')?.['inputSchema'];
}
