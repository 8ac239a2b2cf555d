import type { Place, Problems } from './problems';
import { member, parseText, type Ref, type Text } from './text';

/** What a variable stands for in one place of a manifest; undefined where it stands for nothing there. */
export type Scope = (variable: string) => Text | undefined;

/** The first of these that knows it. */
export function within(...scopes: readonly Scope[]): Scope {
  return (variable) => {
    for (const scope of scopes) {
      const known = scope(variable);
      if (known) return known;
    }
    return undefined;
  };
}

/** Variables of which only the machine that does the work knows the value. */
const OF_THE_AGENT =
  /^(pod\.name|node\.name|retries|lastRetry\..+|duration|status|resourcesDuration\..+|exitCode)$/;

/** Replaces the tags of a text. What cannot be replaced is told, and stays as it is. */
export function resolveText(given: string, scope: Scope, place: Place, problems: Problems): Text {
  return parseText(given, (tag) => {
    const variable = tag.startsWith('=') ? plainReference(tag.slice(1).trim()) : tag;
    if (variable === undefined) {
      const message = `{{${tag}}} is an expression: there is nothing that computes a text while a run goes on`;
      problems.lost(place, 'expression-tag', message);
      return [`{{${tag}}}`];
    }
    const known = scope(variable);
    if (known) return known;
    if (OF_THE_AGENT.test(variable))
      problems.differs(
        place,
        'known-to-the-agent',
        `{{${tag}}} is left to the agent: only it knows the value`,
      );
    else
      problems.lost(place, 'unknown-variable', `{{${tag}}} has no counterpart, or stands for nothing here`);
    return [`{{${tag}}}`];
  });
}

/** A text that has to be known before: of parameters that a run may be given, what the file says. */
export function fixedText(given: string, scope: Scope, place: Place, problems: Problems): string {
  return resolveText(given, scope, place, problems)
    .map((part) => {
      if (typeof part === 'string') return part;
      if (part.inFile === undefined) return `{{${part.key}}}`;
      const message = `{{${part.key}}} is ${part.inFile} here, whatever a run is given: --parameter sets it`;
      problems.differs(place, 'fixed', message);
      return part.inFile;
    })
    .join('');
}

/** `inputs.parameters['a-b']` is `inputs.parameters.a-b`; undefined where it is more than a reference. */
function plainReference(expression: string): string | undefined {
  const plain = expression.replace(/\[\s*(?:'([^']*)'|"([^"]*)")\s*\]/g, (_, single, double) => {
    const name: unknown = single ?? double;
    return `.${typeof name === 'string' ? name : ''}`;
  });
  return /^(inputs|tasks|steps|workflow|item|outputs)(\.[A-Za-z0-9_-]+)*$/.test(plain) ? plain : undefined;
}

/** `item` and its fields, in what a loop repeats. */
export const itemScope: Scope = (variable) => {
  if (variable === 'item') return [{ key: 'item', path: '$.item', cel: 'item' }];
  if (!variable.startsWith('item.')) return undefined;
  const field = member(variable.slice('item.'.length));
  return [{ key: variable, path: `$.item${field}`, cel: `item${field}` }];
};

/** What a run inside is handed over in its input: noted when it is asked for. */
export class Handover {
  /** By the field of the input: the path that leads to it in the run around. */
  readonly paths = new Map<string, string>();

  /** The same variable, seen from inside. */
  ref(key: string, outside: Ref): Ref {
    const { path, via } = outside;
    const handed = via ?? (path === undefined ? undefined : { key, path, cel: (value: string) => value });
    if (!handed) return { key, path: undefined, cel: undefined };
    this.paths.set(handed.key, handed.path);
    const at = member(handed.key);
    const inside = `run.input${at}`;
    const cel = handed.cel(inside);
    const { inFile } = outside;
    if (!via) return { key, path: `$.${inside}`, cel, inFile };
    return { key, path: undefined, cel, via: { ...via, path: `$.${inside}` } };
  }

  text(key: string, outside: Text): Text {
    return outside.map((part, index) => {
      if (typeof part === 'string') return part;
      return this.ref(outside.length === 1 ? key : `${key}.${index}`, part);
    });
  }
}
