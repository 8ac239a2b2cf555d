import { toPointer, type Finding } from '@multiswarm/contracts';

/** One task of a WfCommons instance, as the file says it. */
export interface RecordedTask {
  id: string;
  name: string;
  parents: Reference[];
  children: Reference[];
  /** Undefined where nothing was recorded. */
  runtimeInSeconds: number | undefined;
  pointer: string;
}

/** A mention of another task, and where in the file it stands. */
export interface Reference {
  to: string;
  pointer: string;
}

export interface RecordedInstance {
  name: string | undefined;
  schemaVersion: string | undefined;
  tasks: RecordedTask[];
  findings: Finding[];
}

/**
 * Reads the two layouts of WfCommons (https://wfcommons.org/format): since 1.5 structure and measurements stand apart
 * (`workflow.specification.tasks`, `workflow.execution.tasks`); before, both are in `workflow.tasks` (or `workflow.jobs`), the runtime as
 * `runtimeInSeconds` or `runtime`. Everything that is wrong is a finding, and what can be read is read.
 */
export function readInstance(document: unknown): RecordedInstance {
  const findings: Finding[] = [];
  const root = recordOf(document);
  const workflow = recordOf(root['workflow']);
  const layout = layoutOf(workflow);
  const instance = {
    name: textOf(root['name']),
    schemaVersion: textOf(root['schemaVersion']),
    tasks: [],
    findings,
  };
  if (!layout) {
    const message =
      'no WfCommons instance: neither workflow.specification.tasks nor workflow.tasks is a list';
    findings.push({ pointer: '/workflow', code: 'not-wfcommons', message });
    return instance;
  }
  if (layout.tasks.length === 0)
    findings.push({ pointer: toPointer(layout.path), code: 'empty', message: 'there are no tasks' });
  const runtimes = readRuntimes(workflow, findings);
  const tasks = layout.tasks.flatMap(
    (task, index) => readTask(task, [...layout.path, index], runtimes, findings) ?? [],
  );
  return { ...instance, tasks };
}

interface Layout {
  path: string[];
  tasks: unknown[];
}

function layoutOf(workflow: Record<string, unknown>): Layout | undefined {
  const specified = recordOf(workflow['specification'])['tasks'];
  if (Array.isArray(specified)) return { path: ['workflow', 'specification', 'tasks'], tasks: specified };
  for (const key of ['tasks', 'jobs']) {
    const tasks = workflow[key];
    if (Array.isArray(tasks)) return { path: ['workflow', key], tasks };
  }
  return undefined;
}

function readTask(
  given: unknown,
  path: (string | number)[],
  runtimes: ReadonlyMap<string, number | undefined>,
  findings: Finding[],
): RecordedTask | undefined {
  const task = recordOf(given);
  const name = textOf(task['name']);
  const id = textOf(task['id']) ?? name;
  if (id === undefined) {
    findings.push({ pointer: toPointer(path), code: 'missing-id', message: 'a task without id and name' });
    return undefined;
  }
  const own = task['runtimeInSeconds'] ?? task['runtime'];
  return {
    id,
    name: name ?? id,
    parents: references(task['parents'], [...path, 'parents'], findings),
    children: references(task['children'], [...path, 'children'], findings),
    runtimeInSeconds:
      own === undefined ? runtimes.get(id) : secondsOf(own, [...path, 'runtimeInSeconds'], findings),
    pointer: toPointer(path),
  };
}

function readRuntimes(
  workflow: Record<string, unknown>,
  findings: Finding[],
): Map<string, number | undefined> {
  const executed = recordOf(workflow['execution'])['tasks'];
  const runtimes = new Map<string, number | undefined>();
  if (!Array.isArray(executed)) return runtimes;
  executed.forEach((given: unknown, index) => {
    const task = recordOf(given);
    const id = textOf(task['id']);
    const path = ['workflow', 'execution', 'tasks', index, 'runtimeInSeconds'];
    if (id !== undefined && task['runtimeInSeconds'] !== undefined) {
      runtimes.set(id, secondsOf(task['runtimeInSeconds'], path, findings));
    }
  });
  return runtimes;
}

function references(given: unknown, path: (string | number)[], findings: Finding[]): Reference[] {
  if (given === undefined || given === null) return [];
  if (!Array.isArray(given)) {
    findings.push({ pointer: toPointer(path), code: 'invalid-type', message: 'expected a list of task ids' });
    return [];
  }
  return given.flatMap((to: unknown, index) => {
    const pointer = toPointer([...path, index]);
    if (typeof to === 'string') return [{ to, pointer }];
    findings.push({ pointer, code: 'invalid-type', message: 'expected a task id' });
    return [];
  });
}

function secondsOf(given: unknown, path: (string | number)[], findings: Finding[]): number | undefined {
  if (typeof given === 'number' && Number.isFinite(given) && given >= 0) return given;
  const message = `expected a number of seconds, 0 or more, not ${JSON.stringify(given)}`;
  findings.push({ pointer: toPointer(path), code: 'invalid-runtime', message });
  return undefined;
}

function recordOf(value: unknown): Record<string, unknown> {
  // Checked: an object that is no array has string keys.
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
