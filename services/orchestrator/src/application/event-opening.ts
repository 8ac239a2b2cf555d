import type { EventGap } from '@multiswarm/contracts';
import { dropped, streamLost, WHOLE_MESSAGE, type Position } from './event-feed';

/** What the stream has: the sequences of its first and its last message, and when it was made, epoch ms. */
export interface StreamExtent {
  firstSeq: number;
  lastSeq: number;
  createdAt: number;
  /** When its last message was stored, epoch ms. */
  lastAt: number;
}

/** Where a reader begins. */
export interface Opening {
  start: { seq: number } | { at: number };
  /** Messages follow each other from behind this one; undefined where the first message is found by its time. */
  expectAfter?: number;
  /** What the reader asks for and will not get. */
  gap?: EventGap;
}

/** The clocks of orchestrators and of the stream may differ, and events reach it some time after they happened. */
const CLOCK_SKEW_MS = 5_000;

/**
 * @param after the last event that the reader has seen
 * @param from epoch ms, for readers who have seen none; without either the reader begins with what comes next
 */
export function openingAt(
  extent: StreamExtent,
  after: Position | undefined,
  from: number | undefined,
): Opening {
  const { firstSeq, lastSeq, createdAt } = extent;
  const at = (seq: number, gap?: EventGap): Opening => ({
    start: { seq },
    expectAfter: seq - 1,
    ...(gap === undefined ? {} : { gap }),
  });
  if (!after) {
    if (from === undefined) return at(lastSeq + 1);
    if (firstSeq > lastSeq) return at(lastSeq + 1, lastSeq > 0 ? dropped(1, lastSeq) : undefined);
    return { start: { at: Math.max(0, from - CLOCK_SKEW_MS) } };
  }
  // All that the new stream has came after what the reader saw of the old one.
  if (after.createdAt !== undefined && after.createdAt !== createdAt)
    return at(firstSeq, streamLost(after.seq + 1));
  if (after.seq > lastSeq) return at(lastSeq + 1, streamLost(after.seq + 1));
  if (after.seq + 1 < firstSeq) return at(firstSeq, dropped(after.seq + 1, firstSeq - 1));
  return at(Math.max(after.index === WHOLE_MESSAGE ? after.seq + 1 : after.seq, firstSeq));
}

/** Whether there is nothing up to `end` that such a reader could get. */
export function isExhausted({ start, expectAfter = 0 }: Opening, extent: StreamExtent, end: number): boolean {
  if (extent.firstSeq > Math.min(end, extent.lastSeq) || expectAfter >= end) return true;
  return 'at' in start && start.at > extent.lastAt;
}

/**
 * From where on messages up to `end` are missing to a reader to whom none of them will come any more.
 * @param seen up to where it has all; undefined where nothing has come
 * @returns undefined where there was nothing for it: it began at an instant, and nothing is newer
 */
export function missingFrom(
  opening: Opening,
  extent: StreamExtent,
  seen: number | undefined,
  end: number,
): number | undefined {
  if (seen !== undefined) return seen + 1;
  const from = isExhausted(opening, extent, extent.lastSeq) ? extent.lastSeq + 1 : extent.firstSeq;
  return from <= end ? from : undefined;
}

/**
 * What is missing before the first message that a reader who begins at an instant has got: where it is the first of the
 * stream, nobody knows whether those before it, which are gone, were older than that instant.
 */
export function missingBefore(
  first: { seq: number; at: number },
  { firstSeq }: StreamExtent,
  from: number,
): EventGap | undefined {
  const isFirst = first.seq <= firstSeq;
  return isFirst && first.seq > 1 && first.at > from ? dropped(1, first.seq - 1, first.at) : undefined;
}
