import { LIMITS } from '@multiswarm/contracts';
import {
  fieldsOf,
  isFields,
  listOf,
  plainText,
  textOf,
  type ImportOptions,
  type Imported,
} from '../imported';
import { toStepId } from '../step-ids';
import { Compiler } from './compiler';
import { Frame, statusRef } from './frame';
import type { Run } from './made';
import { candidates, readLibraries, withTemplate, type Library, type Template } from './manifest';
import { durationMs, wholeNumber } from './quantities';
import { Problems, type Place } from './problems';
import { resolveText, type Scope } from './scope';
import { member } from './text';

/** What is done when the workflow has ended, and all of it as a step before that. */
const MAIN = 'main';
const EXIT = 'exit';

/**
 * A workflow of Argo Workflows (https://argo-workflows.readthedocs.io): its templates of tasks and steps as steps and
 * workflows inside, its other templates as work for agents that are told what Argo would have started.
 */
export function importArgo(
  documents: readonly unknown[],
  { name, entrypoint, parameters = {}, lossy = false }: Omit<ImportOptions, 'format'>,
): Imported {
  const problems = new Problems(lossy);
  const libraries = readLibraries(documents, problems);
  const chosen = choose(libraries, name, problems);
  if (!chosen) return told(problems, undefined);
  const library = withTemplate(chosen, libraries, problems);
  const all = libraries.map((one) => (one === chosen ? library : one));
  const first = entryOf(library, entrypoint, problems);
  if (!first) return told(problems, undefined);
  const body = new Import(library, all, parameters, problems).body(first);
  return told(problems, body);
}

function told(problems: Problems, workflow: Imported['workflow']): Imported {
  const { findings, warnings } = problems;
  return { workflow: findings.length === 0 ? workflow : undefined, findings, warnings, notes: [] };
}

function choose(
  libraries: readonly Library[],
  name: string | undefined,
  problems: Problems,
): Library | undefined {
  const known = candidates(libraries);
  const names = known.map((library, index) => library.name ?? String(index + 1));
  if (name === undefined && known.length <= 1) {
    if (known.length === 0 && problems.findings.length === 0)
      problems.wrong([], 'empty', 'there is no workflow');
    return known[0];
  }
  const place = name !== undefined && /^\d{1,9}$/.test(name) ? Number(name) - 1 : -1;
  const found = known[name === undefined ? -1 : names.indexOf(name)] ?? known[place];
  if (found) return found;
  const list = names.slice(0, LISTED).join(', ') + (names.length > LISTED ? ', …' : '');
  if (name === undefined)
    problems.wrong(
      [],
      'several-workflows',
      `${known.length} workflows: say which one with --name, one of ${list}, or its number`,
    );
  else problems.wrong([], 'unknown-name', `no workflow has the name "${name}", there are ${list}`);
  return undefined;
}

const LISTED = 5;

function entryOf(library: Library, asked: string | undefined, problems: Problems): Template | undefined {
  const { templates, spec, place } = library;
  const name = asked ?? textOf(spec['entrypoint']);
  if (name === undefined && templates.size === 1) return [...templates.values()][0];
  const found = name === undefined ? undefined : templates.get(name);
  if (found) return found;
  const known = [...templates.keys()].join(', ');
  const message =
    name === undefined
      ? `it names no entrypoint: say one with --entrypoint, of ${known}`
      : `no template has the name "${name}", there are ${known}`;
  problems.wrong([...place, 'entrypoint'], 'unknown-template', message);
  return undefined;
}

/** What of a specification is carried over. */
const CARRIED = new Set([
  'entrypoint',
  'arguments',
  'templates',
  'templateDefaults',
  'workflowTemplateRef',
  'activeDeadlineSeconds',
  'parallelism',
  'retryStrategy',
  'onExit',
  'hooks',
  'synchronization',
  'suspend',
]);

class Import {
  private readonly required = new Set<string>();

  constructor(
    private readonly library: Library,
    private readonly libraries: readonly Library[],
    private readonly parameters: Readonly<Record<string, string>>,
    private readonly problems: Problems,
  ) {}

  body(first: Template): Imported['workflow'] {
    const { spec, name } = this.library;
    this.tellSpec();
    const frame = new Frame(undefined, (variable) => this.fact(variable));
    const given: Scope = (variable) => this.argument(first, variable);
    const compiler = new Compiler(this.libraries, this.problems);
    const onExit = textOf(spec['onExit']);
    const run =
      onExit === undefined
        ? compiler.root(first, frame, given)
        : this.withExit(compiler.step(first, MAIN, frame, given), frame, onExit, compiler);
    const input = { ...this.given(), ...frame.own };
    return {
      ...(name === undefined ? {} : { name: toStepId(name).slice(0, LIMITS.NAME_CHARS) }),
      ...this.bounds(run),
      ...this.inputSchema(frame),
      ...(Object.keys(input).length > 0 ? { input } : {}),
      tasks: run.tasks,
      dependencies: run.dependencies,
      metadata: this.metadata(),
    };
  }

  private bounds({ onFailure, concurrency, timeoutMs }: Run): object {
    const { spec, place } = this.library;
    const parallelism = wholeNumber(spec['parallelism']) ?? concurrency;
    const limitMs =
      spec['activeDeadlineSeconds'] === undefined ? timeoutMs : durationMs(spec['activeDeadlineSeconds']);
    if (spec['suspend'] === true)
      this.problems.differs([...place, 'suspend'], 'suspend', 'it begins at once: pause it by hand');
    return {
      ...(limitMs === undefined || limitMs < 1 ? {} : { timeoutMs: limitMs }),
      ...(parallelism === undefined || parallelism < 1 ? {} : { concurrency: parallelism }),
      ...(onFailure === undefined ? {} : { onFailure }),
    };
  }

  /** Parameters without a value have to be given with each run, and so have the lists of its loops. */
  private inputSchema(frame: Frame): object {
    const required = [...new Set([...this.required, ...Object.keys(frame.own)])];
    return required.length === 0 ? {} : { inputSchema: { type: 'object', required } };
  }

  private given(): Record<string, unknown> {
    const values: Record<string, unknown> = {};
    for (const [name, value] of this.values()) if (value !== undefined) values[name] = listOrText(value);
    return values;
  }

  /** Parameters of the workflow; those without a value are undefined. */
  private values(): Map<string, string | undefined> {
    const { spec, place } = this.library;
    const values = new Map<string, string | undefined>();
    listOf(fieldsOf(spec['arguments'])['parameters']).forEach((one, index) => {
      const parameter = fieldsOf(one);
      const name = String(parameter['name']);
      const value = parameter['value'] ?? parameter['default'] ?? fieldsOf(parameter['valueFrom'])['default'];
      if (value === undefined && isFields(parameter['valueFrom']) && !(name in this.parameters))
        this.problems.differs(
          [...place, 'arguments', 'parameters', index],
          'value-from',
          `${name}: its value is not in the file; give it with the input of each run`,
        );
      values.set(
        name,
        value === undefined ? undefined : typeof value === 'string' ? value : JSON.stringify(value),
      );
    });
    for (const [name, value] of Object.entries(this.parameters)) values.set(name, value);
    return values;
  }

  /** What `workflow.…` stands for. */
  private fact(variable: string): ReturnType<Scope> {
    const { metadata, name } = this.library;
    const of = variable.slice('workflow.'.length);
    if (of.startsWith('parameters.')) return this.parameter(variable, of.slice('parameters.'.length));
    if (of === 'name' || of === 'uid') return [{ key: variable, path: '$.run.id', cel: 'run.id' }];
    if (of === 'status')
      return textOf(this.library.spec['onExit']) === undefined ? undefined : [statusRef(variable, MAIN)];
    if (of === 'mainEntrypoint') return [textOf(this.library.spec['entrypoint']) ?? name ?? ''];
    const [, kind = '', key = ''] = /^(labels|annotations)\.(.+)$/.exec(of) ?? [];
    const value = fieldsOf(metadata[kind])[key];
    return value === undefined ? undefined : [plainText(value)];
  }

  private parameter(key: string, name: string): ReturnType<Scope> {
    const values = this.values();
    if (!values.has(name) && !this.mayBeGiven) return undefined;
    if (values.get(name) === undefined) this.required.add(name);
    const at = `run.input${member(name)}`;
    return [{ key, path: `$.${at}`, cel: at, inFile: values.get(name) }];
  }

  /** Of what is no run by itself, parameters that it does not declare are given by whoever runs it. */
  private get mayBeGiven(): boolean {
    return this.library.isBare || this.library.kind.endsWith('WorkflowTemplate');
  }

  /** Inputs of the first template: arguments of the workflow, or its own defaults. */
  private argument(first: Template, variable: string): ReturnType<Scope> {
    const [, name] = /^inputs\.parameters\.(.+)$/.exec(variable) ?? [];
    if (name === undefined) return this.artifact(first, variable);
    if (this.values().has(name) || this.library.isBare) return this.parameter(variable, name);
    const declared = listOf(fieldsOf(first.fields['inputs'])['parameters'])
      .map(fieldsOf)
      .find((one) => one['name'] === name);
    if (!declared) return undefined;
    const value = declared['value'] ?? declared['default'];
    if (value !== undefined)
      return resolveText(plainText(value), (inner) => this.fact(inner), first.place, this.problems);
    this.required.add(name);
    const at = `run.input${member(name)}`;
    return [{ key: variable, path: `$.${at}`, cel: at }];
  }

  private artifact(first: Template, variable: string): ReturnType<Scope> {
    const [, name] = /^inputs\.artifacts\.([^.]+)$/.exec(variable) ?? [];
    const declared = listOf(fieldsOf(first.fields['inputs'])['artifacts']).map(fieldsOf);
    if (name === undefined || !declared.some((one) => one['name'] === name)) return undefined;
    const key = `artifacts.${name}`;
    this.required.add(key);
    return [{ key: variable, path: `$.run.input${member(key)}`, cel: undefined }];
  }

  /** All of the workflow as one step, and what is done at its end behind it, however that was. */
  private withExit(main: object, frame: Frame, onExit: string, compiler: Compiler): Run {
    const { problems, library } = this;
    const place: Place = [...library.place, 'onExit'];
    const template = library.templates.get(onExit);
    if (!template) {
      problems.wrong(place, 'unknown-template', `no template has the name "${onExit}"`);
      return { tasks: [main], dependencies: {} };
    }
    problems.differs(place, 'on-exit', 'not done where the run is cancelled, or its time is over');
    const exit = { ...compiler.step(template, EXIT, frame, () => undefined), join: 'all-ended' };
    return { tasks: [main, exit], dependencies: { [EXIT]: [MAIN] } };
  }

  private metadata(): Record<string, string> {
    const { metadata, kind } = this.library;
    const entries = [
      ...Object.entries(fieldsOf(metadata['labels'])),
      ...Object.entries(fieldsOf(metadata['annotations'])),
    ];
    const fitting = entries
      .map(([key, value]) => [key, plainText(value)] as const)
      .filter(
        ([key, value]) =>
          /^[A-Za-z0-9][A-Za-z0-9_.:/-]*$/.test(key) && value.length <= LIMITS.METADATA_VALUE_CHARS,
      );
    if (fitting.length < entries.length)
      this.problems.differs(
        this.library.place.slice(0, -1),
        'metadata',
        'labels or annotations that are no metadata here are left out',
      );
    return Object.fromEntries([['argo.kind', kind] as const, ...fitting].slice(0, LIMITS.METADATA_ENTRIES));
  }

  private tellSpec(): void {
    const { spec, place } = this.library;
    const rest = Object.keys(spec).filter((field) => !CARRIED.has(field));
    if (rest.length > 0)
      this.problems.differs(place, 'cluster', `${rest.join(', ')}: about the cluster of Argo, left out`);
    if (isFields(spec['hooks']))
      this.problems.lost([...place, 'hooks'], 'hooks', 'hooks: make what they do steps of the workflow');
    if (isFields(spec['synchronization']))
      this.problems.lost([...place, 'synchronization'], 'synchronization', 'a lock around all of a workflow');
  }
}

/** Text that is a JSON list or object is given as what it is, so that steps can be mapped over it. */
function listOrText(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
