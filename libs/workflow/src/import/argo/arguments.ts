import { fieldsOf, isFields, listOf, plainText, textOf, type Fields } from '../imported';
import type { Template } from './manifest';
import type { Place, Problems } from './problems';
import { resolveText, type Scope } from './scope';
import type { Text } from './text';

/** What the inputs of a template stand for where it is used. */
export function argumentsOf(
  template: Template,
  task: Fields,
  place: Place,
  scope: Scope,
  problems: Problems,
): Scope {
  const known = new Map<string, Text>();
  const at = [...place, 'arguments'];
  const given = fieldsOf(task['arguments']);
  const givenParameters = byName(given['parameters']);
  const inputs = fieldsOf(template.fields['inputs']);
  for (const [name, declared] of byName(inputs['parameters'])) {
    const text = valueOf(givenParameters.get(name), declared, scope, [...at, 'parameters', name], problems);
    if (text) known.set(`inputs.parameters.${name}`, text);
    else problems.wrong(at, 'missing-parameter', `"${template.name}" needs the parameter "${name}"`);
  }
  const givenArtifacts = byName(given['artifacts']);
  for (const [name, declared] of byName(inputs['artifacts'])) {
    const from = textOf({ ...declared, ...givenArtifacts.get(name) }['from']);
    if (from !== undefined)
      known.set(`inputs.artifacts.${name}`, resolveText(from, scope, [...at, 'artifacts', name], problems));
    else if (
      !Object.keys({ ...declared, ...givenArtifacts.get(name) }).some((key) => SOURCES.has(key)) &&
      declared['optional'] !== true
    )
      problems.wrong(at, 'missing-artifact', `"${template.name}" needs the artifact "${name}"`);
  }
  return (variable) => known.get(variable);
}

function valueOf(
  given: Fields | undefined,
  declared: Fields,
  scope: Scope,
  place: Place,
  problems: Problems,
): Text | undefined {
  if (given && given['value'] !== undefined)
    return resolveText(plainText(given['value']), scope, place, problems);
  for (const one of [given, declared]) {
    if (one && isFields(one['valueFrom'])) {
      const from = one['valueFrom'];
      if (from['default'] !== undefined) return [plainText(from['default'])];
      problems.lost(
        place,
        'value-from',
        `a value from ${Object.keys(from).join(', ')}: nothing here reads that`,
      );
      return [''];
    }
  }
  const fallback = declared['value'] ?? declared['default'];
  return fallback === undefined ? undefined : resolveText(plainText(fallback), scope, place, problems);
}

const SOURCES = new Set(['s3', 'gcs', 'http', 'git', 'raw', 'oss', 'hdfs', 'artifactory', 'azure', 'plugin']);

/** Paths of files that a template declares: known before. */
export function ownScope(template: Fields): Scope {
  return (variable) => {
    const [, side = '', kind = '', name = ''] =
      /^(inputs|outputs)\.(parameters|artifacts)\.(.+)\.path$/.exec(variable) ?? [];
    const declared = byName(fieldsOf(template[side])[kind]).get(name);
    const path = textOf(declared?.['path']) ?? textOf(fieldsOf(declared?.['valueFrom'])['path']);
    return path === undefined ? undefined : [path];
  };
}

export function byName(given: unknown): Map<string, Fields> {
  return new Map(
    listOf(given).flatMap((one) => {
      const name = textOf(fieldsOf(one)['name']);
      return name === undefined ? [] : [[name, fieldsOf(one)] as const];
    }),
  );
}
