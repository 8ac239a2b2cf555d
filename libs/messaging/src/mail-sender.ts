import { NobodyListensError, Printed, type Bus } from '@multiswarm/bus';
import {
  asMultiswarmError,
  LIMITS,
  mailboxShardOf,
  mailIdentity,
  MailRoomAnswer,
  MultiswarmError,
  subjects,
  toWire,
  type ErrorCode,
  type MailRoomRequest,
  type Message,
} from '@multiswarm/contracts';
import { delay, type Clock } from '@multiswarm/core';
import type { MailSites } from './mail-sites';

export interface MailSenderOptions {
  bus: Bus;
  sites: MailSites;
  clock: Clock;
  /** How long storing one message is tried, milliseconds; at most the window in which the stream knows it again. */
  tryMs?: number;
}

export interface Stored {
  seq: number;
  /** It was stored before, under the same id. */
  duplicate: boolean;
}

type Sender = Omit<MailRoomRequest, 'want'>;

/** Room in a mailbox that its owner has promised to one sender. Times are monotonic milliseconds. */
interface Room {
  left: number;
  untilMs: number;
  asking: Promise<void> | undefined;
  full: MultiswarmError | undefined;
  timesFull: number;
  /** Messages that wait for room, or have just had it: the next ones stay behind them. */
  waiting: number;
  lastOfWaiting: Promise<unknown>;
}

/** The next room is asked for while there is still this much. */
const LOW = LIMITS.MAIL_ROOM / 4;
const FIRST_WANT = 64;
const TRY_MS = 20_000;
/** Nobody answers at the moment: between two owners of a mailbox, while a server starts. */
const PASSES: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['bus-unavailable', 'timeout']);
const PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;
const ROOMS_KEPT = 10_000;

/**
 * Stores messages in mailboxes: straight into the stream, with room that the owner of the mailbox has promised.
 *
 * T1. It resolves when the stream has the message. An error means that it is not there, or (`bus-unavailable`, `timeout`) that nobody
 *     knows; the same message again, with the same id, is then kept once.
 * T2. No more is sent than there is room for: what is full is told (`mailbox-full`), with the number of messages in it.
 */
export class MailSender {
  private readonly rooms = new Map<string, Room>();
  private readonly options: Required<MailSenderOptions>;

  constructor(options: MailSenderOptions) {
    this.options = { tryMs: TRY_MS, ...options };
  }

  /** @param data of the message as JSON, where somebody has printed it already */
  async store(message: Message, data?: string): Promise<Stored> {
    const { clock, tryMs, bus, sites } = this.options;
    const endMs = clock.monotonic() + tryMs;
    const { namespace, to, from } = message;
    const room = this.roomOf(`${namespace} ${to} ${from}`);
    const sender = { namespace, to, from };
    if (room.waiting === 0 && this.hasRoom(room)) this.use(room, sender, endMs);
    else {
      room.waiting += 1;
      try {
        await this.waitForRoom(room, sender, endMs);
      } finally {
        room.waiting -= 1;
      }
    }
    const domain = sites.known ?? (await this.until(endMs, () => sites.domain()));
    const { subject, lines, body } = toWire(message, domain, data);
    const sending = { lines, messageId: mailIdentity(message) };
    return this.until(endMs, () => bus.publishStored(subject, new Printed(body), sending));
  }

  /** Tries again what fails since nobody answers, with growing pauses; throws the last error when the time is over. */
  private async until<T>(endMs: number, work: () => Promise<T>): Promise<T> {
    const { clock } = this.options;
    for (let pauseMs = PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)) {
      try {
        return await work();
      } catch (error) {
        if (!PASSES.has(asMultiswarmError(error).code) || clock.monotonic() + pauseMs >= endMs) throw error;
        await delay(clock, pauseMs);
      }
    }
  }

  /** T2. In the order in which they came: messages of one conversation stay in their order. */
  private waitForRoom(room: Room, sender: Sender, endMs: number): Promise<void> {
    const { timesFull } = room;
    const turn = room.lastOfWaiting.then(async () => {
      while (!this.hasRoom(room)) {
        if (room.full && room.timesFull > timesFull) throw room.full; // told to one that has waited before it
        await this.ask(room, { ...sender, want: FIRST_WANT }, endMs);
      }
      this.use(room, sender, endMs);
    });
    room.lastOfWaiting = turn.catch(() => undefined);
    return turn;
  }

  private hasRoom({ left, untilMs }: Room): boolean {
    return left > 0 && this.options.clock.monotonic() < untilMs;
  }

  private use(room: Room, sender: Sender, endMs: number): void {
    room.left -= 1;
    if (room.left > LOW || room.asking || room.full) return;
    // In the background, while there is still room: what it says of a full mailbox is known to whoever needs room next.
    this.ask(room, { ...sender, want: LIMITS.MAIL_ROOM }, endMs).catch(() => undefined);
  }

  private ask(room: Room, request: MailRoomRequest, endMs: number): Promise<void> {
    room.asking ??= this.askOwner(room, request, endMs).finally(() => {
      room.asking = undefined;
    });
    return room.asking;
  }

  private async askOwner(room: Room, request: MailRoomRequest, endMs: number): Promise<void> {
    const { bus, sites, clock } = this.options;
    let askedMs = 0;
    const asked = this.until(endMs, async () => {
      const subject = subjects.mailbox(await sites.shardOf(request.to), 'room');
      askedMs = clock.monotonic();
      return bus.request(subject, request, { reply: MailRoomAnswer });
    });
    const { granted, forMs, depth, limit } = await asked.catch((error: unknown) => {
      throw error instanceof NobodyListensError ? unowned(request.to, error) : error;
    });
    if (askedMs >= room.untilMs) room.left = 0;
    room.full = undefined;
    if (granted === 0) {
      const text = `the mailbox of "${request.to}" holds ${depth} of ${limit} messages: wait until it takes some, or send less`;
      room.full = new MultiswarmError('mailbox-full', text, { fill: { depth, limit } });
      room.timesFull += 1;
      return;
    }
    room.left += granted;
    room.untilMs = askedMs + forMs;
  }

  private roomOf(key: string): Room {
    let room = this.rooms.get(key);
    if (room === undefined) {
      if (this.rooms.size >= ROOMS_KEPT) this.rooms.clear();
      room = {
        ...{ left: 0, untilMs: 0, asking: undefined, full: undefined, timesFull: 0 },
        ...{ waiting: 0, lastOfWaiting: Promise.resolve() },
      };
      this.rooms.set(key, room);
    }
    return room;
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
