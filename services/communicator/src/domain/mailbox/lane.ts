import type { Level, Mail } from './mail';
import { SeqQueue } from './seq-queue';
import type { Session } from './session';

/**
 * The messages of one conversation at one level: handed over in order, to one session at a time. One that has to be tried again
 * holds back those behind it, and nobody else.
 */
export class Lane {
  readonly waiting = new SeqQueue<Mail>();
  /** Messages that its session has, by sequence, in the order in which they were handed over. */
  readonly inHand = new Map<number, Mail>();
  session: Session | undefined;
  /** Nothing is handed over until all that its session has is back: what comes after it must not come before. */
  private returning = false;
  /** Monotonic milliseconds; 0 where nothing holds it. */
  heldUntilMs = 0;
  /** Its place among those that are held; -1 where it is not among them. */
  heldAt = -1;
  /** Messages of it that failed for good and are not known to be kept yet: nothing goes past them. */
  dying = 0;
  /** Whether it is in the line of those that have something to hand over. */
  inLine = false;

  /**
   * @param generation grows with each message of it that has to be tried again: what a reader gets of an older one is to be given
   *     back, since it was on its way while the one before it failed
   */
  constructor(
    readonly key: string,
    readonly level: Level,
    public generation: number,
  ) {}

  get isEmpty(): boolean {
    return this.waiting.size === 0 && this.inHand.size === 0 && this.dying === 0;
  }

  /** Whether something may be handed over now, given a session with room. */
  isReady(nowMs: number): boolean {
    return this.waiting.size > 0 && this.heldUntilMs <= nowMs && !this.returning && this.dying === 0;
  }

  /** One of it has failed: what its session has of it was sent before that, and will be given back. */
  fail(generation: number): void {
    this.generation = generation;
    this.returning = this.inHand.size > 0;
  }

  give(mail: Mail, session: Session): void {
    this.session = session;
    this.inHand.set(mail.seq, mail);
  }

  /**
   * Its session has had it before, under another name or from another owner. Should it fail there, what was sent behind it meanwhile could
   * not be told from what comes after it: so nothing is, until it is settled.
   */
  giveAgain(mail: Mail, session: Session): void {
    this.give(mail, session);
    this.returning = true;
  }

  /** The session has it no more. */
  take(mail: Mail): void {
    this.inHand.delete(mail.seq);
    if (this.inHand.size > 0) return;
    this.session = undefined;
    this.returning = false;
  }

  /** The one that its session can have begun: handlers take them one after the other. */
  get begun(): Mail | undefined {
    let first: Mail | undefined;
    for (const mail of this.inHand.values()) if (first === undefined || mail.seq < first.seq) first = mail;
    return first;
  }
}
