import type { JsonValue, PublishedEvent, TopicEvent, TopicQos, TopicStart } from '@multiswarm/contracts';
import type { z } from 'zod';

export interface PublishOptions {
  /** Default `at-least-once`: stored, and can be replayed. `at-most-once`: whoever listens now hears it. */
  qos?: TopicQos;
  /** The same id again, within two minutes, is the same event; made where there is none. */
  id?: string;
}

/** An event, its data as the schema of the subscription has it. */
export type EventOf<T> = Omit<TopicEvent, 'data'> & { data: T };

export type EventHandler<T = JsonValue> = (event: EventOf<T>) => void | Promise<void>;

export interface SubscribeOptions<S extends z.ZodType = z.ZodType<JsonValue>> {
  /**
   * Where to begin: `new`, a sequence, or an instant; then what is stored comes in order, nothing is left out, and nothing is dropped
   * when handlers are slow. Without it what is published from now on comes as it is published, of both promises.
   */
  from?: TopicStart;
  /** An event whose data does not fit it is logged, and not handed on. */
  schema?: S;
}

export interface TopicSubscription {
  /** Events that came faster than the handler took them, and were dropped. With `from` there are none. */
  readonly dropped: number;
  /** No handler is called any more, once the one that runs has ended. */
  stop(): void;
}

/** Topics of the namespace. A swarm has them while it is started; its subscriptions end with it. */
export interface SwarmTopics {
  /** Throws `bus-unavailable`, `body-too-large`, `invalid-request`. */
  publish(topic: string, data: JsonValue, options?: PublishOptions): Promise<PublishedEvent>;
  /**
   * Calls the handler for each event of a topic, or of a pattern of topics, one after the other. What it throws is logged, and the
   * event counts as handled. Throws `bus-unavailable`, `invalid-request`, and `too-many-watchers` at `TOPIC_REPLAYS`.
   */
  subscribe<S extends z.ZodType = z.ZodType<JsonValue>>(
    pattern: string,
    options: SubscribeOptions<S>,
    handler: EventHandler<z.output<S>>,
  ): Promise<TopicSubscription>;
}
