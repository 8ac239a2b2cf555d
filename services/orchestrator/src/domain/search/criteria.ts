import {
  isTerminal,
  matchesPattern,
  parseLabel,
  TASK_GROUPS,
  type TaskFilter,
  type TaskGroup,
} from '@multiswarm/contracts';
import type { TaskRecord } from '../task/record';
import { FACETS } from './facets';
import { hasLabel, hasWord, type Label } from './metadata-text';

/** From the one time (epoch ms) up to, and without, the other. */
export interface TimeRange {
  from: number;
  to: number;
}

/** What a filter asks for: all of it must hold. */
export interface Criteria {
  /** Which values of a facet will do. A task without one has none that does. */
  facets: readonly { facet: TaskGroup; allows: (value: string) => boolean }[];
  labels: readonly Label[];
  /** In lower case. */
  words: readonly string[];
  created: TimeRange;
  updated: TimeRange;
  /** Undefined: it need not have ended. */
  ended: TimeRange | undefined;
}

const PATTERNED: ReadonlySet<TaskGroup> = new Set(['type', 'swarm', 'region']);

export function criteriaOf(filter: TaskFilter): Criteria {
  const { createdAfter, createdBefore, updatedAfter, updatedBefore, endedAfter, endedBefore } = filter;
  return {
    facets: TASK_GROUPS.flatMap((facet) => {
      const wanted = listOf<string>(filter[facet]);
      return wanted.length === 0 ? [] : [{ facet, allows: allowing(wanted, PATTERNED.has(facet)) }];
    }),
    labels: listOf(filter.label).map((label) => parseLabel(wellFormed(label))),
    words: listOf(filter.text).flatMap(wordsIn),
    created: rangeOf(createdAfter, createdBefore),
    updated: rangeOf(updatedAfter, updatedBefore),
    ended: (endedAfter ?? endedBefore) ? rangeOf(endedAfter, endedBefore) : undefined,
  };
}

/** Whether a record meets them: what the columns of an index must find. */
export function isMet(criteria: Criteria, record: TaskRecord): boolean {
  const { facets, labels, words, created, updated, ended } = criteria;
  const { metadata } = record.spec;
  return (
    isWithin(created, record.createdAt) &&
    isWithin(updated, record.since) &&
    (ended === undefined || (isTerminal(record.state) && isWithin(ended, record.since))) &&
    facets.every(({ facet, allows }) => allowed(allows, FACETS[facet](record))) &&
    labels.every((label) => hasLabel(metadata, label)) &&
    words.every((word) => hasWord(metadata, word))
  );
}

function allowed(allows: (value: string) => boolean, value: string | undefined): boolean {
  return value !== undefined && allows(value);
}

export function isWithin({ from, to }: TimeRange, at: number): boolean {
  return at >= from && at < to;
}

function rangeOf(after: string | undefined, before: string | undefined): TimeRange {
  return {
    from: after === undefined ? -Infinity : Date.parse(after),
    to: before === undefined ? Infinity : Date.parse(before),
  };
}

function allowing(wanted: readonly string[], patterned: boolean): (value: string) => boolean {
  if (patterned) return (value) => wanted.some((pattern) => matchesPattern(pattern, value));
  const set = new Set(wanted);
  return (value) => set.has(value);
}

function listOf<T>(given: T | readonly T[] | undefined): readonly T[] {
  if (given === undefined) return [];
  // A list of T, or one T, which is no list.
  return Array.isArray(given) ? (given as readonly T[]) : [given as T];
}

function wordsIn(text: string): string[] {
  return wellFormed(text)
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
}

/** As metadata is kept: half of a surrogate pair is no character. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}
