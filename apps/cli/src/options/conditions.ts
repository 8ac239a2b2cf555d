import type { Comparator } from '@multiswarm/contracts';
import { usageFault } from '../faults';

export type Scalar = string | number | boolean;
/** What is asked of one label or attribute: a plain value, or comparators. */
export type Asked = Scalar | Partial<Record<Comparator, Scalar | readonly Scalar[]>>;
export type AskedOf = Record<string, Asked>;

type Kind = 'label' | 'attribute';

const KEY =
  /^\s*([A-Za-z0-9][A-Za-z0-9_.:/-]*?)\s*(?:(not\s+in|in|not\s+exists|exists)(?:\s+|$)|(!=|<=|>=|==|=|<|>))(.*)$/s;
const HOW = {
  label: `write it like 'tier=gold', 'tier!=gold', 'tier in gold,silver', 'tier not in test' or 'tier exists'`,
  attribute: `write it like 'gpu_memory=40' (at least), 'gpu_memory<80', 'gpu_memory==40', 'language in python,go' or 'licence exists'`,
} as const;

/**
 * For options that are given several times: `tier=gold`, `gpu_memory>=40`, `language in python,go`, `licence not exists`. What is said of
 * one key must hold together.
 */
export function collectCondition(
  kind: Kind,
  option = `--${kind}`,
): (text: string, before?: AskedOf) => AskedOf {
  return (text, before = {}) => {
    const [key, asked] = conditionOf(kind, option, text);
    const known = Object.hasOwn(before, key) ? before[key] : undefined;
    return { ...before, [key]: known === undefined ? asked : together(option, key, known, asked) };
  };
}

function conditionOf(kind: Kind, option: string, text: string): [key: string, asked: Asked] {
  const fault = (what: string) => usageFault(`${option} "${text}": ${what}`, HOW[kind]);
  const match = KEY.exec(text);
  if (match === null) throw fault('says neither a value nor a comparator');
  const [, key = '', word, sign, rest = ''] = match;
  const typed = (value: string): Scalar => (kind === 'label' ? value : scalarOf(value));
  if (sign === '=') return [key, typed(rest)];
  if (sign === '==') return [key, { '=': typed(rest.trim()) }];
  if (sign === '!=') return [key, { '!=': typed(rest.trim()) }];
  if (sign !== undefined) {
    if (kind === 'label') throw fault('the values of labels are texts, and have no order');
    const bound = scalarOf(rest.trim());
    if (typeof bound !== 'number') throw fault(`there has to be a number behind ${sign}`);
    return [key, { [sign]: bound }];
  }
  const isNot = word?.startsWith('not') === true;
  if (word?.endsWith('exists') === true) {
    if (rest.trim() !== '') throw fault('nothing can stand behind "exists"');
    return [key, { exists: !isNot }];
  }
  const values = rest
    .split(',')
    .map((value) => value.trim())
    .filter((value) => value !== '');
  if (values.length === 0) throw fault('there are no values behind "in"');
  return [key, { [isNot ? 'not in' : 'in']: values.map(typed) }];
}

/** Two conditions on one key. */
function together(option: string, key: string, known: Asked, asked: Asked): Asked {
  const [one, other] = [comparatorsOf(known), comparatorsOf(asked)];
  const twice = Object.keys(other).find((comparator) => Object.hasOwn(one, comparator));
  if (twice !== undefined)
    throw usageFault(
      `${option}: "${twice}" is said twice of ${key}`,
      `all that is said of ${key} must hold together; for one of several values write '${key} in a,b'`,
    );
  return { ...one, ...other };
}

/** A bare number asks for at least that much. */
function comparatorsOf(asked: Asked): Exclude<Asked, Scalar> {
  if (typeof asked === 'object') return asked;
  return typeof asked === 'number' ? { '>=': asked } : { '=': asked };
}

/** `40` is a number, `true` a flag, everything else text. */
export function scalarOf(word: string): Scalar {
  if (word === 'true' || word === 'false') return word === 'true';
  return word.trim() !== '' && Number.isFinite(Number(word)) ? Number(word) : word;
}
