import { findCycles } from '../../cycles';
import { fieldsOf, isFields, listOf, textOf, type Fields } from '../imported';
import { mentioned, parseDepends, type Depends } from './depends';
import type { Template } from './manifest';
import type { Place, Problems } from './problems';
import { fixedText, type Scope } from './scope';

/** A task of a DAG, or a step of a list: by its name, and behind what. */
export interface ArgoTask {
  name: string;
  fields: Fields;
  place: Place;
  depends: Depends | undefined;
  continuesOnFailure: boolean;
}

export interface ArgoGraph {
  /** Each behind those that it depends on. */
  tasks: ArgoTask[];
  /** Of a DAG that begins nothing new when a task has failed. */
  failsFast: boolean;
  /** Whether two tasks may be under way at once. */
  isParallel: boolean;
}

/** What waits for what in a template of tasks or of lists of steps. */
export function graphOf(template: Template, scope: Scope, problems: Problems): ArgoGraph {
  const dag = template.fields['dag'];
  const isBare = template.library.isBare;
  const place = isBare ? template.place : [...template.place, isFields(dag) ? 'dag' : 'steps'];
  if (!isFields(dag)) {
    const groups = stepGroups(template, place, problems);
    return {
      tasks: named(groups.flat(), problems),
      failsFast: false,
      isParallel: groups.some(({ length }) => length > 1),
    };
  }
  const tasks = sorted(named(dagTasks(dag, [...place, 'tasks'], problems), problems), problems);
  const wanted = targets(dag, tasks, place, scope, problems);
  return { tasks: wanted, failsFast: dag['failFast'] !== false, isParallel: isParallel(wanted) };
}

function dagTasks(dag: Fields, place: Place, problems: Problems): ArgoTask[] {
  return listOf(dag['tasks']).map((given, index) => {
    const fields = fieldsOf(given);
    const at = [...place, index];
    return {
      name: textOf(fields['name']) ?? '',
      fields,
      place: at,
      depends: dependsOf(fields, at, problems),
      continuesOnFailure: continues(fields),
    };
  });
}

function continues(fields: Fields): boolean {
  const { failed, error } = fieldsOf(fields['continueOn']);
  return failed === true || error === true;
}

function dependsOf(fields: Fields, place: Place, problems: Problems): Depends | undefined {
  const { depends } = fields;
  const listed = listOf(fields['dependencies']).filter((name): name is string => typeof name === 'string');
  const named = listed.map((name): Depends => ({ op: 'task', name, result: undefined }));
  const [only] = named;
  if (typeof depends !== 'string' || depends.trim() === '')
    return named.length > 1 ? { op: 'and', of: named } : only;
  if (named.length > 0)
    problems.wrong(place, 'depends-twice', 'it has both depends and dependencies: leave one of them out');
  try {
    return parseDepends(depends);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    problems.wrong([...place, 'depends'], 'bad-depends', `"${depends}": ${error.message}`);
    return undefined;
  }
}

/** Lists one behind the other, the steps of each side by side; a step may also stand without a list around it. */
function stepGroups({ fields }: Template, place: Place, problems: Problems): ArgoTask[][] {
  const groups = listOf(fields['steps']).map((group, at) =>
    (Array.isArray(group) ? group : isFields(fieldsOf(group)['steps']) ? [] : [group]).map(
      (given: unknown, index): ArgoTask => ({
        name: textOf(fieldsOf(given)['name']) ?? '',
        fields: fieldsOf(given),
        place: Array.isArray(group) ? [...place, at, index] : [...place, at],
        depends: undefined,
        continuesOnFailure: continues(fieldsOf(given)),
      }),
    ),
  );
  if (groups.length === 0) problems.wrong(place, 'empty', 'there are no steps');
  const filled = groups.filter(({ length }) => length > 0);
  return filled.map((group, at) => {
    const before = (filled[at - 1] ?? []).map(({ name }): Depends => ({
      op: 'task',
      name,
      result: undefined,
    }));
    const [only] = before;
    const depends: Depends | undefined = before.length > 1 ? { op: 'and', of: before } : only;
    return group.map((step) => ({ ...step, depends }));
  });
}

function named(tasks: readonly ArgoTask[], problems: Problems): ArgoTask[] {
  const known = new Set<string>();
  for (const { name, place } of tasks) {
    if (name === '') problems.wrong(place, 'missing-name', 'it has no name');
    else if (known.has(name))
      problems.wrong(place, 'duplicate-name', `"${name}" is the name of another one, too`);
    known.add(name);
  }
  return tasks.filter(({ name }) => name !== '');
}

/** Each behind those that it depends on; what depends on nothing known, or on itself, is told. */
function sorted(tasks: readonly ArgoTask[], problems: Problems): ArgoTask[] {
  const byName = new Map(tasks.map((task) => [task.name, task]));
  for (const { name, place, depends } of tasks)
    for (const upstream of depends ? mentioned(depends) : [])
      if (!byName.has(upstream))
        problems.wrong(place, 'unknown-dependency', `${name} depends on "${upstream}", which is no task`);
  const cycles = findCycles(
    new Map(tasks.map(({ name, depends }) => [name, depends ? mentioned(depends) : []])),
  );
  for (const cycle of cycles)
    problems.wrong(
      byName.get(cycle[0] ?? '')?.place ?? [],
      'cycle',
      `cycle: ${[...cycle, cycle[0]].join(' -> ')}`,
    );
  if (cycles.length > 0) return [];
  const out = new Set<ArgoTask>();
  const open = [...tasks].reverse();
  for (let task = open.at(-1); task; task = open.at(-1)) {
    const missing = (task.depends ? mentioned(task.depends) : [])
      .map((name) => byName.get(name))
      .filter((one) => one !== undefined)
      .filter((one) => !out.has(one));
    if (missing.length === 0) out.add(task);
    if (missing.length === 0) open.pop();
    else open.push(...missing);
  }
  return [...out];
}

/** Of a DAG with targets only they, and what they depend on. */
function targets(dag: Fields, tasks: ArgoTask[], place: Place, scope: Scope, problems: Problems): ArgoTask[] {
  const { target } = dag;
  if (typeof target !== 'string' || target.trim() === '') return tasks;
  const known = fixedText(target, scope, [...place, 'target'], problems);
  if (known.includes('{{')) {
    problems.lost([...place, 'target'], 'target', 'targets that are known only while the run goes on');
    return tasks;
  }
  const wanted = new Set(known.trim().split(/\s+/));
  for (const task of [...tasks].reverse())
    if (wanted.has(task.name) && task.depends) for (const name of mentioned(task.depends)) wanted.add(name);
  return tasks.filter(({ name }) => wanted.has(name));
}

/** Unless all of them are one chain. */
function isParallel(tasks: readonly ArgoTask[]): boolean {
  const levels = new Map<string, number>();
  for (const { name, depends } of tasks) {
    const before = (depends ? mentioned(depends) : []).map((one) => levels.get(one) ?? 0);
    levels.set(name, 1 + before.reduce((a, b) => Math.max(a, b), 0));
  }
  return Math.max(0, ...levels.values()) < tasks.length;
}
