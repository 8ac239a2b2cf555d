import type { Cancel, Clock, Random } from '@multiswarm/core';

export interface PulseOptions {
  intervalMs: number;
  clock: Clock;
  random: Random;
  beat: () => void;
  /** How many attempts a heartbeat lists now. */
  held: () => number;
}

/** At most one heartbeat in this time because of slots that were taken or came free. */
const COALESCE_MS = 100;
/** And so much more for each attempt that it lists: everybody who listens reads the whole list. */
const COALESCE_MS_PER_HELD = 1;
/** Spread of the interval, so that the swarms of a region do not beat in step. */
const JITTER = 0.1;

/** Decides when to heartbeat: every interval, at once when asked, and soon (coalesced) after a change. */
export class Pulse {
  private cancel: Cancel = () => undefined;
  private cancelSoon: Cancel | undefined;
  private last = Number.NEGATIVE_INFINITY;
  private running = false;

  constructor(private readonly options: PulseOptions) {}

  start(): void {
    this.running = true;
    this.now();
  }

  /** Beats, and counts the interval from here. */
  now(): void {
    if (!this.running) return;
    const { clock, random, intervalMs, beat } = this.options;
    this.cancel();
    this.cancelSoon?.();
    this.cancelSoon = undefined;
    this.last = clock.monotonic();
    beat();
    this.cancel = clock.after(intervalMs * (1 + JITTER * (2 * random.next() - 1)), () => this.now());
  }

  soon(): void {
    if (!this.running || this.cancelSoon) return;
    const { clock, held } = this.options;
    const gapMs = COALESCE_MS + COALESCE_MS_PER_HELD * held();
    this.cancelSoon = clock.after(Math.max(0, this.last + gapMs - clock.monotonic()), () => this.now());
  }

  stop(): void {
    this.running = false;
    this.cancel();
    this.cancelSoon?.();
    this.cancelSoon = undefined;
  }
}
