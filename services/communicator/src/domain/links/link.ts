import { LogSketch } from '@multiswarm/core';

export const WINDOW_MS = 60_000;
/** A rate over less than this says nothing. */
const LEAST_SPAN_MS = 1_000;

interface Part {
  delivered: number;
  bytes: number;
  latencies: LogSketch;
}

/** What became of messages, since the beginning. */
export interface Counts {
  delivered: number;
  bytes: number;
  forwarded: number;
  failedTries: number;
  dead: number;
  expired: number;
  breakerOpenings: number;
}

/**
 * What one sender and one recipient have had to do with each other: counts since the beginning, and the last minute. The minute is the
 * current part and as much of the one before as is still in view, so nothing is kept for each message (Cloudflare, "How we built rate
 * limiting capable of scaling to millions of domains", 2017). Times are monotonic milliseconds.
 */
export class Link {
  readonly counts: Counts = {
    ...{ delivered: 0, bytes: 0, forwarded: 0, failedTries: 0, dead: 0, expired: 0, breakerOpenings: 0 },
  };
  private current: Part = emptyPart();
  private before: Part = emptyPart();
  private partAtMs: number;
  /** When something was counted last. */
  touchedAtMs: number;

  constructor(private readonly bornAtMs: number) {
    this.partAtMs = this.touchedAtMs = bornAtMs;
  }

  delivered(bytes: number, latencyMs: number, nowMs: number): void {
    this.turn(nowMs);
    this.touchedAtMs = nowMs;
    this.counts.delivered += 1;
    this.counts.bytes += bytes;
    this.current.delivered += 1;
    this.current.bytes += bytes;
    this.current.latencies.add(Math.max(latencyMs, LEAST_LATENCY_MS), 1);
  }

  count(what: Exclude<keyof Counts, 'delivered' | 'bytes'>, nowMs: number): void {
    this.touchedAtMs = nowMs;
    this.counts[what] += 1;
  }

  /** Takes over all that another one has counted; of its last minute what is there. */
  absorb(other: Link, nowMs: number): void {
    this.turn(nowMs);
    other.turn(nowMs);
    for (const key of Object.keys(this.counts) as (keyof Counts)[]) this.counts[key] += other.counts[key]; // of an object literal they are all
    mergeInto(this.current, other.current);
    mergeInto(this.before, other.before);
  }

  /** Per second. */
  rates(nowMs: number): { messages: number; bytes: number } {
    this.turn(nowMs);
    const ageMs = nowMs - this.bornAtMs;
    if (ageMs < WINDOW_MS) {
      const spanMs = Math.max(LEAST_SPAN_MS, ageMs);
      return perSecond(this.current, this.before, 1, spanMs);
    }
    return perSecond(this.current, this.before, 1 - (nowMs - this.partAtMs) / WINDOW_MS, WINDOW_MS);
  }

  /** Of the last one to two minutes. */
  latencies(nowMs: number): LogSketch {
    this.turn(nowMs);
    const both = new LogSketch();
    both.merge(this.before.latencies);
    both.merge(this.current.latencies);
    return both;
  }

  private turn(nowMs: number): void {
    const parts = Math.floor((nowMs - this.partAtMs) / WINDOW_MS);
    if (parts <= 0) return;
    this.before = parts === 1 ? this.current : emptyPart();
    this.current = emptyPart();
    this.partAtMs += parts * WINDOW_MS;
  }
}

/** The clocks of servers differ: what seems to have come before it was sent came at once. */
const LEAST_LATENCY_MS = 0.1;

function emptyPart(): Part {
  return { delivered: 0, bytes: 0, latencies: new LogSketch() };
}

function mergeInto(part: Part, other: Part): void {
  part.delivered += other.delivered;
  part.bytes += other.bytes;
  part.latencies.merge(other.latencies);
}

function perSecond(
  current: Part,
  before: Part,
  share: number,
  spanMs: number,
): { messages: number; bytes: number } {
  const rate = (now: number, then: number): number => ((now + then * share) * 1_000) / spanMs;
  return {
    messages: rate(current.delivered, before.delivered),
    bytes: rate(current.bytes, before.bytes),
  };
}
