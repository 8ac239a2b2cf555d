import { NobodyListensError, Printed, StreamRefusal, type Bus } from '@multiswarm/bus';
import {
  asMultiswarmError,
  LIMITS,
  mailboxShardOf,
  mailIdentity,
  MailRoomAnswer,
  MultiswarmError,
  subjects,
  toWire,
  type Fill,
  type MailRoomRequest,
  type Message,
} from '@multiswarm/contracts';
import { delay, type Clock } from '@multiswarm/core';
import { MailRooms, type MailRoom } from './mail-rooms';
import type { MailSites } from './mail-sites';
import { LONGEST_PAUSE_MS, passes, PAUSE_MS, WaitingRoom } from './send-lane';

export interface MailSenderOptions {
  bus: Pick<Bus, 'request' | 'publishStored'>;
  sites: Pick<MailSites, 'known' | 'domain' | 'shardOf'>;
  clock: Clock;
  /** How long storing one message is tried, milliseconds; at most the window in which the stream knows it again. */
  tryMs?: number;
}

export interface Storing {
  /** Of the message as JSON, where somebody has printed it already. */
  data?: string;
  /** When it is given up, monotonic milliseconds; after `tryMs` unless told. */
  endMs?: number;
}

export interface Stored {
  seq: number;
  /** It was stored before, under the same id. */
  duplicate: boolean;
  /** Of the recipient, as the owner of its mailbox said it with the last room; undefined where it is closed. */
  breaker?: Breaker | undefined;
}

type Breaker = 'open' | 'half-open';
type Sender = Omit<MailRoomRequest, 'want'>;

/** The next room is asked for while there is still this much. */
const LOW = LIMITS.MAIL_ROOM / 4;
const FIRST_WANT = 64;
/** How long storing a message is tried, unless told. */
export const MAIL_TRY_MS = 20_000;
const ASK_MS = 5_000;

/**
 * Stores messages in mailboxes: straight into the stream, with room that the owner of the mailbox has promised.
 *
 * T1. It resolves when the stream has the message. An error means that it is not there, or (`bus-unavailable`, `timeout`) that nobody
 *     knows; the same message again, with the same id, is then kept once: for as long as the stream knows ids (two minutes), and where its
 *     server was not started again meanwhile, which makes nats-server 2.9 forget what was consumed.
 * T2. No more is sent than there is room for: what is full is told (`mailbox-full`), with the number of messages in it.
 * T3. What is given for one recipient is stored in the order in which it was given, also by those who do not wait for one before they
 *     give the next, and also where it has to be tried again (`SendLane`).
 * T4. Where nobody promises room, each is told when its own time is over, however many wait before it.
 */
export class MailSender {
  private readonly waiting = new WaitingRoom();
  private readonly rooms: MailRooms;
  private readonly options: Required<MailSenderOptions>;

  constructor(options: MailSenderOptions) {
    this.options = { tryMs: MAIL_TRY_MS, ...options };
    const { sites, clock } = options;
    const isOpen = (): boolean => sites.known !== undefined;
    this.rooms = new MailRooms({ isOpen, open: () => sites.domain(), room: this.waiting, clock });
  }

  async store(
    message: Message,
    { data = JSON.stringify(message.data), ...given }: Storing = {},
  ): Promise<Stored> {
    const { clock, tryMs } = this.options;
    const { endMs = clock.monotonic() + tryMs } = given;
    const { namespace, to, from } = message;
    const room = this.rooms.of(`${namespace} ${to} ${from}`);
    const sender = { namespace, to, from };
    const bytes = data.length;
    if (room.waiting === 0 && this.hasRoom(room)) this.use(room, sender, endMs);
    else {
      if (!this.waiting.enter(bytes)) throw tooManyWait(to, room.fill);
      room.waiting += 1;
      try {
        await this.waitForRoom(room, sender, endMs);
      } finally {
        room.waiting -= 1;
        this.waiting.leave(bytes);
      }
    }
    return room.lane.send({ attempt: () => this.put(message, data, room), bytes, endMs });
  }

  private async put(message: Message, data: string, room: MailRoom): Promise<Stored> {
    const { bus, sites } = this.options;
    const domain = sites.known;
    if (domain === undefined) throw new MultiswarmError('bus-unavailable', 'the connection to NATS was lost');
    const { subject, lines, body } = toWire(message, domain, data);
    const sending = { lines, messageId: mailIdentity(message) };
    try {
      const stored = await bus.publishStored(subject, new Printed(body), sending);
      return room.breaker === undefined ? stored : { ...stored, breaker: room.breaker };
    } catch (error) {
      throw isFull(error) ? noStorage(message.to, room.fill, error) : error;
    }
  }

  /** Tries again what fails since nobody answers, with growing pauses; throws the last error when the time is over. */
  private async until<T>(endMs: number, work: () => Promise<T>): Promise<T> {
    const { clock } = this.options;
    for (let pauseMs = PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)) {
      try {
        return await work();
      } catch (error) {
        if (!passes(error, endMs - clock.monotonic())) throw error;
        await delay(clock, pauseMs);
      }
    }
  }

  /** T2. In the order in which they came: messages of one conversation stay in their order. */
  private waitForRoom(room: MailRoom, sender: Sender, endMs: number): Promise<void> {
    const { timesFull } = room;
    const turn = room.lastOfWaiting.then(async () => {
      while (!this.hasRoom(room)) {
        if (room.full && room.timesFull > timesFull) throw room.full; // told to one that has waited before it
        if (this.options.clock.monotonic() >= endMs) throw room.fault ?? noRoomInTime(sender.to);
        await this.ask(room, { ...sender, want: FIRST_WANT }, endMs);
      }
      this.use(room, sender, endMs);
    });
    room.lastOfWaiting = turn.catch(() => undefined);
    return turn;
  }

  private hasRoom({ left, untilMs }: MailRoom): boolean {
    return left > 0 && this.options.clock.monotonic() < untilMs;
  }

  private use(room: MailRoom, sender: Sender, endMs: number): void {
    room.left -= 1;
    if (room.left > LOW || room.asking || room.full) return;
    // In the background, while there is still room: what it says of a full mailbox is known to whoever needs room next.
    this.ask(room, { ...sender, want: LIMITS.MAIL_ROOM }, endMs).catch(() => undefined);
  }

  private ask(room: MailRoom, request: MailRoomRequest, endMs: number): Promise<void> {
    room.asking ??= this.askOwner(room, request, endMs).finally(() => {
      room.asking = undefined;
    });
    return room.asking;
  }

  private async askOwner(room: MailRoom, request: MailRoomRequest, endMs: number): Promise<void> {
    const { bus, sites, clock } = this.options;
    let askedMs = 0;
    const asked = this.until(endMs, async () => {
      const subject = subjects.mailbox(await sites.shardOf(request.to), 'room');
      askedMs = clock.monotonic();
      const timeoutMs = Math.max(PAUSE_MS, Math.min(ASK_MS, endMs - askedMs));
      return bus.request(subject, request, { reply: MailRoomAnswer, timeoutMs });
    });
    const { granted, forMs, depth, limit, breaker } = await asked.catch((error: unknown) => {
      room.fault =
        error instanceof NobodyListensError ? unowned(request.to, error) : asMultiswarmError(error);
      throw room.fault;
    });
    room.fault = undefined;
    if (askedMs >= room.untilMs) room.left = 0;
    room.full = undefined;
    room.fill = { depth, limit };
    room.breaker = breaker === 'closed' ? undefined : breaker;
    if (granted === 0) {
      const text = `the mailbox of "${request.to}" holds ${depth} of ${limit} messages: wait until it takes some, or send less`;
      room.full = new MultiswarmError('mailbox-full', text, { fill: room.fill });
      room.timesFull += 1;
      return;
    }
    room.left += granted;
    room.untilMs = askedMs + forMs;
  }
}

function unowned(to: string, cause: unknown): MultiswarmError {
  const shard = mailboxShardOf(to);
  return new MultiswarmError(
    'mailbox-unavailable',
    `nobody answers for the mailbox of "${to}" (shard ${shard}): is a communicator running?`,
    { cause },
  );
}

/** Its owner answers, and what it promises is over before it can be used; or others waited before it until its time was over. */
function noRoomInTime(to: string): MultiswarmError {
  const text = `no room in the mailbox of "${to}" could be had in time: its communicators, or the way to them, are slow`;
  return new MultiswarmError('mailbox-unavailable', text);
}

function isFull(error: unknown): boolean {
  return error instanceof MultiswarmError && error.cause instanceof StreamRefusal && error.cause.isFull;
}

/** To wait does not help while nobody takes anything out: whoever sends decides what to do about it. */
function noStorage(to: string, fill: Fill | undefined, cause: unknown): MultiswarmError {
  const text =
    `there is no room for a message to "${to}": all mailboxes of the JetStream domain together are full ` +
    '(MAILBOX_STORE_BYTES, or the storage of NATS); wait until messages were taken, or send less';
  return new MultiswarmError('mailbox-full', text, { cause, fill });
}

function tooManyWait(to: string, fill: Fill | undefined): MultiswarmError {
  const text = `${LIMITS.MAIL_WAITING_BYTES} bytes of messages (MAIL_WAITING_BYTES) wait here already for room in mailboxes, such as that of "${to}": send less at the same time`;
  return new MultiswarmError('mailbox-full', text, { fill });
}
