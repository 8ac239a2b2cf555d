import type { Bus, Listening } from '@multiswarm/bus';
import {
  asMultiswarmError,
  fromWire,
  idAtRecipient,
  LIMITS,
  MailAttended,
  MailOwner,
  MailSettled,
  mailboxShardOf,
  mailSessionOf,
  subjects,
  type MailNak,
  type MailSettle,
  type MailShard,
  type Message,
} from '@multiswarm/contracts';
import { ownText, Recent, type Cancel, type Clock } from '@multiswarm/core';
import { readLabel } from './delivery-label';
import type { MailSites } from './mail-sites';
import { unpacked, type OpenedParcel } from './parcels';

/** Of a conversation, under one owner of its mailbox. */
export interface Generation {
  epoch: number;
  count: number;
}

/** Whether a message of one generation was on its way when one of the other failed. */
export function isNoLater(a: Generation, b: Generation): boolean {
  return a.epoch < b.epoch || (a.epoch === b.epoch && a.count <= b.count);
}

/** A message of the mailbox, until it is settled. */
export interface MailDelivery {
  readonly seq: number;
  /** Epoch ms by the clock of the server. */
  readonly storedAtMs: number;
  /**
   * Grows in a conversation each time one of its messages has to be tried again. What comes with the generation of one that has failed
   * here was on its way meanwhile: it is to be given back, and comes again after that one.
   */
  generation: Generation;
  readonly message: Message;
}

export interface MailReaderOptions {
  bus: Bus;
  sites: MailSites;
  clock: Clock;
  namespace: string;
  mailbox: string;
  /** Unique to this reader; its sessions are numbered. */
  reader: string;
  /** Messages that it has at the same time, at most. */
  window: number;
  onMail(delivery: MailDelivery): void;
  onFault(error: unknown): void;
  /** What the owner hands over cannot be read; told once. All of it is given back, again and again, and costs no try. */
  onUnreadable(error: Error): void;
}

/** An owner that does not answer is asked again after this, and then after twice as long each time. */
const AGAIN_MS = 250;
const LONGEST_AGAIN_MS = 2_000;
/** So often it is heard of a reader, and of what it has, within the time in which that is wanted: two may get lost, and the third one be slow. */
const SHARE = 0.3;
/** What could not be read is given back after this. */
const UNREADABLE_AGAIN_MS = 2_000;
const LEAVE_MS = 2_000;
/** So many acknowledgements wait for no others. */
const TOLD_AT_ONCE = 64;
/** Earlier sessions that are told to the owner: each may have been known to him. */
const REPLACED = 100;
/** Messages that were acknowledged lately, by sequence, time, sender and id: one that comes again is acknowledged again. */
const ACKNOWLEDGED_KNOWN = 4_096;

/**
 * One reader of a mailbox: takes what its owner hands over, and tells him what became of it. It outlives owners: the next one is told what
 * it has.
 *
 * R1. A message that is here is not told again, even if it is handed over again.
 * R2. What is here is kept alive until it is settled.
 * R3. A session belongs to one owner and one connection: what was on its way when either changed is handed over again, before what
 *     came after it.
 * R4. What cannot be read is nobody's failed try: it goes back with the session, to whoever can read it.
 */
export class MailReader {
  private readonly held = new Map<number, MailDelivery>();
  private readonly acknowledged = new Recent<number, string>(ACKNOWLEDGED_KNOWN);
  private report = emptyReport();
  private planned = false;
  private place: MailShard | undefined;
  private session: string | undefined;
  /** The sessions before, until the owner knows of their successor. */
  private replaces: string[] = [];
  private sessions = 0;
  private owners: Listening | undefined;
  private deliveries: Listening | undefined;
  private cancelRenewal: Cancel = () => undefined;
  /** When the owner is asked next, monotonic. */
  private attendAtMs = Infinity;
  /** R4: that the session ends since something of it could not be read. */
  private cancelReturn: Cancel | undefined;
  private isToldUnreadable = false;
  private againMs = AGAIN_MS;
  /** R2: after this it has to be heard of what is here; undefined where the owner is asked before that anyway. */
  private soonMs: number | undefined;
  private attending: Promise<void> | undefined;
  private attendAgain = false;
  private stopped = false;

  constructor(private readonly options: MailReaderOptions) {}

  start(): void {
    const { bus, mailbox } = this.options;
    const shard = mailboxShardOf(mailbox);
    this.owners = bus.subscribe(subjects.mailboxOwner(), { schema: MailOwner }, (owner) => {
      if (owner.shard === shard && owner.domain === (this.place?.domain ?? owner.domain)) this.renew();
    });
    bus.onReconnect(() => {
      this.place = undefined;
      this.renew();
    });
    this.renew();
  }

  /** R3: another session. What was sent to the one before and is not here has not come. */
  private renew(): void {
    if (this.stopped) return;
    const { bus, reader } = this.options;
    this.cancelReturn?.();
    this.cancelReturn = undefined;
    this.deliveries?.stop();
    if (this.session !== undefined) this.replaces = [...this.replaces, this.session].slice(-REPLACED);
    this.session = mailSessionOf(reader, (this.sessions += 1));
    const subscription = bus.connection.subscribe(subjects.mailDelivery(this.session), {
      callback: (error, message) => {
        if (error) this.options.onFault(error);
        else this.unpack(message.data);
      },
    });
    this.deliveries = { stop: () => subscription.unsubscribe() };
    this.attend();
  }

  /** Done with it. */
  ack(seq: number): void {
    const delivery = this.held.get(seq);
    if (delivery === undefined) return;
    this.held.delete(seq);
    this.acknowledged.set(seq, ownText(identityOf(delivery)));
    this.report.acks.push(seq);
    this.plan();
  }

  /** A try has failed. */
  nak(nak: MailNak): void {
    if (this.held.delete(nak.seq)) this.refuse(nak);
  }

  private refuse(nak: MailNak): void {
    this.report.naks.push({ ...nak, message: nak.message.slice(0, LIMITS.ERROR_MESSAGE_CHARS) });
    this.plan();
  }

  /** Given back without having been tried. */
  release(seq: number): void {
    if (!this.held.delete(seq)) return;
    this.report.released.push(seq);
    this.plan();
  }

  /** Takes nothing more, and gives back what it has. Resolves when the owner knows, or does not answer. */
  async stop(): Promise<void> {
    if (this.stopped) return;
    this.stopped = true;
    this.cancelRenewal();
    this.cancelReturn?.();
    this.owners?.stop();
    this.deliveries?.stop();
    for (const seq of [...this.held.keys()]) this.release(seq);
    const { place, session } = this;
    if (place === undefined || session === undefined) return;
    const { bus } = this.options;
    try {
      for (const part of this.parts(session, { leaves: true })) {
        await bus.request(subjects.mailbox(place, 'settle'), part, {
          reply: MailSettled,
          timeoutMs: LEAVE_MS,
        });
      }
    } catch (error) {
      // The owner finds out by himself, from its silence.
      this.options.onFault(error);
    }
  }

  private unpack(pack: Uint8Array): void {
    try {
      for (const parcel of unpacked(pack)) this.receive(parcel);
    } catch (error) {
      this.giveBackUnread(asMultiswarmError(error).message);
    }
  }

  /** R4: the next session has all that is not here handed over again. */
  private giveBackUnread(why: string): void {
    if (this.stopped) return;
    if (!this.isToldUnreadable) {
      const text = 'the communicator hands over what cannot be read here: it is of another version, or none';
      this.options.onUnreadable(new Error(`${text} (${why})`));
    }
    this.isToldUnreadable = true;
    this.cancelReturn ??= this.options.clock.after(UNREADABLE_AGAIN_MS, () => this.renew());
  }

  private receive({ label, headers, data }: OpenedParcel): void {
    const { ticket, address } = readLabel(label) ?? {};
    if (this.stopped) return;
    if (ticket === undefined || address === undefined)
      return this.giveBackUnread(`a delivery that is none: ${label.slice(0, 200)}`);
    const { seq, attempt, epoch, storedAtMs } = ticket;
    const generation = { epoch, count: ticket.generation };
    const before = this.held.get(seq);
    if (before !== undefined) {
      before.generation = generation; // R1; what comes behind it has this one
      return;
    }
    try {
      const message = fromWire(address, headers, data);
      const acknowledged = this.acknowledged.get(seq);
      if (acknowledged !== undefined && acknowledged === identityOf({ storedAtMs, message })) {
        this.report.acks.push(seq);
        this.plan();
        return;
      }
      message.attempt = attempt;
      const delivery = { seq, storedAtMs, generation, message };
      this.held.set(seq, delivery);
      if (this.soonMs !== undefined) this.attendIn(Math.min(this.soonMs, this.untilAttendance));
      this.options.onMail(delivery);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      this.held.delete(seq);
      this.refuse({ seq, cause: 'malformed', message: text, poison: true });
    }
  }

  /** What is settled in one turn of the event loop is told together; many at once, so that others come while the rest is handled. */
  private plan(): void {
    if (this.stopped) return;
    if (this.report.acks.length >= TOLD_AT_ONCE) return this.tell();
    if (this.planned) return;
    this.planned = true;
    this.options.clock.soon(() => {
      this.planned = false;
      this.tell();
    });
  }

  private tell(): void {
    const { place, session } = this;
    if (place === undefined || session === undefined || !this.options.bus.connected) return; // told with the next attendance
    if (Object.values(this.report).every((told) => told.length === 0)) return;
    for (const part of this.parts(session, {})) {
      try {
        this.options.bus.publish(subjects.mailbox(place, 'settle'), part);
      } catch (error) {
        this.options.onFault(error);
      }
    }
  }

  /** The report in parts that a message carries. */
  private parts(session: string, more: { leaves?: boolean }): MailSettle[] {
    const { acks, naks, released, extended } = this.report;
    this.report = emptyReport();
    const { namespace, mailbox } = this.options;
    const parts: MailSettle[] = [];
    do {
      parts.push({
        ...{ namespace, mailbox, session },
        acks: acks.splice(0, LIMITS.MAIL_SETTLED),
        naks: naks.splice(0, LIMITS.MAIL_FAULTS),
        released: released.splice(0, LIMITS.MAIL_SETTLED),
        extended: extended.splice(0, LIMITS.MAIL_SETTLED),
      });
    } while (acks.length + naks.length + released.length + extended.length > 0);
    const last = parts[parts.length - 1];
    if (last !== undefined) Object.assign(last, more);
    return parts;
  }

  private attend(): void {
    if (this.stopped) return;
    this.attendAgain = this.attending !== undefined;
    this.attending ??= this.untilAttended().finally(() => {
      this.attending = undefined;
      if (this.attendAgain) this.attend();
    });
  }

  private async untilAttended(): Promise<void> {
    const { bus, sites, namespace, mailbox, window } = this.options;
    const { session, replaces } = this;
    if (session === undefined) return;
    this.cancelRenewal();
    this.soonMs = undefined;
    try {
      const place = await sites.shardOf(mailbox);
      const holding = [...this.held.keys()];
      const request = { namespace, mailbox, session, window, holding, replaces };
      const { sessionMs, ackWaitMs } = await bus.request(subjects.mailbox(place, 'attend'), request, {
        reply: MailAttended,
      });
      if (this.session !== session) return; // another one has begun meanwhile
      this.place = place;
      this.replaces = [];
      this.report.extended.push(...this.held.keys()); // R2
      this.tell();
      this.againMs = AGAIN_MS;
      const soonMs = Math.min(sessionMs, ackWaitMs) * SHARE;
      this.attendIn(this.held.size > 0 ? soonMs : sessionMs * SHARE);
      if (this.held.size === 0) this.soonMs = soonMs;
    } catch (error) {
      this.options.onFault(error);
      this.attendIn(this.againMs);
      this.againMs = Math.min(LONGEST_AGAIN_MS, this.againMs * 2);
    }
  }

  private attendIn(ms: number): void {
    if (this.stopped) return;
    const { clock } = this.options;
    this.soonMs = undefined;
    this.cancelRenewal();
    this.attendAtMs = clock.monotonic() + ms;
    this.cancelRenewal = clock.after(ms, () => this.attend());
  }

  private get untilAttendance(): number {
    return this.attendAtMs - this.options.clock.monotonic();
  }
}

/** A stream that counts from an earlier number again gives it to another message, and two senders may choose the same id. */
function identityOf({ storedAtMs, message }: Pick<MailDelivery, 'storedAtMs' | 'message'>): string {
  return `${storedAtMs} ${idAtRecipient(message)}`;
}

function emptyReport(): Pick<MailSettle, 'acks' | 'naks' | 'released' | 'extended'> {
  return { acks: [], naks: [], released: [], extended: [] };
}
