import { PayloadBucket, type Bus } from '@multiswarm/bus';
import {
  EventBatch,
  isWanted,
  MultiswarmError,
  SeenBatches,
  shardOf,
  subjects,
  type PayloadRef,
} from '@multiswarm/contracts';
import type { Clock, Ids } from '@multiswarm/core';
import type { z } from 'zod';
import { SDK_LIMITS } from '../limits';
import type { EventQueue } from './event-queue';
import type { Operation } from './operations';
import { abortable } from './retry';
import type { CallOptions, FeedFilter, Feed, Transport } from './transport';

/** More than any deployment has: ids are of the server, which knows how many there are. */
const MOST_SHARDS = 10_000;

/** Requests over NATS. Events are those of the live subjects; what happens while disconnected is a gap. */
export class NatsTransport implements Transport {
  readonly batchBytes = SDK_LIMITS.BATCH_BYTES;
  private readonly queues = new Set<EventQueue>();
  private opened: PayloadBucket | undefined;

  /** @param owned whether the connection is closed with the transport */
  constructor(
    private readonly bus: Bus,
    private readonly owned: boolean,
    private readonly parts: { clock: Clock; ids: Ids },
  ) {
    bus.onReconnect(() => {
      for (const queue of this.queues) queue.gap('the connection to NATS was lost for a while');
    });
  }

  call<Body, S extends z.ZodType>(
    operation: Operation<Body, S>,
    body: Body,
    options: CallOptions,
  ): Promise<z.output<S>> {
    const { timeoutMs, signal, traceparent } = options;
    const sending = this.bus.request(operation.subject, body, {
      reply: operation.reply,
      timeoutMs,
      ...(traceparent === undefined ? {} : { traceparent }),
    });
    return abortable(sending, signal);
  }

  storePayload(namespace: string, json: string, { signal }: CallOptions): Promise<PayloadRef> {
    return this.bucket.store(namespace, json, { signal });
  }

  readPayload(ref: PayloadRef, { signal }: CallOptions): Promise<Buffer> {
    return this.bucket.fetch(ref, { signal });
  }

  openFeed(filter: FeedFilter, lastEventId: string | undefined, queue: EventQueue): Feed {
    if (lastEventId !== undefined || filter.from !== undefined) {
      throw new MultiswarmError(
        'feature-not-available',
        'events over NATS are live only: to go on after an event, or from an instant on, connect with { url }',
      );
    }
    const seen = new SeenBatches();
    const subscription = this.bus.subscribe(subjectOf(filter), { schema: EventBatch }, (batch) => {
      if (!seen.isNew(batch)) return;
      for (const event of batch.events) if (isWanted(event, filter)) queue.push(event);
    });
    this.queues.add(queue);
    return {
      // Lost meanwhile, the client subscribes again by itself, and the reader is told of the gap.
      opened: this.bus.rttMs().then(
        () => undefined,
        () => undefined,
      ),
      close: () => {
        this.queues.delete(queue);
        subscription.stop();
      },
    };
  }

  private get bucket(): PayloadBucket {
    const { clock, ids } = this.parts;
    this.opened ??= new PayloadBucket(this.bus.connection, clock, ids);
    return this.opened;
  }

  async close(): Promise<void> {
    const closed = new MultiswarmError('bus-unavailable', 'the client was closed');
    for (const queue of this.queues) queue.fail(closed);
    if (this.owned) await this.bus.close();
  }
}

/** Of a filter that lets only events of one shard through, the subject of that shard. */
function subjectOf({ root, shard }: FeedFilter): string {
  const only = shard ?? (root === undefined ? undefined : shardOf(root, MOST_SHARDS));
  return only === undefined ? subjects.allEvents() : subjects.event(only);
}
