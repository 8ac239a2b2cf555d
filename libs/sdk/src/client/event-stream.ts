import { EventGap, MultiswarmError, type Event } from '@multiswarm/contracts';
import { backoffMs, deferred, delay, type Backoff, type Clock, type Random } from '@multiswarm/core';
import { stayAlive } from '../stay-alive';
import type { EventQueue } from './event-queue';
import { abortable } from './retry';
import { SseParser, type SseMessage } from './sse';

export interface EventStreamOptions {
  url: URL;
  lastEventId: string | undefined;
  queue: EventQueue;
  clock: Clock;
  random: Random;
  toEvent: (data: string) => Event;
  /** How long the first connection is tried for. */
  openForMs: number;
  /** Throws unless the response is the stream that was asked for. */
  check: (response: Response) => Promise<void>;
}

const NO_PLACE = 'the connection broke before the server had said where its stream is';
const BACKOFF: Backoff = { initialMs: 100, factor: 2, maxMs: 5_000, jitter: 0.3 };

/**
 * Server-sent events that go on after an interruption.
 *
 * E1. After a broken connection the next one asks for what follows the last event that was passed on.
 * E2. Passing errors are waited out for ever, once there was a connection; before, for `openForMs`, because the address may
 *     be wrong. Any other error ends the stream and reaches the reader.
 * E3. The pause between tries grows until a connection has brought an event.
 * E4. A connection that breaks before the server has said where it is leaves a gap: nobody knows what follows.
 */
export class EventStream {
  readonly opened: Promise<void>;
  private readonly ready = deferred<void>();
  private readonly controller = new AbortController();
  private lastId: string | undefined;
  private failures = 0;
  private connected = false;

  constructor(private readonly options: EventStreamOptions) {
    this.lastId = options.lastEventId;
    this.opened = this.ready.promise;
    // Whoever does not wait for it must not be hurt by it.
    this.opened.catch(() => undefined);
    void this.run();
  }

  close(error?: unknown): void {
    if (error !== undefined) this.options.queue.fail(error);
    this.ready.resolve();
    this.controller.abort();
  }

  private async run(): Promise<void> {
    const { queue, clock, random } = this.options;
    const release = stayAlive();
    const giveUpAt = clock.monotonic() + this.options.openForMs;
    try {
      while (!this.controller.signal.aborted) {
        await this.connect().catch((error: unknown) => this.assess(error, giveUpAt));
        this.failures += 1;
        await delay(clock, backoffMs(BACKOFF, this.failures, random), this.controller.signal);
      }
    } catch (error) {
      if (this.controller.signal.aborted) return;
      queue.fail(error);
      this.ready.reject(error);
    } finally {
      release();
    }
  }

  /** Throws what will not pass. What `fetch` and the stream themselves throw is a broken connection, which does. */
  private assess(error: unknown, giveUpAt: number): void {
    const { url, clock } = this.options;
    if (error instanceof MultiswarmError && !error.retryable) throw error;
    if (this.connected || clock.monotonic() < giveUpAt) return;
    if (error instanceof MultiswarmError) throw error;
    throw new MultiswarmError('bus-unavailable', `no orchestrator answers at ${url.origin}`, {
      cause: error,
    });
  }

  /** One connection, to its end. */
  private async connect(): Promise<void> {
    const { url, check, queue } = this.options;
    const response = await fetch(url, {
      signal: this.controller.signal,
      headers: {
        accept: 'text/event-stream',
        ...(this.lastId === undefined ? {} : { 'last-event-id': this.lastId }),
      },
    });
    await check(response);
    this.connected = true;
    this.ready.resolve();
    if (!response.body) return;
    try {
      await this.read(response.body);
    } finally {
      if (this.lastId === undefined && !url.searchParams.has('from')) queue.gap(NO_PLACE); // E4
    }
  }

  private async read(body: ReadableStream<Uint8Array>): Promise<void> {
    const parser = new SseParser();
    const decoder = new TextDecoder();
    for await (const chunk of body) {
      for (const message of parser.feed(decoder.decode(chunk, { stream: true }))) await this.pass(message);
      // The server says how far it is also where the filter lets nothing through.
      this.lastId = parser.position ?? this.lastId;
    }
  }

  private async pass({ id, event, data }: SseMessage): Promise<void> {
    const { queue, toEvent } = this.options;
    await abortable(queue.room(), this.controller.signal);
    if (event === 'gap') queue.gap(...gapOf(data));
    else queue.push({ ...toEvent(data), ...(id === undefined ? {} : { id }) });
    this.lastId = id ?? this.lastId;
    this.failures = 0;
  }
}

/** A server of another version may say it in other words. */
function gapOf(data: string): [string, EventGap?] {
  try {
    const gap = EventGap.safeParse(JSON.parse(data)).data;
    return gap === undefined ? [data] : [gap.detail, gap];
  } catch {
    return [data];
  }
}
