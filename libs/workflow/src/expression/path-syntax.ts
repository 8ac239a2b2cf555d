import { jsonpath } from 'json-p3';
import { SyntaxFault } from './syntax-fault';

type Query = jsonpath.JSONPathQuery;
export type Segment = jsonpath.JSONPathSegment;

const { FilterQuery, FunctionExtension, InfixExpression, LogicalExpression, PrefixExpression, RootQuery } =
  jsonpath.expressions;
const { FilterSelector, IndexSelector, NameSelector } = jsonpath.selectors;

const environment = new jsonpath.JSONPathEnvironment();
// Regular expressions of JavaScript may take exponential time.
environment.functionRegister.delete('match');
environment.functionRegister.delete('search');

/** Filters inside filters. */
const FILTER_DEPTH = 4;

/** A query of RFC 9535. */
export function parsePath(text: string): Query {
  try {
    return environment.compile(text);
  } catch (error) {
    throw new SyntaxFault(...faultOf(error));
  }
}

function faultOf(error: unknown): [message: string, at?: number] {
  if (error instanceof RangeError) return ['nested too deeply'];
  if (!(error instanceof jsonpath.JSONPathError)) throw error;
  const text = error.message;
  if (/'(match|search)'/.test(text)) return ['there are no regular expressions: their cost has no limit'];
  return [text.replace(/ \('.*$/s, ''), error.token.index];
}

/** What a path looks at. */
export interface PathReads {
  readonly steps: Set<string>;
  item: boolean;
}

/** All queries of a path: itself and those in its filters. */
export interface PathQueries {
  readonly reads: PathReads;
  /** The queries in filters. */
  readonly inner: Query[];
}

/** Looks through a path: that each absolute query of it says what it looks at, and how deep its filters are. */
export function lookThrough(query: Query): PathQueries {
  const found: PathQueries = { reads: newReads(), inner: [] };
  noteRoot(query.segments.map(partOf), found.reads);
  visitFilters(query, found, 1);
  return found;
}

export function newReads(): PathReads {
  return { steps: new Set(), item: false };
}

/**
 * What an absolute path looks at, by its first parts.
 * @throws SyntaxFault where that is not known before, or is nothing that there is
 */
export function noteRoot([first, second]: readonly (string | number | undefined)[], reads: PathReads): void {
  switch (first) {
    case 'run':
      return;
    case 'item':
    case 'index':
      reads.item = true;
      return;
    case 'steps':
      if (typeof second !== 'string')
        throw new SyntaxFault(
          "write $.steps.<id> or $.steps['<id>']: which steps are looked at must be known before",
        );
      reads.steps.add(second);
      return;
    default:
      throw new SyntaxFault('a path begins with $.run, $.steps.<id>, $.item or $.index');
  }
}

/** The name or the index that a segment selects, if that is all that it selects. */
export function partOf(segment: Segment): string | number | undefined {
  const selector = onlySelector(segment);
  if (selector instanceof NameSelector) return selector.name;
  return selector instanceof IndexSelector ? selector.index : undefined;
}

/** The library does not export the classes of segments. */
const DescendantSegment: unknown = environment.compile('$..a').segments[0]?.constructor;

export function isDescendant(segment: Segment): boolean {
  return segment.constructor === DescendantSegment;
}

function onlySelector(segment: Segment): jsonpath.JSONPathSelector | undefined {
  return segment.selectors.length === 1 && !isDescendant(segment) ? segment.selectors[0] : undefined;
}

function visitFilters(query: Query, found: PathQueries, depth: number): void {
  for (const segment of query.segments)
    for (const selector of segment.selectors)
      if (selector instanceof FilterSelector) {
        if (depth > FILTER_DEPTH)
          throw new SyntaxFault(`has filters in filters more than ${FILTER_DEPTH} deep`);
        visitExpression(selector.expression, found, depth);
      }
}

function visitExpression(
  expression: jsonpath.expressions.FilterExpression,
  found: PathQueries,
  depth: number,
): void {
  if (expression instanceof LogicalExpression) visitExpression(expression.expression, found, depth);
  else if (expression instanceof PrefixExpression) visitExpression(expression.right, found, depth);
  else if (expression instanceof InfixExpression) {
    visitExpression(expression.left, found, depth);
    visitExpression(expression.right, found, depth);
  } else if (expression instanceof FunctionExtension)
    for (const argument of expression.args) visitExpression(argument, found, depth);
  else if (expression instanceof FilterQuery) {
    if (expression instanceof RootQuery) noteRoot(expression.path.segments.map(partOf), found.reads);
    found.inner.push(expression.path);
    visitFilters(expression.path, found, depth + 1);
  }
}
