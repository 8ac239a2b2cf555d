import type { Bus } from '@multiswarm/bus';
import { EventBatch, MultiswarmError, subjects, type Event } from '@multiswarm/contracts';
import type { z } from 'zod';
import { SDK_LIMITS } from '../limits';
import type { EventQueue } from './event-queue';
import type { Operation } from './operations';
import { abortable } from './retry';
import type { CallOptions, EventFilter, Feed, Transport } from './transport';

/** Requests over NATS. Events are those of the live subjects; what happens while disconnected is a gap. */
export class NatsTransport implements Transport {
  readonly batchBytes = SDK_LIMITS.BATCH_BYTES;
  private readonly queues = new Set<EventQueue>();

  /** @param owned whether the connection is closed with the transport */
  constructor(
    private readonly bus: Bus,
    private readonly owned: boolean,
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

  openFeed(filter: EventFilter, lastEventId: string | undefined, queue: EventQueue): Feed {
    if (lastEventId !== undefined) {
      throw new MultiswarmError(
        'feature-not-available',
        'events over NATS are live only: to go on after an event, connect with { url }',
      );
    }
    const newest = new Map<number, number>();
    const subscription = this.bus.subscribe(
      subjects.allEvents(),
      { schema: EventBatch },
      ({ shard, batchSeq, events }) => {
        if (batchSeq <= (newest.get(shard) ?? 0)) return;
        newest.set(shard, batchSeq);
        for (const event of events) if (matches(filter, event)) queue.push(event);
      },
    );
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

  async close(): Promise<void> {
    const closed = new MultiswarmError('bus-unavailable', 'the client was closed');
    for (const queue of this.queues) queue.fail(closed);
    if (this.owned) await this.bus.close();
  }
}

function matches({ root, type }: EventFilter, event: Event): boolean {
  if (root !== undefined && event.root !== root && event.taskId !== root) return false;
  if (type === undefined) return true;
  return type.endsWith('*') ? event.type.startsWith(type.slice(0, -1)) : event.type === type;
}
