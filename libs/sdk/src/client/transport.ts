import type { EventFilter, PayloadRef } from '@multiswarm/contracts';
import type { z } from 'zod';
import type { EventQueue } from './event-queue';
import type { Operation } from './operations';

export interface CallOptions {
  timeoutMs: number;
  signal?: AbortSignal | undefined;
  traceparent?: string | undefined;
}

/** What is asked of the server's stream of events. `from` begins at an instant (ISO 8601, over HTTP only). */
export type FeedFilter = EventFilter & { from?: string | undefined };

export interface Feed {
  /** Resolves when everything that happens from then on will come. */
  readonly opened: Promise<void>;
  close(): void;
}

/**
 * How a client reaches Multiswarm. `call` makes one try; who calls decides about repeating it.
 * What goes wrong is a `MultiswarmError`, except the reason of an aborted signal, which is thrown as it is.
 */
export interface Transport {
  /** Largest body of a batch, in bytes. */
  readonly batchBytes: number;
  call<Body, S extends z.ZodType>(
    operation: Operation<Body, S>,
    body: Body,
    options: CallOptions,
  ): Promise<z.output<S>>;
  /** Stores JSON of a namespace; the same text is one payload, so that repeating is harmless. */
  storePayload(namespace: string, json: string, options: CallOptions): Promise<PayloadRef>;
  /** What was stored, as it was: its digest was checked. */
  readPayload(ref: PayloadRef, options: CallOptions): Promise<Buffer>;
  /** Live events into the queue, until closed. */
  openFeed(filter: FeedFilter, lastEventId: string | undefined, queue: EventQueue): Feed;
  close(): Promise<void>;
}
