import { fieldsOf, isFields, listOf, textOf, type Fields } from '../imported';
import { toStepId } from '../step-ids';
import { resourcesOf, retryOf, timeoutOf } from './policies';
import type { Place, Problems } from './problems';
import { resolveText, type Scope } from './scope';
import { shown } from './text';

/** Templates that a machine carries out, by their field; the capability of the same name is asked for. */
const WORK = ['container', 'script', 'http', 'resource', 'data', 'containerSet', 'plugin'] as const;

/** What kind of work a template is. */
export function workOf(template: Fields): string | undefined {
  return WORK.find((kind) => template[kind] !== undefined && template[kind] !== null);
}

/** What a template may have besides its work and is carried over, or has no meaning by itself. */
const KNOWN = new Set<string>([
  ...WORK,
  'name',
  'inputs',
  'outputs',
  'retryStrategy',
  'activeDeadlineSeconds',
  'timeout',
  'synchronization',
  'memoize',
  'daemon',
  'metadata',
  'hooks',
  'parallelism',
  'failFast',
  'metrics',
]);

export interface Leaf {
  fields: Record<string, unknown>;
  /** Paths into the run, by the field of the input. */
  inputs: Record<string, string>;
}

/** The work of a template as fields of a step. Variables that are known only while the run goes on become `inputs`. */
export function leafOf(template: Fields, kind: string, place: Place, scope: Scope, problems: Problems): Leaf {
  const inputs: Record<string, string> = {};
  const fill = (value: unknown, at: Place): unknown => filled(value, at, scope, problems, inputs);
  const spec = fieldsOf(template[kind]);
  const name = textOf(template['name']) ?? kind;
  const timeoutMs = timeoutOf(template, place, problems, scope);
  const resources = resourcesOf(spec);
  const capability = kind === 'containerSet' ? 'container-set' : kind;
  const input: Record<string, unknown> = { template: name, [kind]: fill(spec, [...place, kind]) };
  const outputs = template['outputs'];
  if (isFields(outputs)) input['outputs'] = fill(outputs, [...place, 'outputs']);
  const pod = Object.entries(template).filter(([field]) => !KNOWN.has(field));
  if (template['metrics'] !== undefined)
    problems.differs(
      [...place, 'metrics'],
      'metrics',
      'metrics of its own are left out: the system measures each step',
    );
  if (pod.length > 0) {
    input['pod'] = fill(Object.fromEntries(pod), place);
    const fields = pod.map(([field]) => field).join(', ');
    problems.differs(place, 'pod', `${fields}: given to the agent as input.pod, which has to see to it`);
  }
  const { metadata } = template;
  if (isFields(metadata)) input['metadata'] = fill(metadata, [...place, 'metadata']);
  return {
    fields: {
      type: toStepId(name),
      input,
      requirements: { capabilities: [capability], ...(resources === undefined ? {} : { resources }) },
      retry: retryOf(template['retryStrategy'], place, problems),
      ...(timeoutMs === undefined ? {} : { timeouts: { startToCloseMs: timeoutMs } }),
      ...limitsOf(template['synchronization'], place, problems),
    },
    inputs,
  };
}

/** Every text in it with its variables replaced. */
export function filled(
  value: unknown,
  at: Place,
  scope: Scope,
  problems: Problems,
  inputs: Record<string, string>,
): unknown {
  if (typeof value === 'string') {
    const text = resolveText(value, scope, at, problems);
    for (const part of text) {
      if (typeof part === 'string') continue;
      if (part.path === undefined)
        problems.lost(at, 'no-path', `{{${part.key}}}: no path leads to exactly this value`);
      else inputs[part.key] = part.path;
    }
    return shown(text);
  }
  if (Array.isArray(value))
    return value.map((item: unknown, index) => filled(item, [...at, index], scope, problems, inputs));
  if (!isFields(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, filled(item, [...at, key], scope, problems, inputs)]),
  );
}

/** Mutexes and semaphores are limits of the namespace by key. */
function limitsOf(given: unknown, place: Place, problems: Problems): object {
  if (!isFields(given)) return {};
  const at = [...place, 'synchronization'];
  const mutexes = [given['mutex'], ...listOf(given['mutexes'])].filter(isFields);
  const semaphores = [given['semaphore'], ...listOf(given['semaphores'])].filter(isFields);
  const keys = [
    ...mutexes.map((mutex) => `mutex:${textOf(mutex['name']) ?? ''}`),
    ...semaphores.map((semaphore) => {
      const { name, key } = fieldsOf(semaphore['configMapKeyRef'] ?? semaphore['database']);
      return `semaphore:${textOf(name) ?? ''}${textOf(name) === undefined ? '' : '.'}${textOf(key) ?? ''}`;
    }),
  ].map((key) => key.replace(/\.$/, ''));
  const usable = keys.filter((key) => /^[a-z]+:[A-Za-z0-9][A-Za-z0-9_.:/-]*$/.test(key));
  if (usable.length < keys.length)
    problems.lost(at, 'synchronization', 'a lock with a name that is known only while the run goes on');
  if (usable.length === 0) return {};
  const set = usable.map((key) => `"swarmctl namespace set" a limit for ${key}`).join(', ');
  problems.differs(at, 'synchronization', `held only where the namespace has the limits: with ${set}`);
  return { limitKeys: usable };
}
