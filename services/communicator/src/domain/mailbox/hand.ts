import type { Lane } from './lane';
import type { Mail } from './mail';
import type { Session } from './session';

export interface Held {
  mail: Mail;
  lane: Lane;
  session: Session;
  deadlineMs: number;
}

/**
 * What sessions have, in the order of its deadlines: all are given equally long, and what is extended goes to the end.
 * Times are monotonic milliseconds.
 */
export class Hand {
  private readonly held = new Map<number, Held>();

  constructor(private readonly ackWaitMs: number) {}

  get size(): number {
    return this.held.size;
  }

  get firstDeadlineMs(): number {
    for (const { deadlineMs } of this.held.values()) return deadlineMs;
    return Infinity;
  }

  get(seq: number): Held | undefined {
    return this.held.get(seq);
  }

  put(mail: Mail, lane: Lane, session: Session, nowMs: number): void {
    this.held.set(mail.seq, { mail, lane, session, deadlineMs: nowMs + this.ackWaitMs });
  }

  take(seq: number): Held | undefined {
    const held = this.held.get(seq);
    if (held !== undefined) this.held.delete(seq);
    return held;
  }

  extend(seq: number, nowMs: number): boolean {
    const held = this.take(seq);
    if (held === undefined) return false;
    this.put(held.mail, held.lane, held.session, nowMs);
    return true;
  }

  /** Sequences whose time is over. */
  overdue(nowMs: number): number[] {
    const due: number[] = [];
    for (const [seq, { deadlineMs }] of this.held) {
      if (deadlineMs > nowMs) break;
      due.push(seq);
    }
    return due;
  }
}
