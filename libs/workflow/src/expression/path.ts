import { jsonpath } from 'json-p3';
import { LIMITS, type JsonValue } from '@multiswarm/contracts';
import type { RunContext } from '../context';
import { elementOf, fieldOf, ofTypes, typesOf, type Shape } from '../schema/shape';
import { ARRAY } from '../schema/types';
import { compilingOnce } from './compiled';
import { ExpressionError } from './expression-error';
import { Meter } from './meter';
import { indexOf, lookThrough, nameOf, parsePath, type Segment } from './path-syntax';
import { walk, type Walk } from './path-walk';

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

/** Compiles a JSON path. Of the same text the same path, as long as it is remembered. */
export const compilePath = compilingOnce('path', (text): Path => {
  const query = parsePath(text);
  const { reads, inner } = lookThrough(query);
  const meteredBy = meterInner(inner);
  const singular = query.singularQuery();
  return {
    steps: [...reads.steps],
    readsItem: reads.item,
    singular,
    shapeIn: (context) => shapeAlong(query.segments, context),
    read: (context) => {
      const root = context as unknown as JsonValue; // an interface of JSON
      const given = { root, meter: new Meter(LIMITS.EXPRESSION_COST), environment: query.environment };
      const found = meteredBy(given, () => walk(query.segments, root, given));
      if (!singular) return found;
      const [value] = found;
      if (value === undefined) throw new ExpressionError(`${text} leads nowhere`);
      return value;
    },
  };
});

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

/** As far as each segment selects one value; what finds several gives a list. */
function shapeAlong(segments: readonly Segment[], context: Shape): Shape {
  let shape = context;
  for (const segment of segments) {
    const name = nameOf(segment);
    const index = indexOf(segment);
    if (name === undefined && index === undefined) return ofTypes(ARRAY);
    shape = name === undefined ? elementOf(shape, index) : fieldOf(shape, name);
    if (typesOf(shape) === 0) return shape;
  }
  return shape;
}
