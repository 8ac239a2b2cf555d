import { jsonpath } from 'json-p3';
import { LIMITS, type JsonValue } from '@multiswarm/contracts';
import type { RunContext } from '../context';
import { elementOf, fieldOf, ofTypes, typesOf, type Shape } from '../schema/shape';
import { ARRAY } from '../schema/types';
import { keepingCompiled } from './compiled';
import { ExpressionError } from './expression-error';
import { Meter } from './meter';
import { lookThrough, newReads, noteRoot, parsePath, partOf } from './path-syntax';
import { childOf, walk, type Walk } from './path-walk';
import { plainParts } from './plain-path';

/** A JSON path (RFC 9535), compiled. */
export interface Path {
  /** Ids of the steps that it looks at. */
  readonly steps: readonly string[];
  /** Whether it looks at `$.item` or `$.index`, which only items of a map have. */
  readonly readsItem: boolean;
  /** Whether it leads to one value. */
  readonly singular: boolean;
  /** What it leads to, where it looks at something like this: nothing where it can lead nowhere. */
  shapeIn(context: Shape): Shape;
  /**
   * The value that a singular path leads to; of any other one the list of what it finds.
   * @throws ExpressionError where a singular path leads nowhere, or it costs more than `LIMITS.EXPRESSION_COST`.
   */
  read(context: RunContext): JsonValue;
}

/** Compiles a JSON path. Of a text that is asked for again and again the same path. */
export const compilePath = keepingCompiled('path', (text): Path => {
  const parts = plainParts(text);
  return parts === undefined ? queryOf(text) : plainPath(text, parts);
});

/** It visits one value for each of its parts, which is no cost worth a meter. */
function plainPath(text: string, parts: readonly (string | number)[]): Path {
  const reads = newReads();
  noteRoot(parts, reads);
  return {
    steps: [...reads.steps],
    readsItem: reads.item,
    singular: true,
    shapeIn: (context) => shapeAlong(parts, context),
    read: (context) => {
      let value: JsonValue | undefined = context as unknown as JsonValue; // an interface of JSON
      for (const part of parts) {
        value = childOf(value, part);
        if (value === undefined) throw new ExpressionError(`${text} leads nowhere`);
      }
      return value;
    },
  };
}

function queryOf(text: string): Path {
  const query = parsePath(text);
  const { reads, inner } = lookThrough(query);
  const meteredBy = meterInner(inner);
  const singular = query.singularQuery();
  const parts = query.segments.map(partOf);
  return {
    steps: [...reads.steps],
    readsItem: reads.item,
    singular,
    shapeIn: (context) => shapeAlong(parts, context),
    read: (context) => {
      const root = context as unknown as JsonValue; // as above
      const given = { root, meter: new Meter(LIMITS.EXPRESSION_COST), environment: query.environment };
      const found = meteredBy(given, () => walk(query.segments, root, given));
      if (!singular) return found;
      const [value] = found;
      if (value === undefined) throw new ExpressionError(`${text} leads nowhere`);
      return value;
    },
  };
}

/** Makes the queries in filters walk as the path does. A reading is synchronous, so there is one at a time. */
function meterInner(inner: readonly jsonpath.JSONPathQuery[]) {
  let current: Walk | undefined;
  for (const query of inner)
    query.query = (value) => {
      if (current === undefined) throw new Error('a filter is evaluated outside of a reading');
      const { meter, root } = current;
      const found = walk(query.segments, value as JsonValue, current);
      // What it finds is compared, or counted.
      for (const each of found) meter.weigh(each);
      return new jsonpath.JSONPathNodeList(found.map((each) => new jsonpath.JSONPathNode(each, [], root)));
    };
  return <T>(given: Walk, read: () => T): T => {
    current = given;
    try {
      return read();
    } finally {
      current = undefined;
    }
  };
}

/** As far as each part selects one value; what finds several, undefined here, gives a list. */
function shapeAlong(parts: readonly (string | number | undefined)[], context: Shape): Shape {
  let shape = context;
  for (const part of parts) {
    if (part === undefined) return ofTypes(ARRAY);
    shape = typeof part === 'number' ? elementOf(shape, part) : fieldOf(shape, part);
    if (typesOf(shape) === 0) return shape;
  }
  return shape;
}
