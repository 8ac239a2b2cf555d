import type { MailCause } from '@multiswarm/contracts';
import { backoffMs, Heap, type Random } from '@multiswarm/core';
import { Breaker, type BreakerState } from './breaker';
import { Credits } from './credits';
import { DrainOrder } from './drain-order';
import { Hand, type Held } from './hand';
import { Lane } from './lane';
import { Lines } from './lines';
import type { Mail } from './mail';
import type { MailboxRules } from './rules';
import { Session } from './session';

/** Both clocks at one moment: `monotonicMs` for times to wait, `wallMs` for what people and messages say. */
export interface Moment {
  monotonicMs: number;
  wallMs: number;
}

export interface Handed {
  mail: Mail;
  session: Session;
  /** Of its conversation, see `Lane`. */
  generation: number;
}

/** What became of a message that its recipient has given back, or that nobody took in time. */
export type Fate = { kind: 'again'; inMs: number } | { kind: 'dead'; cause: MailCause };

export interface Setback {
  cause: MailCause;
  message: string;
  /** Asked for by the handler, instead of the growing pause. */
  delayMs?: number | undefined;
  /** No further try will help. */
  poison?: boolean | undefined;
  /** The recipient has handled it, and could not tell whoever asked: no fault of its own. */
  blameless?: boolean | undefined;
}

/** A message that leaves as a dead letter; where a failure has brought it about, with its conversation. */
interface Dying {
  mail: Mail;
  lane: Lane | undefined;
}

/** Messages of one conversation that go out together before another one has its turn. */
const RUN = 32;

/**
 * The mailbox of one swarm, or of one group: which of its messages are handed over, to whom, in which order, and what becomes of
 * them. It does no input or output, and reads no clock.
 *
 * M1. A message is in one place: it waits, it is held until its time, somebody has it, or it is leaving as a dead letter; it is gone only once it
 *     was acknowledged, or is known to be kept as a dead letter.
 * M2. Within a conversation and a level messages are handed over in the order of their sequences, to one session at a time; one
 *     that is tried again holds back those behind it, and nothing else.
 * M3. A try counts when it may have begun: of what a lost session had, the first of each conversation. To wait, for whatever
 *     reason, counts nothing.
 * M4. What has expired is not handed over.
 * M5. Nothing of a conversation and a level goes past one that failed for good before that one is known to be kept: should this owner be lost
 *     meanwhile, the next one hands it over again, and in order.
 */
export class Mailbox {
  readonly sessions = new Map<string, Session>();
  readonly breaker: Breaker;
  private readonly credits: Credits;
  private readonly mails = new Map<number, Mail>();
  private readonly lanes = new Map<string, Lane>();
  private readonly lines = new Lines();
  private readonly hand: Hand;
  private readonly order: DrainOrder;
  /** Messages whose time has not come; by that time, wall clock. */
  private readonly later = new Heap<Mail>(
    (a, b) => a.deliverAtMs < b.deliverAtMs,
    () => undefined,
  );
  /** Conversations that wait for the next try; by its time, monotonic. */
  private readonly held = new Heap<Lane>(
    (a, b) => a.heldUntilMs < b.heldUntilMs,
    (lane, at) => {
      lane.heldAt = at;
    },
  );
  /** Messages that wait and have an expiry; by that time, wall clock. Those that have left are left out when they come up. */
  private readonly expiring = new Heap<Mail>(
    (a, b) => a.expiresAtMs < b.expiresAtMs,
    () => undefined,
  );
  private readonly dying = new Map<number, Dying>();
  private bytesHeld = 0;
  private generation = 0;

  constructor(
    readonly namespace: string,
    readonly name: string,
    private readonly rules: MailboxRules,
    private readonly random: Random,
  ) {
    this.breaker = new Breaker(rules.breaker);
    this.credits = new Credits(rules.creditMs);
    this.order = new DrainOrder(rules.drain);
    this.hand = new Hand(rules.ackWaitMs);
  }

  /** Unacknowledged messages. */
  get depth(): number {
    return this.mails.size;
  }

  get bytes(): number {
    return this.bytesHeld;
  }

  get limit(): number {
    return this.rules.limit;
  }

  get inHand(): number {
    return this.hand.size;
  }

  /** When the one that is here longest was stored, epoch ms; undefined where there is none. */
  get oldestAtMs(): number | undefined {
    for (const { storedAtMs } of this.mails.values()) return storedAtMs;
    return undefined;
  }

  has(seq: number): boolean {
    return this.mails.has(seq);
  }

  find(seq: number): Mail | undefined {
    return this.mails.get(seq);
  }

  all(): IterableIterator<Mail> {
    return this.mails.values();
  }

  breakerState(now: Moment): BreakerState {
    return this.breaker.state(now.monotonicMs);
  }

  /** Nothing is known of it that would be lost with this object. */
  isIdle(now: Moment): boolean {
    this.credits.expire(now.monotonicMs);
    return this.mails.size === 0 && this.sessions.size === 0 && this.credits.promised === 0;
  }

  /** Room for a sender; 0 where it is full. */
  grant(sender: string, want: number, now: Moment): number {
    this.credits.expire(now.monotonicMs);
    const room = this.rules.limit - this.depth - this.credits.promised;
    return this.credits.grant(sender, want, room, now.monotonicMs);
  }

  /** A message is in the stream. False where it is known already. */
  arrive(mail: Mail, now: Moment): boolean {
    if (this.mails.has(mail.seq)) return false;
    this.credits.use(mail.from);
    this.mails.set(mail.seq, mail);
    this.bytesHeld += mail.bytes;
    if (mail.deliverAtMs > now.wallMs) this.later.push(mail);
    else this.line(mail, now);
    return true;
  }

  /**
   * A session is there, or still there.
   * @param holding what it has already, of an earlier owner of this mailbox or over an earlier connection
   * @param replaces names that it had over earlier connections: what was sent to it there and is not in `holding` has not come
   */
  attend(
    id: string,
    window: number,
    holding: readonly number[],
    now: Moment,
    replaces: readonly string[] = [],
  ): Session {
    const silentAtMs = now.monotonicMs + this.rules.sessionMs;
    const known = this.sessions.get(id);
    const session = known ?? new Session(id, window, silentAtMs);
    session.window = window;
    session.silentAtMs = silentAtMs;
    this.sessions.set(id, session);
    if (known !== undefined) return session;
    for (const old of replaces) this.replace(old, now);
    for (const seq of holding) this.recall(seq, session, now);
    return session;
  }

  /** What was handed to a session and has not come: it is given back, and costs no try. */
  missed(session: Session, came: readonly number[], now: Moment): void {
    if (session.holds.size === 0) return;
    const known = new Set(came);
    for (const seq of [...session.holds]) if (!known.has(seq)) this.release(seq, now);
  }

  /** The line to all sessions was cut: what was sent to them last may not have come. */
  doubt(): void {
    for (const session of this.sessions.values()) session.unsure = true;
  }

  /** What can be handed over now, at most so many. Each counts as a try that has begun. */
  next(most: number, now: Moment): Handed[] {
    this.wake(now);
    const handed: Handed[] = [];
    while (handed.length < most && this.sessions.size > 0) {
      const before = handed.length;
      if (!this.handOne(handed, most, now) || handed.length === before) break;
    }
    return handed;
  }

  /** The recipient is done with a message. Undefined where nothing is known of it: then it was done with before. */
  ack(seq: number, now: Moment): Mail | undefined {
    const mail = this.mails.get(seq);
    if (mail === undefined || this.dying.has(seq)) return undefined;
    const held = this.hand.take(seq);
    if (held !== undefined) this.free(held, now);
    else this.unline(mail);
    this.breaker.succeeded();
    this.forget(mail);
    return mail;
  }

  /** A try has failed. Undefined where nobody has the message. */
  nak(seq: number, setback: Setback, now: Moment): Fate | undefined {
    const held = this.hand.take(seq);
    if (held === undefined) return undefined;
    this.free(held, now);
    return this.setBack(held.mail, held.lane, setback, now);
  }

  /** It comes back without having been tried: no try counts. */
  release(seq: number, now: Moment): boolean {
    const held = this.hand.take(seq);
    if (held === undefined) return false;
    this.free(held, now);
    held.mail.attempts -= 1;
    this.breaker.untried();
    this.backIntoLane(held.mail, held.lane, now);
    return true;
  }

  /** Its handler is at work. False where nobody has the message. */
  extend(seq: number, now: Moment): boolean {
    return this.hand.extend(seq, now.monotonicMs);
  }

  /** A session is gone: what it had is handed to others. @returns what became of what it can have begun */
  leave(id: string, now: Moment): [Mail, Fate][] {
    const session = this.sessions.get(id);
    if (session === undefined) return [];
    this.sessions.delete(id);
    const lost = { cause: 'recipient-lost', message: `the recipient "${id}" is gone`, delayMs: 0 } as const;
    return this.takeBack([...session.holds], lost, now);
  }

  /** What the passing of time has done: sessions that are silent, messages that nobody acknowledged, and what has expired. */
  sweep(now: Moment): [Mail, Fate][] {
    const fates: [Mail, Fate][] = [];
    this.credits.expire(now.monotonicMs);
    for (const session of [...this.sessions.values()]) {
      if (session.silentAtMs <= now.monotonicMs) fates.push(...this.leave(session.id, now));
    }
    const message = `not acknowledged within ${this.rules.ackWaitMs} ms`;
    fates.push(
      ...this.takeBack(this.hand.overdue(now.monotonicMs), { cause: 'not-acknowledged', message }, now),
    );
    for (const mail of this.expired(now)) fates.push([mail, this.die(mail, 'expired')]);
    return fates;
  }

  /** Monotonic milliseconds at which something is to be done; Infinity where nothing is. */
  nextWakeMs(now: Moment): number {
    const ofWall = Math.min(
      this.later.top?.deliverAtMs ?? Infinity,
      this.expiring.top?.expiresAtMs ?? Infinity,
    );
    let wakeMs = now.monotonicMs + (ofWall - now.wallMs);
    wakeMs = Math.min(wakeMs, this.held.top?.heldUntilMs ?? Infinity, this.hand.firstDeadlineMs);
    const opens = this.breaker.opensAtMs;
    if (opens !== undefined && this.lines.size > 0 && opens > now.monotonicMs)
      wakeMs = Math.min(wakeMs, opens);
    for (const { silentAtMs } of this.sessions.values()) wakeMs = Math.min(wakeMs, silentAtMs);
    return wakeMs;
  }

  /** It is kept as a dead letter: it takes no room here any more, and those behind it go on. */
  buried(seq: number, now: Moment): void {
    const dying = this.dying.get(seq);
    if (dying === undefined) return;
    const { mail, lane } = dying;
    this.dying.delete(seq);
    this.forget(mail);
    if (lane === undefined) return;
    lane.dying -= 1;
    if (lane.isReady(now.monotonicMs)) this.lines.push(lane);
    this.tidy(lane);
  }

  /** M3: of each conversation the first can have begun, the others have waited behind it. */
  private takeBack(seqs: readonly number[], setback: Setback, now: Moment): [Mail, Fate][] {
    const begun = new Set(seqs.map((seq) => this.hand.get(seq)?.lane.begun));
    const fates: [Mail, Fate][] = [];
    for (const seq of seqs) {
      const mail = this.mails.get(seq);
      const fate = begun.has(mail) ? this.nak(seq, setback, now) : undefined;
      if (mail !== undefined && fate !== undefined) fates.push([mail, fate]);
      else this.release(seq, now);
    }
    return fates;
  }

  private handOne(handed: Handed[], most: number, now: Moment): boolean {
    const allowed = Math.min(most - handed.length, this.breaker.allows(now.monotonicMs));
    if (allowed <= 0) return false;
    const level = this.order.next(this.lines.waits((at) => this.mayGo(at), now.wallMs));
    const lane = level === undefined ? undefined : this.lines.shift(level, (at) => this.mayGo(at));
    if (level === undefined || lane === undefined) return false;
    const session = this.sessionFor(lane);
    if (session === undefined) return false;
    const count = this.give(lane, session, Math.min(allowed, RUN, session.room(level)), handed, now);
    this.order.served(level, count);
    if (lane.isReady(now.monotonicMs)) this.lines.push(lane);
    return count > 0 || this.lines.size > 0;
  }

  private give(lane: Lane, session: Session, most: number, handed: Handed[], now: Moment): number {
    let count = 0;
    while (count < most) {
      const mail = lane.waiting.shift();
      if (mail === undefined) break;
      if (mail.expiresAtMs <= now.wallMs) continue; // M4: `expired` finds it.
      this.handOver(mail, lane, session, now);
      this.breaker.given(now.monotonicMs);
      handed.push({ mail, session, generation: lane.generation });
      count += 1;
    }
    return count;
  }

  /** Whether the conversation has somebody who can take its next message. */
  private mayGo(lane: Lane): boolean {
    return this.sessionFor(lane) !== undefined;
  }

  /** M2: the one that has messages of it already, else the one with the most room. */
  private sessionFor(lane: Lane): Session | undefined {
    if (lane.session !== undefined) return lane.session.room(lane.level) > 0 ? lane.session : undefined;
    let best: Session | undefined;
    for (const session of this.sessions.values()) {
      if (session.room(lane.level) > (best?.room(lane.level) ?? 0)) best = session;
    }
    return best;
  }

  private replace(id: string, now: Moment): void {
    const old = this.sessions.get(id);
    if (old === undefined) return;
    this.sessions.delete(id);
    // What the reader knows to have failed before, it would give back for ever if it came in the same generation.
    this.generation += 1;
    for (const seq of [...old.holds]) {
      const lane = this.hand.get(seq)?.lane;
      if (lane !== undefined) lane.generation = this.generation;
      this.release(seq, now);
    }
  }

  private recall(seq: number, session: Session, now: Moment): void {
    const mail = this.mails.get(seq);
    if (mail === undefined || this.hand.get(seq) !== undefined || this.dying.has(seq)) return;
    const lane = this.laneOf(mail);
    if (!lane.waiting.remove(mail)) return;
    this.handOver(mail, lane, session, now);
    lane.giveAgain(mail, session);
    this.lines.remove(lane);
  }

  private handOver(mail: Mail, lane: Lane, session: Session, now: Moment): void {
    mail.attempts += 1;
    lane.give(mail, session);
    session.holds.add(mail.seq);
    this.hand.put(mail, lane, session, now.monotonicMs);
  }

  private setBack(mail: Mail, lane: Lane, setback: Setback, now: Moment): Fate {
    const { cause, message, delayMs, poison = false, blameless = false } = setback;
    mail.fault = { cause, message, atMs: now.wallMs };
    // That its time is over is no fault of the recipient.
    if (cause === 'expired' || blameless) this.breaker.untried();
    else this.breaker.failed(now.monotonicMs);
    lane.fail((this.generation += 1));
    this.lines.remove(lane);
    if (poison || mail.attempts >= this.rules.maxAttempts) {
      lane.dying += 1; // M5
      this.lanes.set(lane.key, lane);
      return this.die(mail, poison && cause === 'handler-failed' ? 'poison' : cause, lane);
    }
    const inMs = delayMs ?? backoffMs(this.rules.backoff, mail.attempts, this.random);
    this.backIntoLane(mail, lane, now);
    if (inMs > 0) this.hold(lane, now.monotonicMs + inMs);
    return { kind: 'again', inMs };
  }

  private hold(lane: Lane, untilMs: number): void {
    if (untilMs <= lane.heldUntilMs) return;
    lane.heldUntilMs = untilMs;
    this.lines.remove(lane);
    if (lane.heldAt < 0) this.held.push(lane);
    else this.held.fixAt(lane.heldAt);
  }

  /** Times that have come: of messages, of conversations. */
  private wake(now: Moment): void {
    for (let lane = this.held.top; lane && lane.heldUntilMs <= now.monotonicMs; lane = this.held.top) {
      this.held.pop();
      lane.heldUntilMs = 0;
      if (lane.isReady(now.monotonicMs)) this.lines.push(lane);
      else this.tidy(lane);
    }
    for (let mail = this.later.top; mail && mail.deliverAtMs <= now.wallMs; mail = this.later.top) {
      this.later.pop();
      if (this.mails.has(mail.seq) && !this.dying.has(mail.seq)) this.line(mail, now);
    }
  }

  private line(mail: Mail, now: Moment): void {
    this.backIntoLane(mail, this.laneOf(mail), now);
  }

  private backIntoLane(mail: Mail, lane: Lane, now: Moment): void {
    this.lanes.set(lane.key, lane);
    lane.waiting.add(mail);
    if (mail.expiresAtMs < Infinity) this.expiring.push(mail);
    if (lane.isReady(now.monotonicMs)) this.lines.push(lane);
  }

  private laneOf({ conversation, level }: Mail): Lane {
    const key = `${level} ${conversation}`;
    return this.lanes.get(key) ?? new Lane(key, level, this.generation);
  }

  /** Takes a message that nobody has out of where it waits. */
  private unline(mail: Mail): void {
    const lane = this.laneOf(mail);
    lane.waiting.remove(mail);
    if (lane.waiting.size === 0) this.lines.remove(lane);
    this.tidy(lane);
  }

  private free({ mail, lane, session }: Held, now: Moment): void {
    lane.take(mail);
    session.holds.delete(mail.seq);
    if (lane.isReady(now.monotonicMs)) this.lines.push(lane);
    this.tidy(lane);
  }

  private tidy(lane: Lane): void {
    if (lane.isEmpty && lane.heldUntilMs === 0) this.lanes.delete(lane.key);
  }

  /** M1: it stays counted until it is known to be kept elsewhere. */
  private die(mail: Mail, cause: MailCause, lane?: Lane): Fate {
    this.unline(mail);
    this.dying.set(mail.seq, { mail, lane });
    return { kind: 'dead', cause };
  }

  private forget(mail: Mail): void {
    this.mails.delete(mail.seq);
    this.bytesHeld -= mail.bytes;
  }

  /** M4. What somebody has is his to finish. */
  private expired(now: Moment): Set<Mail> {
    const gone = new Set<Mail>();
    for (let mail = this.expiring.top; mail && mail.expiresAtMs <= now.wallMs; mail = this.expiring.top) {
      this.expiring.pop();
      const waits = this.mails.has(mail.seq) && !this.dying.has(mail.seq);
      if (waits && this.hand.get(mail.seq) === undefined) gone.add(mail);
    }
    return gone;
  }
}
