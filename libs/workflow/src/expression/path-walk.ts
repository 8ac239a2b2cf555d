import { jsonpath } from 'json-p3';
import type { JsonValue } from '@multiswarm/contracts';
import { isJsonObject } from './json-equals';
import type { Meter } from './meter';
import { isDescendant, type Segment } from './path-syntax';

const { FilterSelector, IndexSelector, NameSelector, SliceSelector, WildcardSelector } = jsonpath.selectors;

/** What the walks of one reading share. */
export interface Walk {
  readonly root: JsonValue;
  readonly meter: Meter;
  readonly environment: jsonpath.JSONPathEnvironment;
}

/**
 * What the segments find, from one value on. The library can do it, too, but at any cost: `$.run..*..*..*` finds everything
 * over and over again.
 */
export function walk(segments: readonly Segment[], from: JsonValue, given: Walk): JsonValue[] {
  let values = [from];
  for (const segment of segments) {
    const found: JsonValue[] = [];
    for (const value of isDescendant(segment) ? allWithDescendants(values, given.meter) : values)
      for (const selector of segment.selectors) {
        given.meter.spend(1);
        select(selector, value, given, found);
      }
    values = found;
  }
  return values;
}

function* allWithDescendants(values: readonly JsonValue[], meter: Meter): Generator<JsonValue> {
  for (const value of values) yield* withDescendants(value, meter);
}

/** In the order of RFC 9535: a value before what is in it. */
function* withDescendants(value: JsonValue, meter: Meter): Generator<JsonValue> {
  meter.spend(1);
  yield value;
  if (typeof value !== 'object' || value === null) return;
  for (const child of Object.values(value)) yield* withDescendants(child, meter);
}

function select(
  selector: jsonpath.JSONPathSelector,
  value: JsonValue,
  given: Walk,
  found: JsonValue[],
): void {
  if (typeof value !== 'object' || value === null) return;
  if (selector instanceof NameSelector || selector instanceof IndexSelector) {
    const child = childOf(value, selector instanceof NameSelector ? selector.name : selector.index);
    if (child !== undefined) found.push(child);
  } else if (selector instanceof SliceSelector) {
    if (Array.isArray(value)) for (const element of slice(value, selector, given.meter)) found.push(element);
  } else if (selector instanceof WildcardSelector) {
    for (const child of childrenOf(value, given.meter)) found.push(child);
  } else if (selector instanceof FilterSelector) {
    for (const child of childrenOf(value, given.meter)) if (passes(selector, child, given)) found.push(child);
  } else throw new Error(`a selector that is none of RFC 9535: ${selector.toString()}`);
}

/** The value of a field of its own, or an element, from the end where the index is negative; undefined where there is none. */
export function childOf(value: JsonValue, part: string | number): JsonValue | undefined {
  if (typeof part === 'number') return Array.isArray(value) ? value.at(part) : undefined;
  return isJsonObject(value) && Object.hasOwn(value, part) ? (value[part] ?? null) : undefined;
}

function childrenOf(value: JsonValue[] | { [key: string]: JsonValue }, meter: Meter): JsonValue[] {
  const children = Array.isArray(value) ? value : Object.values(value);
  meter.spend(children.length);
  return children;
}

function passes(selector: InstanceType<typeof FilterSelector>, value: JsonValue, given: Walk): boolean {
  const { environment, root } = given;
  return selector.expression.evaluate({ environment, currentValue: value, rootValue: root });
}

/** RFC 9535, 2.3.4.2: bounds that are negative count from the end; a step of 0 selects nothing. */
function* slice(
  list: readonly JsonValue[],
  { start, stop, step = 1 }: InstanceType<typeof SliceSelector>,
  meter: Meter,
): Generator<JsonValue> {
  const length = list.length;
  const within = (bound: number, least: number, most: number): number =>
    Math.min(Math.max(bound < 0 ? bound + length : bound, least), most);
  if (step > 0) {
    const end = within(stop ?? length, 0, length);
    for (let index = within(start ?? 0, 0, length); index < end; index += step) {
      meter.spend(1);
      yield list[index] ?? null;
    }
  } else if (step < 0) {
    const end = stop === undefined ? -1 : within(stop, -1, length - 1);
    for (
      let index = start === undefined ? length - 1 : within(start, -1, length - 1);
      index > end;
      index += step
    ) {
      meter.spend(1);
      yield list[index] ?? null;
    }
  }
}
