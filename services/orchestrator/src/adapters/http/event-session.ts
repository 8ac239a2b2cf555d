import type { Bus, Replayed } from '@multiswarm/bus';
import { subjects, type Event, type EventGap, type EventsEnd, type EventsQuery } from '@multiswarm/contracts';
import { every, type Clock } from '@multiswarm/core';
import type { SseStream } from '@multiswarm/service';
import {
  dropped,
  EventFeed,
  printPosition,
  WHOLE_MESSAGE,
  type FeedItem,
  type Position,
} from '../../application/event-feed';
import { isExhausted, missingBefore, missingFrom, type StreamExtent } from '../../application/event-opening';
import { batchIn, begin, epochMs, extentOf, isToCome, type Beginning } from './event-beginning';

export interface SessionParts {
  bus: Bus;
  clock: Clock;
  /** How long the namespace's events are shown, ms; undefined: as long as the stream has them. */
  eventRetentionMs: (namespace: string) => number | undefined;
  /** What the stream has; undefined where JetStream does not answer. */
  look: () => Promise<StreamExtent | undefined>;
}

export interface Asked {
  query: EventsQuery;
  /** Of whose events alone something can be wanted. */
  shard: number | undefined;
  after: Position | undefined;
}

/** So often a session says how far it is, and looks, where nothing comes, whether the stream is still the same. */
const LOOK_MS = 2_000;
/** An event reaches the stream some time after it happened, and looks are as old as a second. */
const SETTLED_MS = 1_500;
/** So many looks in vain, and a session with an end is broken off: who waits for the end has to hear that there is none. */
const UNANSWERED_LOOKS = 10;
/** Between two messages to a session that nobody holds up. */
const PROMPT_MS = 20;

/**
 * What one reader of events is sent, from its first byte to its last.
 *
 * R1. A reader who cannot keep up slows its session down, and nobody else; what leaves the stream meanwhile is told as a gap.
 * R2. Where the stream is made anew under an open session, that is told, and the session goes on with the new one.
 * R3. A session with an end ends: with what the stream had when it began, or at the instant that it was asked to end at, or when that is
 *     gone. It says that it has ended only then; what breaks before has no end, and its reader comes back.
 * R4. A reader has a place to come back to from the first bytes on; without one it would miss, unseen, what happens while it is away.
 */
export class EventSession {
  /** The last message that it has; undefined while that is not known. */
  private end: number | undefined;
  private isComplete = false;
  private unanswered = 0;
  private sent = 0;
  private seen: Position | undefined;
  /** The place up to which the reader knows that it has all. */
  private told: string | undefined;
  private isHeld = false;
  private heard = 0;
  private heardBefore = -1;
  private passedAt = -Infinity;
  private mayBeBehind = true;

  private constructor(
    private readonly parts: SessionParts,
    private readonly asked: Asked,
    private readonly out: SseStream,
    extent: StreamExtent,
  ) {
    this.seen = asked.after;
    this.told = asked.after && printPosition(asked.after);
    const { follow, to } = asked.query;
    const isPast = to !== undefined && Date.parse(to) <= parts.clock.now();
    if (follow === false || isPast) this.end = extent.lastSeq;
  }

  /**
   * Finds the beginning, and only then opens the answer.
   * @throws MultiswarmError `bus-unavailable` where JetStream does not answer
   */
  static async run(parts: SessionParts, asked: Asked, answer: () => SseStream): Promise<void> {
    const beginning = await begin(parts.bus, asked.after, epochMs(asked.query.from));
    const out = answer();
    const session = new EventSession(parts, asked, out, beginning.extent);
    try {
      await session.readOn(beginning);
      if (session.isComplete) session.sayEnd();
    } finally {
      out.end();
    }
  }

  private async readOn(first: Beginning): Promise<void> {
    const from = epochMs(this.asked.query.from);
    for (let beginning = first; ; beginning = await begin(this.parts.bus, this.seen, from)) {
      const isLost = await this.read(beginning);
      if (!isLost || this.out.ended.aborted) return;
    }
  }

  /** @returns whether the stream is another one now (R2) */
  private async read(beginning: Beginning): Promise<boolean> {
    const { messages, close, opening, extent } = beginning;
    const feed = this.feed(beginning);
    const state = { isLost: false };
    const stopLooking = every(this.parts.clock, LOOK_MS, () => this.look(feed, beginning, state));
    this.out.ended.addEventListener('abort', close, { once: true });
    try {
      if (this.out.ended.aborted) return false; // while the stream was opened: `abort` does not fire again
      const place = this.place(opening.expectAfter, extent);
      if (opening.gap) await this.sendGap(opening.gap, place);
      if (opening.gap || !this.seen) this.seen = place ?? this.seen;
      this.sayPosition(); // R4
      if (await this.hasNothing(beginning, feed)) return this.completed();
      for await (const message of messages) {
        this.heard += 1;
        await this.sayMissing(message, beginning, feed);
        if (!(await this.pass(feed, message, extent))) return false;
        if (this.end !== undefined && (message.seq >= this.end || message.pending === 0))
          return this.completed();
      }
      return state.isLost;
    } finally {
      for (const item of feed.tellHidden()) await this.send(item, extent);
      stopLooking();
      this.out.ended.removeEventListener('abort', close);
      close();
    }
  }

  private feed({ extent, opening }: Beginning): EventFeed {
    const { follow: _, ...filter } = this.asked.query;
    const [from, to] = [epochMs(filter.from), epochMs(filter.to)];
    const { seen: after } = this;
    const isPast = ({ namespace, at }: Event): boolean =>
      this.parts.clock.now() - at > (this.parts.eventRetentionMs(namespace) ?? Infinity);
    const isSame = after?.createdAt === undefined || after.createdAt === extent.createdAt;
    const options = { filter, from, to, after: isSame ? after : undefined, isPast };
    const feed = new EventFeed(options, extent.createdAt);
    if (opening.expectAfter !== undefined) feed.expectAfter(opening.expectAfter);
    return feed;
  }

  /** Of a reader who begins at an instant. */
  private async sayMissing(message: Replayed, { extent }: Beginning, feed: EventFeed): Promise<void> {
    const from = epochMs(this.asked.query.from);
    if (from === undefined || feed.seen !== undefined) return;
    const gap = missingBefore(message, extent, from);
    if (gap) await this.sendGap(gap, this.place(message.seq - 1, extent));
  }

  private async pass(feed: EventFeed, message: Replayed, extent: StreamExtent): Promise<boolean> {
    const { shard } = this.asked;
    const isOurs = shard === undefined || message.subject === subjects.event(shard);
    const batch = isOurs ? batchIn(message.text) : undefined;
    const before = this.parts.clock.monotonic();
    this.mayBeBehind ||= before - this.passedAt > PROMPT_MS;
    const removed = feed.isJump(message.seq) ? await this.whyRemoved(feed) : undefined;
    for (const item of feed.take({ ...message, batch }, removed))
      if (!(await this.send(item, extent))) return false;
    this.seen = this.place(message.seq, extent);
    this.passedAt = before;
    return !this.out.ended.aborted;
  }

  /**
   * A session that was held up, by its reader or by the server, may have been left behind. Otherwise messages that are missing
   * were missing before: the stream loses them at its beginning, unless they are removed.
   */
  private async whyRemoved(feed: EventFeed): Promise<'left-behind' | 'retention'> {
    if (!this.mayBeBehind) return 'retention';
    this.mayBeBehind = false;
    const { firstSeq } = await extentOf(this.parts.bus);
    return firstSeq > (feed.seen ?? 0) + 1 ? 'left-behind' : 'retention';
  }

  private send(item: FeedItem, extent: StreamExtent): Promise<boolean> {
    if (item.kind === 'gap') {
      // An event of the same message may follow what was past.
      const isWhole = item.gap.reason !== 'retention' && item.gap.to !== null;
      return this.sendGap(item.gap, isWhole ? this.place(item.gap.to ?? 0, extent) : undefined);
    }
    this.sent += 1;
    this.out.send({ event: item.event.type, id: item.id, data: item.event });
    return this.room();
  }

  /** @param place behind the gap, so that who comes back is not told of it again */
  private sendGap(gap: EventGap, place: Position | undefined): Promise<boolean> {
    this.out.send({ event: 'gap', ...(place ? { id: printPosition(place) } : {}), data: gap });
    return this.room();
  }

  /** R1. */
  private async room(): Promise<boolean> {
    this.isHeld = true;
    const isOpen = await this.out.room();
    this.isHeld = false;
    return isOpen;
  }

  private async look(feed: EventFeed, beginning: Beginning, state: { isLost: boolean }): Promise<void> {
    const { extent, close } = beginning;
    if (this.isHeld) return;
    for (const item of feed.tellHidden()) await this.send(item, extent);
    this.sayPosition();
    const { heard, heardBefore } = this;
    this.heardBefore = heard;
    const isDue = this.isDue();
    if (heard !== heardBefore && !isDue) return;
    const now = await this.parts.look();
    if (!now) return void this.missLook(close);
    this.unanswered = 0;
    if (now.createdAt !== extent.createdAt || now.lastSeq < (feed.seen ?? 0))
      state.isLost = true; // R2
    else {
      if (isDue) this.end = now.lastSeq;
      if (this.heard !== heard || !(await this.hasAll(feed, beginning, now))) return;
      this.isComplete = true;
    }
    close();
  }

  /** Whether the instant has passed at which it was asked to end. */
  private isDue(): boolean {
    const { to } = this.asked.query;
    if (this.end !== undefined || to === undefined) return false;
    return this.parts.clock.now() >= Date.parse(to) + SETTLED_MS;
  }

  private missLook(close: () => void): void {
    this.unanswered += 1;
    if (this.end !== undefined && this.unanswered >= UNANSWERED_LOOKS) close();
  }

  /** R3. Of a session that hears nothing: whether nothing is left of what it has to end with. */
  private async hasAll(feed: EventFeed, beginning: Beginning, now: StreamExtent): Promise<boolean> {
    const { end } = this;
    if (end === undefined) return false;
    const { seen } = feed;
    if (seen !== undefined && seen >= end) return true;
    const { opening, extent } = beginning;
    const isLeft = await isToCome(this.parts.bus, opening, seen, end, now).catch(() => true);
    if (isLeft || feed.seen !== seen) return false;
    const from = missingFrom(opening, extent, seen, end);
    if (from === undefined) return true;
    const to = Math.max(end, now.firstSeq - 1);
    this.seen = this.place(to, now);
    await this.sendGap(dropped(from, to), this.seen);
    return true;
  }

  /** R3. Without waiting for what will not come. */
  private async hasNothing(beginning: Beginning, feed: EventFeed): Promise<boolean> {
    const { opening, extent } = beginning;
    if (this.end === undefined) return false;
    if (isExhausted(opening, extent, this.end)) return true;
    return opening.expectAfter !== undefined && this.hasAll(feed, beginning, extent);
  }

  private completed(): false {
    this.isComplete = true;
    return false;
  }

  /** So that a reader whose filter lets little through does not come back with a place that has long left the stream. */
  private sayPosition(): void {
    const place = this.seen && printPosition(this.seen);
    if (place === undefined || this.told === place) return;
    this.told = place;
    this.out.position(place);
  }

  private place(seq: number | undefined, { createdAt }: StreamExtent): Position | undefined {
    return seq === undefined ? undefined : { seq, index: WHOLE_MESSAGE, createdAt };
  }

  private sayEnd(): void {
    const { sent: events, seen } = this;
    const end: EventsEnd = { v: 1, events, ...(seen ? { position: printPosition(seen) } : {}) };
    this.out.send({ event: 'end', data: end });
  }
}
