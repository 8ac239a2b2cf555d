import type { Random } from '@multiswarm/core';
import { EventQueue, type Entry } from './event-queue';
import type { Seeds } from './seeds';
import type { SimProcess } from './process';
import type { Trace } from './trace';
import { drive } from './turns';

export interface Happening extends Entry {
  /** In whose process it happens; undefined for the world itself (the network, the servers). */
  process: SimProcess | undefined;
  label: string;
}

/** Events at one instant that lead nowhere else: time would stand still. */
const EVENTS_PER_INSTANT = 100_000;

/** The order of everything: one queue of events, by time, with ties broken by the seed. Milliseconds from the beginning. */
export class Timeline {
  now = 0;
  events = 0;
  private readonly queue = new EventQueue<Happening>();
  private readonly ties: Random;
  private sequence = 0;
  private atThisInstant = 0;

  constructor(
    seeds: Seeds,
    readonly trace: Trace,
  ) {
    this.ties = seeds.stream('ties');
  }

  /** @returns takes the event back */
  at(time: number, process: SimProcess | undefined, label: string, run: () => void): () => void {
    const entry: Happening = {
      at: Math.max(this.now, time),
      tie: this.ties.next(),
      sequence: this.sequence++,
      process,
      label,
      run,
    };
    this.queue.push(entry);
    return () => {
      entry.run = undefined;
    };
  }

  in(ms: number, process: SimProcess | undefined, label: string, run: () => void): () => void {
    return this.at(this.now + ms, process, label, run);
  }

  /** What was held back happens now, unless it is taken back before. */
  again(event: Happening): void {
    event.at = this.now;
    event.tie = this.ties.next();
    event.sequence = this.sequence++;
    this.queue.push(event);
  }

  /** Runs until `done` says so, nothing is left, or the time is over. Answers whether `done` ended it. */
  async run(done: () => boolean, untilMs: number): Promise<boolean> {
    let finished = done();
    if (finished) return true;
    await drive(() => {
      // After each event everything that it set off has settled: this is the moment to look.
      finished = done();
      return !finished && this.next(untilMs);
    });
    return finished;
  }

  /** Lets one event happen; false where there is none before `untilMs`. */
  private next(untilMs: number): boolean {
    for (;;) {
      const entry = this.queue.pop();
      if (!entry) {
        this.now = Math.max(this.now, untilMs);
        return false;
      }
      const { run, process } = entry;
      if (run === undefined || process?.state === 'dead') continue;
      if (entry.at > untilMs) {
        this.queue.push(entry);
        this.now = untilMs;
        return false;
      }
      this.advance(entry.at);
      if (process?.state === 'paused') {
        process.hold(entry);
        continue;
      }
      this.trace.event(this.now, process?.name ?? '', entry.label);
      run();
      return true;
    }
  }

  private advance(to: number): void {
    this.events += 1;
    this.atThisInstant = to === this.now ? this.atThisInstant + 1 : 0;
    if (this.atThisInstant > EVENTS_PER_INSTANT) throw new Error('time stands still: events without an end');
    this.now = to;
  }
}
