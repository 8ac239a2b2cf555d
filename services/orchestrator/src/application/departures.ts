import type { Cancel, Clock } from '@multiswarm/core';
import { afterAnswers } from './after-answers';

/** How long may wait what nobody is known to wait for: a task that is placed at once has better things to do. */
const LAZY_MS = 5;
/** Between two departures: less than anybody notices, and long enough for several shards to commit. */
const APART_MS = 3;

/**
 * When the events of one replica leave for the stream: those of all its shards together. A report of a swarm is committed by
 * as many shards as it has tasks of, each with events of its own; sent one by one, each is a write to the socket, and wakes who reads there.
 *
 * D1. Who is pressing leaves after the answers of its turn, or `apartMs` after the last departure where that is later.
 * D2. Whoever waits leaves with the next departure, after `LAZY_MS` at the latest.
 */
export class Departures {
  private readonly waiting = new Set<() => void>();
  private leftAt = -Infinity;
  private next: { at: number; cancel: Cancel } | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly apartMs = APART_MS,
  ) {}

  /** @returns what gives the place up */
  join(pressing: boolean, leave: () => void): Cancel {
    this.waiting.add(leave);
    if (pressing) this.hurry();
    else this.plan(this.clock.monotonic() + LAZY_MS);
    return () => void this.waiting.delete(leave);
  }

  /** One of those who wait has become pressing. */
  hurry(): void {
    this.plan(Math.max(this.clock.monotonic(), this.leftAt + this.apartMs));
  }

  private plan(at: number): void {
    if (this.next && this.next.at <= at) return;
    this.next?.cancel();
    const inMs = at - this.clock.monotonic();
    this.next = { at, cancel: inMs > 0 ? this.clock.after(inMs, () => this.depart()) : this.soon() };
  }

  private soon(): Cancel {
    let isOff = false;
    afterAnswers(this.clock, () => {
      if (!isOff) this.depart();
    });
    return () => {
      isOff = true;
    };
  }

  private depart(): void {
    this.next = undefined;
    this.leftAt = this.clock.monotonic();
    const leaving = [...this.waiting];
    this.waiting.clear();
    for (const leave of leaving) leave();
  }
}
