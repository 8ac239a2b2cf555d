import { MultiswarmError } from '@multiswarm/contracts';

/** One step of a path: a field, an item (negative: from the end), all items, or a range of them. */
export type Segment =
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'item'; readonly index: number }
  | { readonly kind: 'each' }
  | { readonly kind: 'slice'; readonly from: number; readonly before?: number | undefined };

/** Where a reference points, and whose it is. */
export interface Place {
  /** The workflow in whose definition it was made. */
  readonly owner: object;
  /** The step that has to end before. */
  readonly step?: string;
  /** The map whose items it is about. */
  readonly map?: string;
  readonly segments: readonly Segment[];
  /** It finds several values, which are taken as one list: nothing can be behind it. */
  readonly isList?: boolean;
}

const PATH_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** Words of CEL that are no fields behind a dot. */
const CEL_WORDS: ReadonlySet<string> = new Set(
  (
    'as break const continue else false for function if import in let loop namespace null package return true ' +
    'var void while'
  ).split(' '),
);

export function fields(...names: string[]): Segment[] {
  return names.map((name) => ({ kind: 'field', name }));
}

/** A JSON path (RFC 9535). */
export function pathOf(segments: readonly Segment[]): string {
  return `$${segments.map(pathSegment).join('')}`;
}

function pathSegment(segment: Segment): string {
  switch (segment.kind) {
    case 'field':
      return PATH_NAME.test(segment.name) ? `.${segment.name}` : `[${quoted(segment.name)}]`;
    case 'item':
      return `[${segment.index}]`;
    case 'each':
      return '[*]';
    case 'slice':
      return `[${segment.from}:${segment.before ?? ''}]`;
  }
}

/** In single quotes, as paths and CEL both have them. */
function quoted(name: string): string {
  return `'${JSON.stringify(name).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
}

/** The same in CEL, from a name on. */
export function celOf([first, ...rest]: readonly Segment[]): string {
  return celFrom(first?.kind === 'field' ? first.name : '', rest);
}

function celFrom(begin: string, segments: readonly Segment[]): string {
  let text = begin;
  for (const [at, segment] of segments.entries()) {
    if (segment.kind === 'each') return `${text}.map(each, ${celFrom('each', segments.slice(at + 1))})`;
    text += celSegment(segment, text);
  }
  return text;
}

function celSegment(segment: Exclude<Segment, { kind: 'each' }>, list: string): string {
  if (segment.kind === 'slice')
    throw new MultiswarmError(
      'invalid-workflow',
      'a condition cannot take a range of a list: name the items',
    );
  if (segment.kind === 'item')
    return segment.index < 0 ? `[size(${list}) - ${-segment.index}]` : `[${segment.index}]`;
  const isPlain = PATH_NAME.test(segment.name) && !CEL_WORDS.has(segment.name);
  return isPlain ? `.${segment.name}` : `[${quoted(segment.name)}]`;
}
