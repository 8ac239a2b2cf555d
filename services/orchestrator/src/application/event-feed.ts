import {
  isWanted,
  SeenBatches,
  type Event,
  type EventBatch,
  type EventFilter,
  type EventGap,
} from '@multiswarm/contracts';

/** A place in the stream: the message, the event in it, and the stream itself, as it may be made anew. */
export interface Position {
  seq: number;
  index: number;
  /** When the stream was made, epoch ms; missing in ids of versions that did not tell it. */
  createdAt?: number | undefined;
}

/** A message of the stream; without a batch where it is none of ours, or where nothing of it can be wanted. */
export interface FeedMessage {
  seq: number;
  /** When the stream has stored it, epoch ms. */
  at: number;
  batch?: EventBatch | undefined;
}

export type FeedItem = { kind: 'event'; id: string; event: Event } | { kind: 'gap'; gap: EventGap };

export interface FeedOptions {
  filter: EventFilter;
  /** Only events in `[from, to)`, epoch ms. */
  from?: number | undefined;
  to?: number | undefined;
  /** The last event that the reader has seen. */
  after?: Position | undefined;
  /** Whether an event is older than its namespace keeps events. */
  isPast: (event: Event) => boolean;
}

/** Behind every index: all of the message was seen. */
export const WHOLE_MESSAGE = 999_999_999;

const ID = /^(\d{1,15})-(\d{1,9})(?:-([0-9a-z]{1,9}))?$/;

/** `<sequence>-<index in the message>-<when the stream was made, base 36>`; readers need not know. */
export function printPosition({ seq, index, createdAt }: Position): string {
  return createdAt === undefined ? `${seq}-${index}` : `${seq}-${index}-${createdAt.toString(36)}`;
}

/** Undefined for what is no position. */
export function parsePosition(id: string): Position | undefined {
  const match = ID.exec(id);
  if (!match) return undefined;
  const [, seq, index, created] = match;
  return {
    seq: Number(seq),
    index: Number(index),
    ...(created === undefined ? {} : { createdAt: Number.parseInt(created, 36) }),
  };
}

/**
 * What one reader is sent of the messages of the stream, in order.
 *
 * E1. Every event that is wanted and is there is sent once, in the order of the stream.
 * E2. Between two messages that do not follow each other, the missing ones are told as a gap, also where the reader might not have
 *     wanted any of them: nobody can know any more.
 * E3. Wanted events that are older than their namespace keeps them are told as one gap for each stretch of them.
 */
export class EventFeed {
  private readonly batches = new SeenBatches();
  private last: number | undefined;
  private hidden: { from: number; to: number } | undefined;

  /** @param createdAt when the stream was made */
  constructor(
    private readonly options: FeedOptions,
    private readonly createdAt: number,
  ) {}

  /** The sequence up to which all was seen; undefined before the first message. */
  get seen(): number | undefined {
    return this.last;
  }

  /** From here on messages follow each other: what is missing between `seq` and the first one is told. */
  expectAfter(seq: number): void {
    this.last = seq;
  }

  /** Whether messages are missing before this one. */
  isJump(seq: number): boolean {
    return this.last !== undefined && seq > this.last + 1;
  }

  /** @param removed why messages are missing before this one, where some are */
  *take(
    message: FeedMessage,
    removed: 'left-behind' | 'retention' = 'left-behind',
  ): Generator<FeedItem, void, undefined> {
    const { seq, at, batch } = message;
    if (this.last !== undefined && seq <= this.last) return;
    if (this.last !== undefined && seq > this.last + 1) {
      if (removed === 'retention') this.hide(this.last + 1, seq - 1);
      else {
        yield* this.tellHidden();
        yield { kind: 'gap', gap: leftBehind(this.last + 1, seq - 1, at) };
      }
    }
    this.last = seq;
    // What the relay hands over a second time is dropped.
    if (batch && this.batches.isNew(batch)) yield* this.open(message, batch);
  }

  /** Before the reader has to wait for more. */
  *tellHidden(): Generator<FeedItem, void, undefined> {
    const { hidden } = this;
    // Before it is yielded: who takes it may wait, and others ask, or hide more, meanwhile.
    this.hidden = undefined;
    if (hidden) yield { kind: 'gap', gap: past(hidden.from, hidden.to) };
  }

  private *open({ seq }: FeedMessage, { events }: EventBatch): Generator<FeedItem, void, undefined> {
    const { after, isPast } = this.options;
    const first = after?.seq === seq ? after.index + 1 : 0;
    for (let index = first; index < events.length; index += 1) {
      const event = events[index] as Event;
      if (!this.isWanted(event)) continue;
      if (isPast(event)) this.hide(seq, seq);
      else {
        yield* this.tellHidden();
        yield { kind: 'event', id: printPosition({ seq, index, createdAt: this.createdAt }), event };
      }
    }
  }

  private hide(from: number, to: number): void {
    this.hidden = { from: this.hidden?.from ?? from, to };
  }

  private isWanted(event: Event): boolean {
    const { filter, from = 0, to = Infinity } = this.options;
    return event.at >= from && event.at < to && isWanted(event, filter);
  }
}

const STILL_READABLE =
  'GET /v1/tasks/{id}/events and /v1/workflows/{id}/events have each history until its retention has passed; archives have what was archived';

/** The reader asks for what has left the stream already. @param before when the first message that is left was stored, epoch ms */
export function dropped(from: number, to: number, before?: number): EventGap {
  const detail = `messages ${from} to ${to} have left the stream: ${STILL_READABLE}`;
  return { v: 1, reason: 'dropped', from, to, ...(before === undefined ? {} : { before }), detail };
}

function leftBehind(from: number, to: number, before: number): EventGap {
  const detail = `messages ${from} to ${to} left the stream before they were read: ${STILL_READABLE}`;
  return { v: 1, reason: 'left-behind', from, to, before, detail };
}

/** The stream is another one than that of which the reader has seen the end at `from - 1`. */
export function streamLost(from: number): EventGap {
  const detail = `the stream was made anew, and what followed message ${from - 1} in the old one is gone: ${STILL_READABLE}`;
  return { v: 1, reason: 'stream-lost', from, to: null, detail };
}

function past(from: number, to: number): EventGap {
  const detail = `events of messages ${from} to ${to} are older than their namespaces keep events (eventRetentionMs)`;
  return { v: 1, reason: 'retention', from, to, detail };
}
