import {
  addressOf,
  asMultiswarmError,
  attributesOf,
  idAtRecipient,
  LIMITS,
  MAILBOX_SHARDS,
  MultiswarmError,
  readerOfSession,
  type MailForward,
  type MailForwarded,
  type MailHome,
  type MailHomesPage,
  type MailName,
  type OutgoingMail,
  type ShardLinks,
  type CommunicationLink,
  type MailAddress,
  type MailAttend,
  type MailAttended,
  type MailboxInfo,
  type MailRoomAnswer,
  type MailRoomRequest,
  type MailSettle,
  type MailSettled,
  type MailTake,
  type MailTaken,
} from '@multiswarm/contracts';
import { every, ownText, Recent, type Cancel, type Clock, type Random } from '@multiswarm/core';
import type { Logger } from '@multiswarm/telemetry';
import { LEVELS, type Level, type Mail } from '../domain/mailbox/mail';
import { strayOf, type Stray } from '../domain/mailbox/stray';
import { Mailbox, type Fate, type Handed, type Moment } from '../domain/mailbox/mailbox';
import type { MailboxRules } from '../domain/mailbox/rules';
import type { CountMail, MailBody, MailNote, MailQueue, Postman, StoredMail } from '../ports';
import { FORWARDER } from './forwarding';
import { LinkTally } from './link-tally';
import { MailShelf, type MailRoom } from './mail-shelf';
import { RegionDesk, type Regions } from './region-desk';
import { Taker } from './taker';
import { WakeList } from './wake-list';

export interface MailboxOwnerParts {
  queue: MailQueue;
  postman: Postman;
  /** The other JetStream domains. */
  regions: Regions;
  rules: MailboxRules;
  /** Throws `recipient-unknown` where no swarm of that name is connected. */
  assertRecipient(to: string): void;
  /** Throws `feature-not-available` where messages are switched off. */
  assertOpen(): void;
  /** For messages that are kept in memory. */
  room: MailRoom;
  countMail: CountMail;
  clock: Clock;
  random: Random;
  logger: Logger;
}

/**
 * Messages that were settled lately: the stream may tell of them again. By their sequence and time: a server that was killed may count from an
 * earlier sequence again, and then another message has the number of one that is settled.
 */
const SETTLED_KNOWN = 65_536;
/** Handed over in one turn of the event loop. */
const AT_ONCE = 256;
/** A dead letter that could not be kept, and a queue that ended, are tried again after this. */
const AGAIN_MS = 1_000;
/** Mailboxes of which nothing is known any more are forgotten this often. */
const TIDY_MS = 30_000;

/**
 * The one owner of a mailbox shard: it reads what the stream has, hands it over, and takes out what was acknowledged.
 *
 * O1. A message is acknowledged to the stream only when its recipient is done with it, or when it is kept as a dead letter.
 * O2. What the stream tells twice is one message.
 * O3. Failed tries are noted where the next owner finds them.
 */
export class MailboxOwner {
  private readonly mailboxes = new Map<string, Mailbox>();
  private readonly ofMail = new Map<number, Mailbox>();
  private readonly shelf: MailShelf;
  private readonly desk: RegionDesk;
  private readonly settled = new Recent<number, number>(SETTLED_KNOWN);
  private readonly due = new Set<Mailbox>();
  /** Deliveries of a mailbox and a level that wait for a body keep those behind them waiting: order. */
  private readonly sending = LEVELS.map(() => new Map<Mailbox, Promise<boolean>>());
  private readonly burying = new Set<Promise<void>>();
  private readonly takers = new Map<string, Taker>();
  private readonly tally: LinkTally;
  private notes: ReadonlyMap<number, MailNote> = new Map();
  private readonly wakes: WakeList<Mailbox>;
  private readonly cancelTidying: Cancel;
  private reading = Promise.resolve();
  private cancelReading: Cancel = () => undefined;
  private planned = false;
  private closed = false;

  private constructor(
    readonly shard: number,
    readonly epoch: number,
    private readonly parts: MailboxOwnerParts,
  ) {
    this.shelf = new MailShelf(parts.queue, parts.room);
    this.tally = new LinkTally(this.now(), parts.countMail);
    this.desk = new RegionDesk({
      ...parts,
      ...{ shard, epoch },
      settle: (mailbox, settled) => {
        this.apply(mailbox, settled, 'forwarded');
        this.planPump(mailbox);
      },
      mailbox: (namespace, name) => this.mailboxes.get(keyOf(namespace, name)),
      roomFor: (home, from) => this.roomFor(home, from),
      pump: (mailbox) => this.planPump(mailbox),
      now: () => this.now(),
    });
    this.wakes = new WakeList(parts.clock, (mailbox) => this.wake(mailbox));
    this.cancelTidying = every(parts.clock, TIDY_MS, () => this.tidy());
  }

  static async open(shard: number, epoch: number, parts: MailboxOwnerParts): Promise<MailboxOwner> {
    const owner = new MailboxOwner(shard, epoch, parts);
    owner.notes = await parts.queue.notes();
    await owner.desk.open();
    if (await owner.read()) owner.forgetIdleNotes();
    return owner;
  }

  /** Room for the messages of a sender. @throws MultiswarmError `recipient-unknown` */
  async room({ namespace, to, from, want }: MailRoomRequest): Promise<MailRoomAnswer> {
    this.parts.assertOpen();
    const known = this.desk.knows(namespace, to) || this.mailboxes.has(keyOf(namespace, to));
    if (!known) await this.assertKnown(namespace, to);
    this.assertInView(namespace, to);
    const mailbox = this.mailbox(namespace, to);
    const granted = mailbox.grant(from, want, this.now());
    // Until the promise ends here, with time for what was stored at its last moment.
    const forMs = Math.floor(this.parts.rules.creditMs / 2);
    const breaker = mailbox.breakerState(this.now());
    return { granted, forMs, depth: mailbox.depth, limit: mailbox.limit, breaker };
  }

  attend({ namespace, mailbox: name, session, window, holding, replaces }: MailAttend): MailAttended {
    this.assertInView(namespace, name);
    const mailbox = this.mailbox(namespace, name);
    this.assertSeats(mailbox, session);
    this.desk.claim(namespace, name);
    mailbox.attend(session, window, holding, this.now(), replaces);
    this.pump(mailbox);
    return { sessionMs: this.parts.rules.sessionMs, ackWaitMs: this.parts.rules.ackWaitMs };
  }

  /** Hands over to a reader that comes for its messages; waits a while for the first one. */
  async take(request: MailTake): Promise<MailTaken> {
    const { namespace, mailbox: name, session: id, most, waitMs, window, holding = [] } = request;
    this.assertInView(namespace, name);
    const mailbox = this.mailbox(namespace, name);
    this.assertSeats(mailbox, id);
    this.desk.claim(namespace, name);
    const takers = this.takers;
    takers.get(id)?.end();
    const taker = new Taker(most, waitMs, this.parts.clock);
    takers.set(id, taker);
    const now = this.now();
    const session = mailbox.attend(id, 0, holding, now);
    session.comes = true;
    session.unsure = false;
    if (request.holding !== undefined) mailbox.missed(session, holding, now);
    session.window = window ?? session.holds.size + most;
    this.pump(mailbox);
    const messages = await taker.done;
    if (takers.get(id) === taker) {
      takers.delete(id);
      // Until it comes again: what is settled in between makes no room, for nobody would be there to take what follows.
      session.window = 0;
    }
    const gone = holding.filter((seq) => !session.holds.has(seq));
    const { ackWaitMs } = this.parts.rules;
    return { messages, ackWaitMs, depth: mailbox.depth, ...(gone.length > 0 ? { gone } : {}) };
  }

  settle(report: MailSettle): MailSettled {
    const mailbox = this.mailboxes.get(keyOf(report.namespace, report.mailbox));
    const all = [
      ...report.acks,
      ...report.naks.map(({ seq }) => seq),
      ...report.released,
      ...report.extended,
    ];
    if (mailbox === undefined) return { unknown: all };
    const now = this.now();
    const unknown = this.apply(mailbox, report);
    for (const seq of report.extended) if (!mailbox.extend(seq, now)) unknown.push(seq);
    if (report.leaves) this.meetAll(mailbox, mailbox.leave(report.session, now), now);
    this.pump(mailbox);
    return { unknown };
  }

  /** @returns those of which nothing is known */
  private apply(
    mailbox: Mailbox,
    { acks, naks, released }: Pick<MailSettle, 'acks' | 'naks' | 'released'>,
    end: 'acknowledged' | 'forwarded' = 'acknowledged',
  ): number[] {
    const now = this.now();
    const unknown: number[] = [];
    for (const seq of acks) if (!this.acknowledge(mailbox, seq, now, end)) unknown.push(seq);
    for (const { seq, ...setback } of naks) {
      const mail = mailbox.find(seq);
      const fate = mailbox.nak(seq, setback, now);
      if (mail === undefined || fate === undefined) unknown.push(seq);
      else this.meetAll(mailbox, [[mail, fate]], now);
    }
    for (const seq of released) if (!mailbox.release(seq, now)) unknown.push(seq);
    return unknown;
  }

  /** Mail from another domain. */
  forward(batch: MailForward): Promise<MailForwarded> {
    return this.desk.accept(batch);
  }

  /** What is read in this domain. */
  homes(after: string): MailHomesPage {
    return this.desk.page(after);
  }

  /** Another domain reads a mailbox. */
  learn(home: MailHome): void {
    this.desk.learn(home);
  }

  /** What waits here for other domains. */
  outgoing(): OutgoingMail[] {
    return this.desk.outgoing(this.mailboxes.values());
  }

  /** Another domain is heard, for the first time or again. */
  domainHeard(domain: string): void {
    this.desk.domainHeard(domain, this.mailboxes.values());
  }

  /** Of one that is known or could be: an empty one has depth 0. @throws MultiswarmError `recipient-unknown` */
  info(namespace: string, name: string): MailboxInfo {
    const known = this.mailboxes.get(keyOf(namespace, name));
    if (known === undefined && !this.desk.knows(namespace, name)) this.parts.assertRecipient(name);
    const { rules, random } = this.parts;
    return this.infoOf(known ?? new Mailbox(namespace, name, rules, random));
  }

  /** How those who write to each other here do. */
  linksSeen(): ShardLinks {
    const now = this.now();
    const breakerOf = (namespace: string, to: string): CommunicationLink['breaker'] =>
      this.mailboxes.get(keyOf(namespace, to))?.breakerState(now) ?? 'closed';
    return this.tally.view(breakerOf, now);
  }

  list(namespace: string): MailboxInfo[] {
    return [...this.mailboxes.values()]
      .filter((mailbox) => mailbox.namespace === namespace)
      .map((mailbox) => this.infoOf(mailbox));
  }

  /** Processes that are gone: what they had is handed to others. */
  readersGone(readers: ReadonlySet<string>): void {
    const now = this.now();
    for (const mailbox of this.mailboxes.values()) {
      const gone = [...mailbox.sessions.keys()].filter((session) => readers.has(readerOfSession(session)));
      for (const session of gone) this.meetAll(mailbox, mailbox.leave(session, now), now);
      if (gone.length > 0) this.pump(mailbox);
    }
  }

  /** The connection was lost: what was sent last may not have come. Readers come back, and say what they have. */
  cutOff(): void {
    for (const mailbox of this.mailboxes.values()) mailbox.doubt();
  }

  /** The connection is back: readers of the stream that its server may have forgotten are made anew at once. */
  reconnected(): void {
    this.readAgain(0);
  }

  /** Reads no more, and hands over no more. What recipients have they can settle with the next owner. */
  async close(): Promise<void> {
    this.lose();
    await Promise.all(this.burying);
  }

  lose(): void {
    this.closed = true;
    this.desk.stop();
    this.wakes.stop();
    this.cancelTidying();
    this.cancelReading();
    for (const taker of this.takers.values()) taker.end();
    this.parts.queue.stop();
    void Promise.allSettled(this.burying).then(() => this.shelf.clear());
  }

  /** It is connected, or was made since this owner has read the names. */
  private async assertKnown(namespace: string, to: string): Promise<void> {
    try {
      this.parts.assertRecipient(to);
    } catch (error) {
      if (!(await this.parts.queue.isNamed(namespace, to))) throw error;
    }
  }

  /** One more than a replica keeps in view is refused; what is stored already is taken all the same. */
  private assertInView(namespace: string, name: string): void {
    const most = LIMITS.MAILBOXES_IN_VIEW / MAILBOX_SHARDS;
    if (this.mailboxes.has(keyOf(namespace, name)) || this.mailboxes.size < most) return;
    throw new MultiswarmError(
      'mailbox-full',
      `the part of the mailboxes to which "${name}" belongs has ${most} of them already: those that nobody uses are forgotten after half a minute`,
    );
  }

  private assertSeats({ name, sessions }: Mailbox, session: string): void {
    if (sessions.has(session) || sessions.size < LIMITS.MAILBOX_SESSIONS) return;
    const text = `the mailbox "${name}" has ${LIMITS.MAILBOX_SESSIONS} readers already`;
    throw new MultiswarmError('mailbox-full', text);
  }

  /** For a message that comes from another domain; undefined where there is room. */
  private roomFor(
    { namespace, mailbox: name }: MailHome,
    from: string,
  ): { depth: number; limit: number } | undefined {
    this.parts.assertOpen();
    this.assertInView(namespace, name);
    const mailbox = this.mailbox(namespace, name);
    if (mailbox.grant(from, 1, this.now()) > 0) return undefined;
    return { depth: mailbox.depth, limit: mailbox.limit };
  }

  /** Notes on messages that are gone: whoever was done with them could not say so. */
  private forgetIdleNotes(): void {
    for (const seq of this.notes.keys())
      if (!this.ofMail.has(seq)) this.quietly(this.parts.queue.forgetNote(seq));
  }

  private async read(): Promise<boolean> {
    return this.parts.queue.open(
      (mail, level) => this.arrive(mail, level),
      (error) => {
        if (this.closed) return;
        this.parts.logger.warn('the messages of a shard are read anew', { shard: this.shard, error });
        this.readAgain(AGAIN_MS);
      },
    );
  }

  /** O2: what is known is not taken for new. */
  private readAgain(inMs: number): void {
    this.cancelReading();
    this.cancelReading = this.parts.clock.after(inMs, () => {
      if (this.closed) return;
      this.reading = this.reading.then(() =>
        this.read().then(
          () => undefined,
          (error: unknown) => {
            if (this.closed) return;
            this.parts.logger.warn('the messages of a shard are not read', { shard: this.shard, error });
            this.readAgain(AGAIN_MS);
          },
        ),
      );
    });
  }

  private arrive(stored: StoredMail, level: Level): void {
    if (this.closed || this.ofMail.has(stored.seq)) return; // O2
    if (this.settled.get(stored.seq) === stored.storedAtMs) return stored.ack();
    const stray = strayOf(stored.subject, this.shard);
    const address = addressOf(stored.subject);
    if (stray !== undefined || address === undefined) return this.refuse(stored, stray);
    const mailbox = this.mailbox(address.namespace, address.to);
    const mail = this.toMail(stored, address, level);
    this.shelf.put(stored, address);
    this.ofMail.set(stored.seq, mailbox);
    mailbox.arrive(mail, this.now());
    this.planPump(mailbox);
  }

  private toMail(stored: StoredMail, { from }: MailAddress, level: Level): Mail {
    const { seq, storedAtMs, data } = stored;
    const { id, conversation, expiresAt, deliverAt, dataRef } = attributesOf(stored.headers?.text ?? '');
    const noted = this.notes.get(seq);
    const note = noted?.id === idAtRecipient({ from, id }) ? noted : undefined;
    if (noted !== note) this.quietly(this.parts.queue.forgetNote(seq)); // of another message that had its number
    return {
      seq,
      id: ownText(id),
      from,
      level,
      conversation: conversation === undefined ? `from ${from}` : ownText(conversation),
      bytes: data.length,
      payload: dataRef?.id,
      storedAtMs,
      expiresAtMs: timeOf(expiresAt, Infinity),
      deliverAtMs: timeOf(deliverAt, 0),
      attempts: note?.attempts ?? 0,
      fault: note?.fault,
    };
  }

  /** O1: it belongs into no mailbox of this shard, and is kept as a dead letter. */
  private refuse(stored: StoredMail, stray: Stray | undefined): void {
    if (this.closed || stray === undefined) return;
    const { seq, headers, data } = stored;
    const { address, why: message } = stray;
    const { queue, clock, logger } = this.parts;
    const times = { attempts: 0, diedAtMs: clock.now() };
    const burial = queue
      .bury({ seq, address, body: { headers, data }, cause: 'malformed', message, ...times })
      .then(() => {
        this.settled.set(seq, stored.storedAtMs);
        stored.ack();
        logger.warn('a message that is in no mailbox is a dead letter', { to: address.to, error: message });
      })
      .catch((error: unknown) => {
        logger.warn('a dead letter could not be kept; it is tried again', { error });
        clock.after(AGAIN_MS, () => this.refuse(stored, stray));
      })
      .finally(() => this.burying.delete(burial));
    this.burying.add(burial);
  }

  /** O1. */
  private acknowledge(
    mailbox: Mailbox,
    seq: number,
    now: Moment,
    end: 'acknowledged' | 'forwarded',
  ): boolean {
    const mail = mailbox.ack(seq, now);
    if (mail === undefined) return false;
    this.tally[end](mailbox, mail, now);
    this.done(mail);
    if (mail.payload !== undefined)
      this.quietly(this.parts.queue.releasePayload(mail.payload, nameOf(mailbox, mail)));
    return true;
  }

  private done(mail: Mail): void {
    this.settled.set(mail.seq, mail.storedAtMs);
    this.ofMail.delete(mail.seq);
    this.shelf.take(mail.seq)?.stored.ack();
    if (mail.fault !== undefined) this.quietly(this.parts.queue.forgetNote(mail.seq));
  }

  private meetAll(mailbox: Mailbox, fates: readonly [Mail, Fate][], now: Moment): void {
    for (const [mail, fate] of fates) {
      const wasTried = fate.kind === 'again' || fate.cause !== 'expired';
      if (wasTried) this.tally.failed(mailbox, mail, now);
      this.meet(mailbox, mail, fate);
    }
  }

  private meet(mailbox: Mailbox, mail: Mail, fate: Fate): void {
    if (fate.kind === 'dead') {
      const burial = this.bury(mailbox, mail, fate).finally(() => this.burying.delete(burial));
      this.burying.add(burial);
    } else if (mail.fault !== undefined) {
      const { seq, attempts, fault } = mail;
      this.quietly(this.parts.queue.note(seq, { id: idAtRecipient(mail), attempts, fault })); // O3
    }
  }

  /** O1. */
  private async bury(
    mailbox: Mailbox,
    mail: Mail,
    { cause }: Extract<Fate, { kind: 'dead' }>,
  ): Promise<void> {
    const shelved = this.shelf.get(mail.seq);
    if (shelved === undefined) return;
    const { logger, queue, clock } = this.parts;
    const why = cause === 'expired' ? this.desk.whyExpired(mailbox) : undefined;
    const message = mail.fault?.message ?? why ?? cause;
    try {
      const body = await this.shelf.body(shelved);
      const { address, seq } = shelved;
      const told = { messageId: mail.id, to: address.to, cause, error: message };
      if (body === undefined) {
        logger.warn('a message that had to be a dead letter is gone: somebody has removed it', told);
        return void this.gone(mailbox, mail);
      }
      if (mail.payload !== undefined) await queue.keepPayload(mail.payload, nameOf(mailbox, mail));
      const times = { attempts: mail.attempts, diedAtMs: clock.now() };
      await queue.bury({ ...{ seq, address, body, cause, message }, ...times });
      this.tally.dead(mailbox, mail, cause, this.now());
      this.gone(mailbox, mail);
      logger.warn('a message is a dead letter', told);
    } catch (error) {
      if (this.closed) return;
      logger.warn('a dead letter could not be kept; it is tried again', { messageId: mail.id, error });
      clock.after(AGAIN_MS, () => this.meet(mailbox, mail, { kind: 'dead', cause }));
    }
  }

  private gone(mailbox: Mailbox, mail: Mail): void {
    mailbox.buried(mail.seq, this.now());
    this.done(mail);
    this.planPump(mailbox);
  }

  /** All that arrives in one turn is handed over together. */
  private planPump(mailbox: Mailbox): void {
    this.due.add(mailbox);
    if (this.planned) return;
    this.planned = true;
    this.parts.clock.soon(() => {
      this.planned = false;
      const due = [...this.due];
      this.due.clear();
      for (const each of due) this.pump(each);
    });
  }

  private pump(mailbox: Mailbox): void {
    if (this.closed) return;
    const now = this.now();
    this.desk.prepare(mailbox, now);
    const handed = mailbox.next(AT_ONCE, now);
    if (handed.length === AT_ONCE) this.planPump(mailbox);
    const later: Handed[][] = LEVELS.map(() => []);
    for (const each of handed) {
      const { seq, level } = each.mail;
      const shelved = this.shelf.get(seq);
      const isReady = shelved !== undefined && this.shelf.kept(shelved) !== undefined;
      if (isReady && later[level]?.length === 0 && !this.sending[level]?.has(mailbox))
        this.deliver(mailbox, each, this.takers.get(each.session.id));
      else later[level]?.push(each);
    }
    for (const level of LEVELS) this.sendLater(mailbox, level, later[level] ?? []);
    this.wakes.wakeAt(
      mailbox,
      Math.min(mailbox.nextWakeMs(now), this.desk.nextWakeMs(mailbox, now.monotonicMs)),
    );
  }

  /** Where one cannot be read, neither is anything behind it handed over: all of it comes back, in its order. */
  private sendLater(mailbox: Mailbox, level: Level, handed: readonly Handed[]): void {
    const sending = this.sending[level];
    if (sending === undefined || handed.length === 0) return;
    const before = sending.get(mailbox) ?? Promise.resolve(true);
    const takers = handed.map(({ session }) => this.takers.get(session.id));
    const bodies = Promise.all(
      handed.map(async ({ mail }) => {
        const shelved = this.shelf.get(mail.seq);
        return shelved && (await this.shelf.body(shelved));
      }),
    ).catch(() => undefined);
    const sent = Promise.all([before, bodies]).then(([went, read]) => {
      if (sending.get(mailbox) === sent) sending.delete(mailbox);
      if (!went || read === undefined) return this.takeBack(mailbox, handed);
      handed.forEach((each, index) => {
        const body = read[index];
        if (body !== undefined) this.deliver(mailbox, each, takers[index], body);
        else this.removed(mailbox, each.mail.seq);
      });
      return true;
    });
    sending.set(mailbox, sent);
  }

  /** Somebody has taken it out of the stream: nobody will ever have it. */
  private removed(mailbox: Mailbox, seq: number): void {
    const mail = mailbox.ack(seq, this.now());
    if (mail === undefined) return;
    this.done(mail);
    this.parts.logger.warn('a message is gone: somebody has removed it', { messageId: mail.id });
  }

  /** @returns that nothing went */
  private takeBack(mailbox: Mailbox, handed: readonly Handed[]): false {
    const now = this.now();
    for (const { mail } of handed) mailbox.release(mail.seq, now);
    this.wakes.wakeAt(mailbox, now.monotonicMs + AGAIN_MS);
    return false;
  }

  /** What could not be sent comes back, and costs no try. */
  private deliver(
    mailbox: Mailbox,
    { mail, session, generation }: Handed,
    taker: Taker | undefined,
    read?: MailBody,
  ): void {
    const shelved = this.shelf.get(mail.seq);
    const body = read ?? (shelved && this.shelf.kept(shelved));
    try {
      if (shelved === undefined || body === undefined)
        throw new MultiswarmError('bus-unavailable', 'the body of a message could not be read');
      if (session.id === FORWARDER) this.desk.give(mailbox, mail, shelved.address, body);
      else if (session.comes) this.giveToTaker(mailbox, mail, taker, shelved.address, body);
      else
        this.parts.postman.deliver(
          session.id,
          {
            seq: mail.seq,
            attempt: mail.attempts,
            epoch: this.epoch,
            generation,
            storedAtMs: mail.storedAtMs,
          },
          shelved.address,
          body,
        );
    } catch (error) {
      this.parts.logger.debug('a message could not be handed over', { messageId: mail.id, error });
      mailbox.release(mail.seq, this.now());
      this.wakes.wakeAt(mailbox, this.parts.clock.monotonic() + AGAIN_MS);
    }
  }

  private giveToTaker(
    mailbox: Mailbox,
    mail: Mail,
    taker: Taker | undefined,
    address: MailAddress,
    body: MailBody,
  ): void {
    try {
      const taken = taker?.give(mail, address, body) ?? false;
      if (!taken) mailbox.release(mail.seq, this.now()); // with the next one, in its place among those behind it
    } catch (error) {
      const { message } = asMultiswarmError(error);
      const now = this.now();
      const fate = mailbox.nak(mail.seq, { cause: 'malformed', message, poison: true }, now);
      if (fate !== undefined) this.meetAll(mailbox, [[mail, fate]], now);
    }
  }

  private wake(mailbox: Mailbox): void {
    const now = this.now();
    this.meetAll(mailbox, mailbox.sweep(now), now);
    this.pump(mailbox);
  }

  private tidy(): void {
    const now = this.now();
    for (const [key, mailbox] of this.mailboxes) {
      if (!mailbox.isIdle(now)) continue;
      this.mailboxes.delete(key);
      this.desk.forget(mailbox);
      this.wakes.forget(mailbox);
    }
  }

  private mailbox(namespace: string, name: string): Mailbox {
    const key = keyOf(namespace, name);
    const known = this.mailboxes.get(key);
    if (known !== undefined) return known;
    const made = new Mailbox(namespace, name, this.parts.rules, this.parts.random);
    this.mailboxes.set(key, made);
    return made;
  }

  private infoOf(mailbox: Mailbox): MailboxInfo {
    const { namespace, name, depth, inHand, bytes, limit, sessions } = mailbox;
    const oldest = mailbox.oldestAtMs;
    const home = this.desk.elsewhere(mailbox);
    return {
      ...{ namespace, mailbox: name, shard: this.shard, depth, inHand, bytes, limit },
      sessions: sessions.size - (sessions.has(FORWARDER) ? 1 : 0),
      breaker: mailbox.breakerState(this.now()),
      ...(oldest === undefined ? {} : { oldestAt: new Date(oldest).toISOString() }),
      ...(home === undefined ? {} : { home: home.domain }),
    };
  }

  private quietly(work: Promise<void>): void {
    work.catch((error: unknown) => this.parts.logger.warn('a note on a message was not kept', { error }));
  }

  private now(): Moment {
    return { monotonicMs: this.parts.clock.monotonic(), wallMs: this.parts.clock.now() };
  }
}

function keyOf(namespace: string, name: string): string {
  return `${namespace} ${name}`;
}

function nameOf({ namespace, name: to }: Mailbox, { from, id }: Mail): MailName {
  return { namespace, to, from, id };
}

function timeOf(text: string | undefined, missing: number): number {
  const time = text === undefined ? NaN : Date.parse(text);
  return Number.isNaN(time) ? missing : time;
}
