import { fieldsOf, isFields, listOf, plainText, textOf, type Fields } from '../imported';
import type { Place, Problems } from './problems';

/** A template, and where it stands. */
export interface Template {
  name: string;
  fields: Fields;
  place: Place;
  /** Where the templates are that it names. */
  library: Library;
}

/** The templates of one document. */
export interface Library {
  kind: string;
  name: string | undefined;
  spec: Fields;
  place: Place;
  templates: ReadonlyMap<string, Template>;
  metadata: Fields;
  /** Tasks of a DAG without a manifest around them: they say only what waits for what. */
  isBare: boolean;
}

/** The documents of a file that have templates. */
export function readLibraries(documents: readonly unknown[], problems: Problems): Library[] {
  return documents.flatMap((document, index) => {
    const base: Place = documents.length === 1 ? [] : [index];
    const fields = fieldsOf(document);
    if (Array.isArray(fields['items']) && fields['kind'] === 'List')
      return listOf(fields['items']).map((item, at) =>
        libraryOf(fieldsOf(item), [...base, 'items', at], problems),
      );
    if (isFields(fields['spec'])) return [libraryOf(fields, base, problems)];
    if (Array.isArray(fields['tasks'])) return [bareLibrary(fields, base)];
    problems.wrong(base, 'not-argo', 'neither a manifest of Argo Workflows nor the tasks of a DAG template');
    return [];
  });
}

function libraryOf(document: Fields, base: Place, problems: Problems): Library {
  const kind = textOf(document['kind']) ?? 'Workflow';
  const outer = fieldsOf(document['spec']);
  const isCron = kind === 'CronWorkflow';
  const spec = isCron ? fieldsOf(outer['workflowSpec']) : outer;
  const place = isCron ? [...base, 'spec', 'workflowSpec'] : [...base, 'spec'];
  if (isCron)
    problems.differs(
      [...base, 'spec'],
      'cron',
      `schedule ${JSON.stringify(outer['schedules'] ?? outer['schedule'] ?? '')}: only what it starts is imported`,
    );
  const metadata = fieldsOf(document['metadata']);
  const name = textOf(metadata['name']) ?? textOf(metadata['generateName'])?.replace(/-+$/, '');
  const templates = new Map<string, Template>();
  const library: Library = { kind, name, spec, place, templates, metadata, isBare: false };
  const defaults = fieldsOf(spec['templateDefaults']);
  listOf(spec['templates']).forEach((given, index) => {
    const own = fieldsOf(given);
    const at = [...place, 'templates', index];
    const templateName = textOf(own['name']);
    if (templateName === undefined) problems.wrong(at, 'missing-name', 'a template without a name');
    else if (templates.has(templateName))
      problems.wrong(at, 'duplicate-name', `"${templateName}" is the name of another template, too`);
    else
      templates.set(templateName, {
        name: templateName,
        fields: { ...defaults, ...own },
        place: at,
        library,
      });
  });
  return library;
}

function bareLibrary(document: Fields, base: Place): Library {
  const name = textOf(document['template']) ?? textOf(document['name']) ?? 'main';
  const { tasks, failFast } = document;
  const dag = { tasks, ...(typeof failFast === 'boolean' ? { failFast } : {}) };
  const templates = new Map<string, Template>();
  const spec = { entrypoint: name };
  const library: Library = { kind: 'dag', name, spec, place: base, templates, metadata: {}, isBare: true };
  templates.set(name, { name, fields: { name, dag }, place: base, library });
  return library;
}

const RUNS = new Set(['Workflow', 'CronWorkflow', 'dag']);

/** Those of which one is meant: what is run, or else what could be. */
export function candidates(libraries: readonly Library[]): Library[] {
  const runs = libraries.filter(({ kind }) => RUNS.has(kind));
  if (runs.length > 0) return runs;
  const complete = libraries.filter(({ spec }) => textOf(spec['entrypoint']) !== undefined);
  return complete.length > 0 ? complete : [...libraries];
}

/** A workflow that names a template has all of it that it does not say itself. */
export function withTemplate(library: Library, libraries: readonly Library[], problems: Problems): Library {
  const reference = library.spec['workflowTemplateRef'];
  if (!isFields(reference)) return library;
  const from = libraries.find(
    (one) => one.name === reference['name'] && !RUNS.has(one.kind) && one !== library,
  );
  if (!from) {
    const message = `no document of this file is the template "${String(reference['name'])}": put it into the same file, after ---`;
    problems.wrong([...library.place, 'workflowTemplateRef'], 'unknown-template', message);
    return library;
  }
  const base = withTemplate(from, libraries, problems);
  const spec = { ...base.spec, ...library.spec, arguments: mergedArguments(base.spec, library.spec) };
  return { ...library, spec, templates: new Map([...base.templates, ...library.templates]) };
}

function mergedArguments(base: Fields, own: Fields): Fields {
  const byName = new Map<unknown, unknown>();
  for (const spec of [base, own])
    for (const parameter of listOf(fieldsOf(spec['arguments'])['parameters']))
      byName.set(fieldsOf(parameter)['name'], parameter);
  return { ...fieldsOf(base['arguments']), ...fieldsOf(own['arguments']), parameters: [...byName.values()] };
}

/** The template that a task or step means. */
export function templateOf(
  task: Fields,
  place: Place,
  library: Library,
  libraries: readonly Library[],
  problems: Problems,
): Template | undefined {
  const { template, templateRef, inline } = task;
  if (isFields(inline))
    return {
      name: textOf(task['name']) ?? 'inline',
      fields: { name: textOf(task['name']) ?? 'inline', ...inline },
      place: [...place, 'inline'],
      library,
    };
  if (isFields(templateRef)) return referred(templateRef, [...place, 'templateRef'], libraries, problems);
  const found = typeof template === 'string' ? library.templates.get(template) : undefined;
  if (found) return found;
  const message =
    template === undefined ? 'it names no template' : `no template has the name "${plainText(template)}"`;
  problems.wrong([...place, 'template'], 'unknown-template', message);
  return undefined;
}

function referred(
  reference: Fields,
  place: Place,
  libraries: readonly Library[],
  problems: Problems,
): Template | undefined {
  const isCluster = reference['clusterScope'] === true;
  const library = libraries.find(
    ({ name, kind }) => name === reference['name'] && (kind === 'ClusterWorkflowTemplate') === isCluster,
  );
  const found = library?.templates.get(String(reference['template']));
  if (found) return found;
  const message = `no document of this file has the template "${String(reference['template'])}" of "${String(reference['name'])}": put it into the same file, after ---`;
  problems.wrong(place, 'unknown-template', message);
  return undefined;
}
