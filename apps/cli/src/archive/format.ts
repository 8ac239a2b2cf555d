import { isObject, type Event, type EventGap } from '@multiswarm/contracts';

/**
 * An archive of events is a text file of JSON lines, compressed with gzip or not.
 *
 * A1. The first line is the header; the last line is the end, without which the archive is not complete.
 * A2. Between them are events as the API sends them (`id` in front: the place in the stream), gaps and checkpoints. `recovered`
 *     stands for `id` where an event was missing in the stream and came from the history of its task.
 * A3. A checkpoint ends a block, and names the place in the file at which the block begins, and the SHA-256 of all text before
 *     the checkpoint. Compressed, each block is a gzip member of its own: so a block can be read alone.
 * A4. The end has the SHA-256 of all text before it, and of what it says itself (`sealed`).
 */
export const FORMAT = { name: 'multiswarm.events', version: 1 } as const;

export interface Header {
  archive: typeof FORMAT.name;
  version: number;
  createdAt: string;
  /** Where the events came from. */
  source: string;
  /** What was asked for; empty for everything. */
  filter: Readonly<Record<string, string>>;
  /** The archive that this one goes on after, and the place in the stream. */
  after?: { file: string; sha256: string; position?: string };
}

export interface Totals {
  events: number;
  /** Of them, from histories. */
  recovered: number;
  gaps: number;
  roots: number;
  /** Roots of which events are missing in the middle. */
  holes: number;
}

export interface Checkpoint {
  events: number;
  position?: string | undefined;
  offset: number;
  sha256: string;
}

export interface End extends Totals {
  position?: string | undefined;
  /** Times of the oldest and the newest event, ISO 8601. */
  first?: string | undefined;
  last?: string | undefined;
  sha256: string;
}

export type ArchiveLine =
  | { kind: 'header'; header: Header }
  | { kind: 'event'; event: Event; id: string | undefined }
  | { kind: 'gap'; gap: EventGap; id: string | undefined }
  | { kind: 'checkpoint'; checkpoint: Checkpoint }
  | { kind: 'end'; end: End; sealed: string };

export function printEventLine(event: Event, id: string | undefined): string {
  return JSON.stringify({ ...(id === undefined ? { recovered: true } : { id }), ...event });
}

export function printGapLine(gap: EventGap, id: string | undefined): string {
  return JSON.stringify({ gap, ...(id === undefined ? {} : { id }) });
}

/** Undefined for what is no line of an archive of this version. */
export function parseLine(text: string): ArchiveLine | undefined {
  const value = parseJson(text);
  if (!isObject(value)) return undefined;
  if (isObject(value['checkpoint'])) return parseCheckpoint(value['checkpoint']);
  if (isObject(value['end'])) return parseEnd(value['end']);
  const id = typeof value['id'] === 'string' ? value['id'] : undefined;
  // The sender's own contract: what it says of a gap is shown and counted, and nothing else.
  if (isObject(value['gap'])) return { kind: 'gap', gap: value['gap'] as unknown as EventGap, id };
  if (value['archive'] === FORMAT.name) return { kind: 'header', header: value as unknown as Header };
  return isEvent(value) ? { kind: 'event', event: withoutMarks(value), id } : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function parseCheckpoint(value: Record<string, unknown>): ArchiveLine | undefined {
  const { events, offset, sha256, position } = value;
  if (!isCount(events) || !isCount(offset) || typeof sha256 !== 'string') return undefined;
  return { kind: 'checkpoint', checkpoint: { events, offset, sha256, position: asText(position) } };
}

function parseEnd(value: Record<string, unknown>): ArchiveLine | undefined {
  const { events, recovered, gaps, roots, holes, sha256, position, first, last } = value;
  const counts = [events, recovered, gaps, roots, holes];
  if (!counts.every(isCount) || typeof sha256 !== 'string') return undefined;
  const [a, b, c, d, e] = counts as [number, number, number, number, number];
  const totals: Totals = { events: a, recovered: b, gaps: c, roots: d, holes: e };
  const place = { position: asText(position), first: asText(first), last: asText(last) };
  const { sha256: _, ...said } = value;
  return { kind: 'end', end: { ...totals, ...place, sha256 }, sealed: JSON.stringify(said) };
}

/** What readers rest on; the types of events of a newer version are none of their business. */
function isEvent(value: Record<string, unknown>): value is Record<string, unknown> & Event {
  const { v, seq, at, type, root, namespace } = value;
  if (v !== 1 || !isCount(seq) || !isCount(at)) return false;
  return [type, root, namespace].every((text) => typeof text === 'string');
}

function withoutMarks(value: Record<string, unknown> & Event): Event {
  const { id: _id, recovered: _recovered, ...event } = value;
  return event;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
