import { Topics, type TopicScope } from '@multiswarm/bus';
import {
  fittingOrThrow,
  LIMITS,
  MultiswarmError,
  parseFitting,
  parseOrThrow,
  PublishEvent,
  TopicPattern,
  TopicStart,
  toTopicEvent,
  type JsonValue,
  type PublishedEvent,
  type TopicEvent,
} from '@multiswarm/contracts';
import { Fifo } from '@multiswarm/core';
import { MailSites } from '@multiswarm/messaging';
import { startSpan } from '@multiswarm/telemetry';
import type { z } from 'zod';
import type { Door } from '../sharing/door';
import type { SwarmMessages } from '../types';
import { DurableSubscriptions } from './durable-subscriptions';
import type {
  EventHandler,
  EventOf,
  PublishOptions,
  SubscribeOptions,
  SwarmTopics,
  TopicSubscription,
} from './types';

type Deliver = (event: TopicEvent) => Promise<void>;

/** Topics of a started swarm. */
export class TopicsOfSwarm implements SwarmTopics {
  private readonly subscriptions = new Set<TopicSubscription>();
  private replays = 0;
  private topics: Topics | undefined;

  private readonly durable: DurableSubscriptions;

  constructor(
    private readonly door: Door,
    messages: Pick<SwarmMessages, 'on'>,
  ) {
    this.durable = new DurableSubscriptions(door, messages);
  }

  async publish<S extends z.ZodType = z.ZodType<JsonValue, JsonValue>>(
    topic: string,
    data: z.input<S>,
    { schema, ...options }: PublishOptions<S> = {},
  ): Promise<PublishedEvent> {
    const { namespace, swarmId, clock, ids } = this.door.options;
    const asked = parseOrThrow(PublishEvent, { namespace, topic, from: swarmId, data, ...options });
    if (schema !== undefined) fittingOrThrow(topic, parseFitting(schema, asked.data, ['data']));
    const span = startSpan('topic.publish', { kind: 'producer', attributes: { 'messaging.system': 'nats' } });
    try {
      const { traceparent } = span;
      const event = toTopicEvent(asked, { id: `e-${ids.next()}`, atMs: clock.now(), traceparent });
      const stored = await this.opened.publish(event);
      span.end();
      return { id: event.id, topic, qos: event.qos, duplicate: stored?.duplicate ?? false, ...seqOf(stored) };
    } catch (error) {
      span.end(error);
      throw error;
    }
  }

  async subscribe<S extends z.ZodType = z.ZodType<JsonValue>>(
    pattern: string,
    options: SubscribeOptions<S>,
    handler: EventHandler<z.output<S>>,
  ): Promise<TopicSubscription> {
    const { mode = 'live', group, from, schema } = options;
    if ((group !== undefined) !== (mode === 'group'))
      throw new MultiswarmError(
        'invalid-request',
        'a group needs its name: { mode: "group", group: "billing" }',
      );
    if (mode !== 'live') return this.durable.subscribe({ pattern, mailbox: group, from, schema, handler });
    const scope = { namespace: this.door.options.namespace, pattern: parseOrThrow(TopicPattern, pattern) };
    const deliver: Deliver = async (event) => {
      try {
        const data = schema === undefined ? event.data : schema.parse(event.data);
        await handler({ ...event, data } as EventOf<z.output<S>>); // the schema says what the data is
      } catch (error) {
        this.door.options.log.warn('an event was not handled', {
          topic: event.topic,
          eventId: event.id,
          error,
        });
      }
    };
    if (from === undefined) return this.listen(scope, deliver);
    return this.replay(scope, parseOrThrow(TopicStart, from), deliver);
  }

  /** Ends all subscriptions. */
  async close(): Promise<void> {
    await this.durable.close();
    for (const subscription of [...this.subscriptions]) subscription.stop();
    this.topics = undefined;
  }

  private get opened(): Topics {
    if (this.topics) return this.topics;
    const { bus } = this.door;
    const sites = new MailSites(bus);
    return (this.topics = new Topics(bus, () => sites.domain()));
  }

  private async listen(scope: TopicScope, deliver: Deliver): Promise<TopicSubscription> {
    const line = new Line(deliver, () => this.tellDropped(scope));
    const listening = this.opened.listen(scope, (event) => line.push(event), this.onFault);
    const subscription = this.track(line, () => {
      listening.stop();
      line.end();
    });
    // Once the server has answered it knows of the subscription.
    await this.door.bus.rttMs();
    return subscription;
  }

  private async replay(scope: TopicScope, from: TopicStart, deliver: Deliver): Promise<TopicSubscription> {
    if (this.replays >= LIMITS.TOPIC_REPLAYS)
      throw new MultiswarmError(
        'too-many-watchers',
        `the swarm has ${this.replays} subscriptions with replay already (TOPIC_REPLAYS): stop one, or take a wider pattern`,
      );
    this.replays += 1;
    let stopped = false;
    try {
      const { events, gap, close } = await this.opened.replay(scope, from, this.onFault);
      if (gap)
        this.door.options.log.warn('events before the oldest that is kept are gone', { ...scope, from });
      const read = async (): Promise<void> => {
        for await (const event of events) {
          if (stopped) break;
          await deliver(event);
        }
      };
      void read()
        .catch(this.onFault)
        .finally(() => (this.replays -= 1));
      return this.track({ dropped: 0 }, () => {
        stopped = true;
        close();
      });
    } catch (error) {
      this.replays -= 1;
      throw error;
    }
  }

  private track(counter: { readonly dropped: number }, end: () => void): TopicSubscription {
    const subscription = {
      get dropped() {
        return counter.dropped;
      },
      stop: () => {
        if (this.subscriptions.delete(subscription)) end();
      },
      unsubscribe: async () => subscription.stop(),
    };
    this.subscriptions.add(subscription);
    return subscription;
  }

  private readonly onFault = (error: unknown): void => {
    this.door.options.log.warn('what came on a topic could not be read', { error });
  };

  private tellDropped({ pattern }: TopicScope): void {
    const text = `handlers are too slow for the topics ${pattern}: events are dropped from now on, as at-most-once allows`;
    this.door.options.log.warn(text, { limit: LIMITS.TOPIC_WAITING });
  }
}

function seqOf(stored: { seq: number } | undefined): { seq?: number } {
  return stored === undefined ? {} : { seq: stored.seq };
}

/** What waits for a handler that takes one after the other. */
class Line {
  dropped = 0;
  private readonly waiting = new Fifo<TopicEvent>();
  private busy = false;

  constructor(
    private readonly deliver: Deliver,
    private readonly onFirstDropped: () => void,
  ) {}

  push(event: TopicEvent): void {
    if (this.waiting.size >= LIMITS.TOPIC_WAITING) {
      if (this.dropped === 0) this.onFirstDropped();
      this.dropped += 1;
      return;
    }
    this.waiting.push(event);
    if (!this.busy) void this.work();
  }

  /** What waits is not delivered. */
  end(): void {
    while (this.waiting.size > 0) this.waiting.shift();
  }

  private async work(): Promise<void> {
    this.busy = true;
    for (let next = this.waiting.shift(); next; next = this.waiting.shift()) await this.deliver(next);
    this.busy = false;
  }
}
