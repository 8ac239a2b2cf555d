import type { Cancel, Clock } from './clock';

interface Timer {
  at: number;
  order: number;
  fn: () => void;
}

/** A clock that stands still until it is told to go on. */
export class ManualClock implements Clock {
  private time: number;
  private order = 0;
  private timers: Timer[] = [];

  constructor(private readonly epochMs = 1_700_000_000_000) {
    this.time = 0;
  }

  now(): number {
    return this.epochMs + this.time;
  }

  monotonic(): number {
    return this.time;
  }

  after(ms: number, fn: () => void): Cancel {
    const timer = { at: this.time + Math.max(0, ms), order: this.order++, fn };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
    };
  }

  soon(fn: () => void): void {
    setImmediate(fn);
  }

  /** Lets `ms` pass, firing timers in order of their time. */
  advance(ms: number): void {
    const end = this.time + ms;
    for (;;) {
      const due = this.timers
        .filter(({ at }) => at <= end)
        .sort((a, b) => a.at - b.at || a.order - b.order)[0];
      if (!due) break;
      this.timers = this.timers.filter((other) => other !== due);
      this.time = Math.max(this.time, due.at);
      due.fn();
    }
    this.time = end;
  }
}
