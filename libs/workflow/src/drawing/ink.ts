import type { TaskState } from '@multiswarm/contracts';

/** What a part of a drawing means; whoever shows it chooses a colour, or none. */
export type Ink = TaskState | 'critical' | 'faint' | 'strong';

export interface Part {
  text: string;
  ink?: Ink | undefined;
}

export type Line = readonly Part[];

/** A mark for each state, besides its word and its colour. */
export const STATE_MARKS: Readonly<Record<TaskState, string>> = {
  blocked: '·',
  queued: '○',
  assigned: '▷',
  running: '▶',
  waiting: '~',
  backoff: '↻',
  succeeded: '✓',
  failed: '✗',
  cancelled: '⊘',
  expired: '⧗',
  skipped: '»',
};

/** The most interesting first. */
export const BY_INTEREST: readonly TaskState[] = [
  'failed',
  'expired',
  'running',
  'assigned',
  'backoff',
  'waiting',
  'queued',
  'succeeded',
  'cancelled',
  'skipped',
  'blocked',
];

export function plain(line: Line): string {
  return line
    .map(({ text }) => text)
    .join('')
    .trimEnd();
}

/** Cut to so many characters, with an ellipsis where something is missing. */
export function clip(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}

/** The same with the ellipsis in the middle: names of steps often differ at their ends. */
export function clipMiddle(text: string, width: number): string {
  if (text.length <= width) return text;
  const tail = Math.max(0, Math.floor((width - 1) / 2));
  return `${text.slice(0, Math.max(0, width - 1 - tail))}…${tail === 0 ? '' : text.slice(-tail)}`;
}
