import { LIMITS } from '@multiswarm/contracts';
import { isFields, plainText } from '../imported';
import type { Frame } from './frame';
import type { ArgoTask } from './graph';
import { filled } from './leaf';
import { wholeNumber } from './quantities';
import type { Problems } from './problems';
import { fixedText, resolveText, type Scope } from './scope';
import { literalOf, member, onlyRef, shown } from './text';

/** A step that is repeated for each item of a list. */
export interface Loop {
  over: string;
}

/** The loop of a task, if it is one. Lists that are known before become a part of the input of the run. */
export function loopOf(task: ArgoTask, scope: Scope, frame: Frame, problems: Problems): Loop | undefined {
  const { withItems, withParam, withSequence } = task.fields;
  if (Array.isArray(withItems)) return listed(itemsOf(withItems, task, scope, problems), task, frame);
  if (isFields(withSequence)) return listed(sequenceOf(withSequence, task, scope, problems), task, frame);
  if (withParam === undefined || withParam === null) return undefined;
  const at = [...task.place, 'withParam'];
  const given = typeof withParam === 'string' ? withParam : JSON.stringify(withParam);
  const text = resolveText(given, scope, at, problems);
  const literal = literalOf(text);
  if (literal !== undefined) {
    const list = listIn(literal);
    if (list) return listed(list, task, frame);
    problems.lost(at, 'no-list', `"${literal}" is no JSON list`);
    return { over: `$.run.input${member(keyOf(task))}` };
  }
  const path = onlyRef(text)?.path;
  if (path === undefined)
    problems.lost(at, 'no-list', `"${shown(text)}": no path leads to exactly this list`);
  return { over: path ?? `$.run.input${member(keyOf(task))}` };
}

function keyOf({ name }: ArgoTask): string {
  return `items.${name}`;
}

function listed(items: readonly unknown[], task: ArgoTask, frame: Frame): Loop {
  frame.own[keyOf(task)] = items;
  return { over: `$.run.input${member(keyOf(task))}` };
}

function itemsOf(
  given: readonly unknown[],
  { place }: ArgoTask,
  scope: Scope,
  problems: Problems,
): readonly unknown[] {
  const inputs: Record<string, string> = {};
  const at = [...place, 'withItems'];
  const items = filled(given, at, scope, problems, inputs);
  const [variable] = Object.keys(inputs);
  if (variable !== undefined)
    problems.lost(
      at,
      'item-variable',
      `items with {{${variable}}}, which is known only while the run goes on: use withParam`,
    );
  return Array.isArray(items) ? items : [];
}

function sequenceOf(
  sequence: Readonly<Record<string, unknown>>,
  { place }: ArgoTask,
  scope: Scope,
  problems: Problems,
): string[] {
  const at = [...place, 'withSequence'];
  const number = (field: string): number | undefined => {
    if (sequence[field] === undefined) return undefined;
    const text = fixedText(plainText(sequence[field]), scope, [...at, field], problems);
    const known = wholeNumber(text);
    if (known === undefined)
      problems.lost([...at, field], 'sequence', `${text} is no number that is known before`);
    return known;
  };
  const start = number('start') ?? 0;
  const count = number('count');
  const end = number('end');
  const last = count === undefined ? (end ?? start) : start + count - 1;
  const length = count === 0 ? 0 : Math.abs(last - start) + 1;
  if (length > LIMITS.MAP_ITEMS) {
    problems.wrong(at, 'too-many-items', `${length} items, the limit is ${LIMITS.MAP_ITEMS} (MAP_ITEMS)`);
    return [];
  }
  const step = last < start ? -1 : 1;
  const format = typeof sequence['format'] === 'string' ? sequence['format'] : '%d';
  if (!/^[^%]*%0?\d*[dxX][^%]*$/.test(format))
    problems.lost([...at, 'format'], 'sequence', `the format ${format}`);
  return Array.from({ length }, (_, index) => printed(format, start + index * step));
}

/** As C and Go print one whole number. */
function printed(format: string, value: number): string {
  return format.replace(/%(0?)(\d*)([dxX])/, (_, zero: string, width: string, kind: string) => {
    const text = kind === 'd' ? String(value) : value.toString(16);
    return (kind === 'X' ? text.toUpperCase() : text).padStart(
      Number(width || '0'),
      zero === '0' ? '0' : ' ',
    );
  });
}

function listIn(text: string): unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
