import { textOf } from '@multiswarm/bus';
import {
  asMultiswarmError,
  fromWire,
  LIMITS,
  type MailAddress,
  type MailForward,
  type MailForwarded,
  type MailHome,
  type MailNak,
} from '@multiswarm/contracts';
import { backoffMs, type Clock, type Random } from '@multiswarm/core';
import type { Logger } from '@multiswarm/telemetry';
import type { Mail } from '../domain/mailbox/mail';
import type { Mailbox, Moment } from '../domain/mailbox/mailbox';
import { HOPS, type CountForwarded, type DomainPost, type MailBody } from '../ports';

/** What became of messages that were handed to this; as a reader of a mailbox says it. */
export interface Settled {
  acks: number[];
  naks: MailNak[];
  released: number[];
}

export interface ForwardingParts {
  /** The own JetStream domain. */
  domain: string;
  shard: number;
  epoch: number;
  post: DomainPost;
  homeOf(mailbox: Mailbox): MailHome | undefined;
  /** Whether the communicators of a domain are heard at the moment. */
  isHeard(domain: string): boolean;
  /** The mailbox is read in yet another domain. */
  learn(home: MailHome): void;
  /** Tells the mailbox, and lets it go on. */
  settle(mailbox: Mailbox, settled: Settled): void;
  count: CountForwarded;
  now(): Moment;
  clock: Clock;
  random: Random;
  logger: Logger;
}

type Outgoing = MailForward['messages'][number] & { bytes: number };

/** Mail of one mailbox on its way to another domain. */
interface Way {
  home: MailHome;
  waiting: Outgoing[];
  underWay: boolean;
}

/** Its name among the readers of a mailbox; it is no token, so that nobody else can have it. */
export const FORWARDER = '*forwarder';
/** Headers, and what JSON adds, of one message; roughly. */
const ENVELOPE_BYTES = 1_500;
/** The mailbox over there is full. */
const FULL_PAUSE_MS = 1_000;
/** A payload is on its way there. */
const FETCHING_PAUSE_MS = 250;
const PAUSE = { initialMs: 250, factor: 2, maxMs: 5_000, jitter: 0.2 };

/**
 * Takes mail out of the mailboxes that are read in other domains, and hands it to the owners there.
 *
 * F1. A message leaves this domain only when the other one has said that its stream has it. What is not said may be there: it is sent again, and
 *     is known there by its id.
 * F2. Of one mailbox one request is under way at a time, and what one has not stored goes before everything behind it: the order of a conversation
 *     holds over the cut.
 * F3. A payload is fetched by the other domain before it takes the message. That holds up its mailbox, and no other one.
 * F4. To wait for a domain costs no try. What expires meanwhile becomes a dead letter here.
 */
export class Forwarding {
  private readonly ways = new Map<Mailbox, Way>();
  private readonly resting = new Map<Mailbox, number>();
  private readonly failing = new Map<string, { times: number; untilMs: number }>();
  private stopped = false;

  constructor(private readonly parts: ForwardingParts) {}

  stop(): void {
    this.stopped = true;
  }

  /** The mailbox is forgotten. */
  forget(mailbox: Mailbox): void {
    this.resting.delete(mailbox);
  }

  /** Another domain is heard again. */
  resume(domain: string): void {
    this.failing.delete(domain);
  }

  /** Before a mailbox hands over: is this one of its readers now? */
  prepare(mailbox: Mailbox, now: Moment): void {
    const home = this.parts.homeOf(mailbox);
    if (home !== undefined && this.goes(mailbox, home, now)) {
      mailbox.attend(FORWARDER, LIMITS.MAIL_FORWARDED, [], now);
      return;
    }
    const session = mailbox.sessions.get(FORWARDER);
    if (session === undefined) return;
    for (const { seq } of this.ways.get(mailbox)?.waiting.splice(0) ?? []) mailbox.release(seq, now);
    session.window = 0;
    if (session.holds.size === 0) mailbox.leave(FORWARDER, now);
  }

  /** When `prepare` is to be called again, monotonic milliseconds; Infinity where something else will bring it about. */
  nextWakeMs(mailbox: Mailbox, nowMs: number): number {
    const home = this.parts.homeOf(mailbox);
    if (home === undefined || mailbox.depth === 0 || !this.parts.isHeard(home.domain)) return Infinity;
    const untilMs = Math.max(this.resting.get(mailbox) ?? 0, this.failing.get(home.domain)?.untilMs ?? 0);
    return untilMs <= nowMs ? Infinity : untilMs;
  }

  /** One message that the mailbox has handed over. */
  give(mailbox: Mailbox, { seq }: Mail, address: MailAddress, { headers, data }: MailBody): void {
    const home = this.parts.homeOf(mailbox);
    const way = this.ways.get(mailbox) ?? (home && { home, waiting: [], underWay: false });
    if (way === undefined) return this.parts.settle(mailbox, { ...nothing(), released: [seq] });
    this.ways.set(mailbox, way);
    try {
      const message = fromWire(address, headers?.text ?? '', textOf(data));
      const hops = Number(headers?.get(HOPS) || 0) + 1;
      // What the other domain has to fetch counts, so that one request does not wait for many of them.
      const bytes = data.length + ENVELOPE_BYTES + (message.dataRef?.bytes ?? 0);
      way.waiting.push({ seq, hops, message, bytes });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const nak = { seq, cause: 'malformed', message, poison: true } as const;
      return this.parts.settle(mailbox, { ...nothing(), naks: [nak] });
    }
    this.parts.clock.soon(() => this.send(mailbox, way));
  }

  private goes(mailbox: Mailbox, home: MailHome, { monotonicMs }: Moment): boolean {
    const rests = (this.resting.get(mailbox) ?? 0) > monotonicMs;
    if (!rests) this.resting.delete(mailbox);
    const fails = (this.failing.get(home.domain)?.untilMs ?? 0) > monotonicMs;
    if (this.stopped || rests || fails || mailbox.depth === 0 || isRead(mailbox)) return false;
    // What is on its way to where it was read before comes back first.
    const way = this.ways.get(mailbox);
    return (way === undefined || way.home === home) && this.parts.isHeard(home.domain);
  }

  private send(mailbox: Mailbox, way: Way): void {
    if (way.underWay || this.stopped || way.waiting.length === 0) return;
    const batch = this.nextBatch(mailbox, way);
    if (batch.length === 0) return;
    way.underWay = true;
    const { domain: origin, epoch, shard, post } = this.parts;
    const messages = batch.map(({ seq, hops, message }) => ({ seq, hops, message }));
    post.forward(shard, { origin, epoch, home: way.home, messages }).then(
      (answer) => this.answered(mailbox, way, batch, answer),
      (error: unknown) => this.failed(mailbox, way, batch, error),
    );
  }

  /** The next messages that one request carries. What was taken back meanwhile is left out. */
  private nextBatch(mailbox: Mailbox, { waiting }: Way): Outgoing[] {
    const holds = mailbox.sessions.get(FORWARDER)?.holds;
    const batch: Outgoing[] = [];
    for (let bytes = 0, next = waiting[0]; next !== undefined; next = waiting[0]) {
      bytes += next.bytes;
      if (batch.length > 0 && (bytes > LIMITS.MAIL_FORWARD_BYTES || batch.length === LIMITS.MAIL_FORWARDED))
        break;
      waiting.shift();
      if (holds?.has(next.seq) === true) batch.push(next);
    }
    return batch;
  }

  private answered(mailbox: Mailbox, way: Way, batch: readonly Outgoing[], answer: MailForwarded): void {
    const { domain } = way.home;
    const { count, clock, logger } = this.parts;
    this.failing.delete(domain);
    const stored = new Set(answer.stored);
    const acks = batch.filter(({ seq }) => stored.has(seq)).map(({ seq }) => seq);
    count(domain, 'stored', acks.length);
    if (answer.full !== undefined) {
      count(domain, 'full', batch.length - acks.length);
      logger.debug('a mailbox in another domain is full', { domain, to: way.home.mailbox, ...answer.full });
      this.resting.set(mailbox, clock.monotonic() + FULL_PAUSE_MS);
    }
    if (answer.fetching === true) {
      count(domain, 'fetching', batch.length - acks.length);
      this.resting.set(mailbox, clock.monotonic() + FETCHING_PAUSE_MS);
    }
    if (answer.moved !== undefined) this.parts.learn(answer.moved);
    else if (acks.length < batch.length && answer.full === undefined && answer.fetching !== true)
      this.rest(domain);
    this.end(mailbox, way, batch, acks);
  }

  /** Nobody answers, or the answer was lost. */
  private failed(mailbox: Mailbox, way: Way, batch: readonly Outgoing[], error: unknown): void {
    const { domain, mailbox: to } = way.home;
    const { code } = asMultiswarmError(error);
    this.parts.count(domain, code, batch.length);
    const times = this.rest(domain);
    if (times === 1) this.parts.logger.warn('mail for another domain waits', { domain, to, code, error });
    this.end(mailbox, way, batch, []);
  }

  private rest(domain: string): number {
    const times = (this.failing.get(domain)?.times ?? 0) + 1;
    const { clock, random } = this.parts;
    this.failing.set(domain, { times, untilMs: clock.monotonic() + backoffMs(PAUSE, times, random) });
    return times;
  }

  /** F2: where not all of it was stored, what waits behind it goes back with it. */
  private end(mailbox: Mailbox, way: Way, batch: readonly Outgoing[], acks: number[]): void {
    way.underWay = false;
    if (this.stopped) return;
    const done = new Set(acks);
    const left = batch.filter(({ seq }) => !done.has(seq));
    const back = left.length > 0 ? [...left, ...way.waiting.splice(0)] : [];
    for (const { seq } of way.waiting) mailbox.extend(seq, this.parts.now());
    if (way.waiting.length === 0) this.ways.delete(mailbox);
    else this.send(mailbox, way);
    this.parts.settle(mailbox, { acks, naks: [], released: back.map(({ seq }) => seq) });
  }
}

function nothing(): Settled {
  return { acks: [], naks: [], released: [] };
}

/** Whether somebody here takes its messages: then they are his, whatever another domain has claimed. */
function isRead({ sessions }: Mailbox): boolean {
  return sessions.size > (sessions.has(FORWARDER) ? 1 : 0);
}
