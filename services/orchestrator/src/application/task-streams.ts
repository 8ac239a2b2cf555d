import {
  isTerminal,
  LIMITS,
  MultiswarmError,
  StreamBatch,
  type StreamItem,
  type TaskLogs,
  type TaskLogsQuery,
} from '@multiswarm/contracts';
import { deferred, type Cancel, type Clock } from '@multiswarm/core';
import { placeIn, positionOf, type StreamPlace } from '../domain/streams/position';
import { unread } from '../domain/streams/unread';
import type { TaskRecord } from '../domain/task/record';
import type { Ends } from './ends';

/** A message of the stream of attempts. */
export interface StreamMessage {
  seq: number;
  /** When it was stored, epoch ms. */
  at: number;
  text: string;
}

/** What running attempts have said, where it is kept. */
export interface AttemptMessages {
  /** The first message of an attempt from a sequence on. @param certain as the leader of the stream has it */
  next(taskId: string, attempt: number, seq: number, certain: boolean): Promise<StreamMessage | undefined>;
  /** Calls `heard` when any attempt of the task says something. */
  listen(taskId: string, heard: () => void): Cancel;
}

/** With the position of a reader who has it. */
export interface PlacedItem {
  item: StreamItem;
  position: string;
}

export interface StreamPart extends Omit<TaskLogs, 'items'> {
  items: PlacedItem[];
}

export interface TaskStreamsParts {
  messages: AttemptMessages;
  /** @throws MultiswarmError `task-not-found` */
  record: (id: string) => Promise<TaskRecord>;
  ends: Pick<Ends, 'newsOf'>;
  /** The end of this task is waited for: its events are worth hearing for a while. */
  listenToEnds: (id: string) => void;
  clock: Clock;
}

/** Where nobody says that a task goes on with another attempt, it is seen after so long. */
const LOOK_AGAIN_MS = 2_000;

/**
 * What running attempts say, page by page, for any number of readers: a reader has a place and nothing else, so memory does not
 * grow with what is said, nor with how slow it is read.
 *
 * V1. Attempts come one after the other, each in the order of its entries. What a stale attempt says after a newer one has begun
 *     is marked, and not told to those who are at the newer one by then.
 * V2. What is missing is told as a gap, once.
 * V3. `ended` is told when the task has ended and all that was stored by then was told.
 */
export class TaskStreams {
  private waiting = 0;

  constructor(private readonly parts: TaskStreamsParts) {}

  async page(query: TaskLogsQuery, signal?: AbortSignal): Promise<TaskLogs> {
    const { items, ...rest } = await this.read(query, signal);
    return { items: items.map(({ item }) => item), ...rest };
  }

  /** @throws MultiswarmError `task-not-found`, `too-many-watchers` */
  async read(query: TaskLogsQuery, signal?: AbortSignal): Promise<StreamPart> {
    const { clock } = this.parts;
    const deadline = clock.monotonic() + query.waitMs;
    const first = await this.look(query, signal);
    if (first.items.length > 0 || first.ended || query.waitMs === 0) return first;
    if (this.waiting >= LIMITS.STREAM_WATCHERS)
      throw new MultiswarmError(
        'too-many-watchers',
        `${LIMITS.STREAM_WATCHERS} readers wait here already (STREAM_WATCHERS)`,
      );
    this.waiting += 1;
    try {
      return await this.awaited(query, deadline, signal);
    } finally {
      this.waiting -= 1;
    }
  }

  private async awaited(query: TaskLogsQuery, deadline: number, signal?: AbortSignal): Promise<StreamPart> {
    const { messages, ends, clock, listenToEnds } = this.parts;
    listenToEnds(query.id);
    const bell = new Bell();
    const stopListening = messages.listen(query.id, () => bell.ring());
    const news = ends.newsOf(query.id, signal);
    try {
      for (;;) {
        bell.mute();
        const page = await this.look(query, signal);
        const left = deadline - clock.monotonic();
        if (page.items.length > 0 || page.ended || left <= 0 || signal?.aborted) return page;
        await Promise.race([bell.rung, news.wait(Math.min(left, LOOK_AGAIN_MS))]);
      }
    } finally {
      news.stop();
      stopListening();
    }
  }

  /** What is there now; as far as it was read where the reader leaves meanwhile. */
  private async look(
    { id, attempt: only, after, limit }: TaskLogsQuery,
    signal?: AbortSignal,
  ): Promise<StreamPart> {
    const record = await this.parts.record(id);
    const { state } = record;
    const over = isTerminal(state);
    const items: PlacedItem[] = [];
    const page = { items, limit, bytes: LIMITS.STREAM_PAGE_BYTES, signal };
    let place: StreamPlace = after
      ? placeIn(after)
      : { attempt: only ?? firstAttempt(record), message: 0, entry: 0 };
    for (;;) {
      const { place: next, drained } = await this.readAttempt(record, place, page, over);
      place = next;
      const following = drained && only === undefined ? attemptAfter(record, place.attempt) : undefined;
      if (following === undefined) {
        const ended = drained && (over || (only !== undefined && only < record.attempt));
        return { items, next: positionOf(place), ended, state };
      }
      place = { attempt: following, message: 0, entry: 0 };
    }
  }

  /** As much of one attempt as fits the page. */
  private async readAttempt(
    record: TaskRecord,
    from: StreamPlace,
    page: { items: PlacedItem[]; limit: number; bytes: number; signal: AbortSignal | undefined },
    certain: boolean,
  ): Promise<{ place: StreamPlace; drained: boolean }> {
    const { messages } = this.parts;
    const { attempt } = from;
    const isLast = attempt >= record.attempt;
    let { message: at, entry: read } = from;
    for (;;) {
      if (page.signal?.aborted) return { place: { attempt, message: at, entry: read }, drained: false };
      const message = await messages.next(record.id, attempt, Math.max(1, at), certain || !isLast);
      if (!message) return { place: { attempt, message: at, entry: read }, drained: true };
      const stale = isStale(record, attempt, message.at);
      const entries = entriesIn(message.text);
      const share = message.text.length / Math.max(1, entries.length);
      for (const { item, entry } of unread(entries, { attempt, read, stale })) {
        if (page.items.length >= page.limit || page.bytes <= 0)
          return { place: { attempt, message: message.seq, entry: read }, drained: false };
        read = entry;
        page.items.push({ item, position: positionOf({ attempt, message: message.seq, entry }) });
        page.bytes -= share;
      }
      at = message.seq + 1;
    }
  }
}

/** Rings once however often it is pulled, until it is muted. */
class Bell {
  private once = deferred<void>();

  get rung(): Promise<void> {
    return this.once.promise;
  }

  ring(): void {
    this.once.resolve();
  }

  mute(): void {
    this.once = deferred<void>();
  }
}

/** The oldest of which the record tells; before there is any, the one that will be the first. */
function firstAttempt({ attempt, attempts }: TaskRecord): number {
  return attempts[0]?.attempt ?? attempt + 1;
}

/** Not simply the next number: where data was set back, numbers leap over millions that no attempt ever had. */
function attemptAfter({ attempts }: TaskRecord, attempt: number): number | undefined {
  return attempts.find((each) => each.attempt > attempt)?.attempt;
}

/** V1. @param at when the message was stored */
function isStale({ attempts }: TaskRecord, attempt: number, at: number): boolean {
  const newer = attempts.find((each) => each.attempt > attempt);
  return newer !== undefined && at > newer.assignedAt;
}

/** Nothing for what is none of ours: a reader that broke off at it would come back to it for ever. */
function entriesIn(text: string): StreamBatch['entries'] {
  try {
    return StreamBatch.safeParse(JSON.parse(text)).data?.entries ?? [];
  } catch {
    return [];
  }
}
