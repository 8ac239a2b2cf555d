import type { Pace } from '@multiswarm/contracts';

/** A span is closed when it has so many starts and is so long: a pace is that of the last two. */
const SPAN_STARTS = 16;
const SPAN_MS = 10_000;

interface Span {
  /** Monotonic ms. */
  from: number;
  starts: number;
}

/**
 * How fast tasks of a class start while others of it have to wait. What starts before somebody had to wait finds slots that
 * were free anyway, and says nothing about how long the next one takes.
 */
export class PaceMeter {
  private before: Span | undefined;
  private span: Span | undefined;

  /** One could not start. */
  waits(now: number): void {
    this.span ??= { from: now, starts: 0 };
  }

  started(now: number): void {
    const { span } = this;
    if (!span) return;
    span.starts += 1;
    if (span.starts < SPAN_STARTS || now - span.from < SPAN_MS) return;
    this.before = span;
    this.span = { from: now, starts: 0 };
  }

  /** Undefined where nothing was measured. */
  pace(now: number): Pace | undefined {
    if (!this.span) return undefined;
    const { from, starts } = this.before ?? { from: this.span.from, starts: 0 };
    const pace = { starts: starts + this.span.starts, inMs: Math.round(now - from) };
    return pace.starts > 0 && pace.inMs > 0 ? pace : undefined;
  }
}
