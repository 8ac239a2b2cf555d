import type { JsonValue, PublishedEvent, TopicEvent, TopicQos, TopicStart } from '@multiswarm/contracts';
import type { z } from 'zod';

export interface PublishOptions<S extends z.ZodType = z.ZodType<JsonValue>> {
  /** Default `at-least-once`: stored, and can be replayed. `at-most-once`: whoever listens now hears it. */
  qos?: TopicQos;
  /** The same id again, within two minutes, is the same event; made where there is none. */
  id?: string;
  /** Data that does not fit it is refused (`invalid-request`), and nothing is published. It goes as it was given: who subscribes parses it. */
  schema?: S;
}

/** An event, its data as the schema of the subscription has it. */
export type EventOf<T> = Omit<TopicEvent, 'data'> & { data: T };

export type EventHandler<T = JsonValue> = (event: EventOf<T>) => void | Promise<void>;

/**
 * `live`: what is published comes to this process while it listens. `each`: a copy of each stored event is put into the mailbox of the
 * swarm, also while it is away. `group`: into a mailbox that several swarms read; each event goes to one of them.
 */
export type SubscribeMode = 'live' | 'each' | 'group';

export interface SubscribeOptions<S extends z.ZodType = z.ZodType<JsonValue>> {
  /** Default `live`. */
  mode?: SubscribeMode;
  /** The name of the mailbox that the group reads; it must not be that of a swarm. */
  group?: string;
  /**
   * With `each` and `group`: where the subscription begins when it is made, `new` unless told; one that is there goes on where it is.
   * With `live`: where to begin: `new`, a sequence, or an instant; then what is stored comes in order, nothing is left out, and nothing is dropped
   * when handlers are slow. Without it, `live`, what is published from now on comes as it is published, of both promises.
   */
  from?: TopicStart;
  /** An event whose data does not fit it is logged, and not handed on; of `each` and `group` it becomes a dead letter. */
  schema?: S;
}

export interface TopicSubscription {
  /** Events that came faster than the handler took them, and were dropped. With `from` there are none. */
  readonly dropped: number;
  /**
   * No handler is called any more, once the one that runs has ended. Of a group the others go on; what comes for
   * `each` while the swarm reads its mailbox and nobody handles it is a failed try (`no-handler`).
   */
  stop(): void;
  /** Stops, and ends the subscription of the mailbox: nothing more is copied into it, for the whole group. */
  unsubscribe(): Promise<void>;
}

/** Topics of the namespace. A swarm has them while it is started; its subscriptions end with it. */
export interface SwarmTopics {
  /** Throws `bus-unavailable`, `body-too-large`, `invalid-request`. */
  publish<S extends z.ZodType = z.ZodType<JsonValue, JsonValue>>(
    topic: string,
    data: z.input<S>,
    options?: PublishOptions<S>,
  ): Promise<PublishedEvent>;
  /**
   * Calls the handler for each event of a topic, or of a pattern of topics, one after the other. What it throws is logged, and the
   * event counts as handled. Of `each` and `group` the event is a message of a mailbox: it is acknowledged when the handler has returned,
   * and tried again when it throws, as `SwarmMessages.on` says; events of one publisher are handled in order, others at the same time.
   * Throws `bus-unavailable`, `invalid-request`, `state-full` at `TOPIC_SUBSCRIPTIONS`, and `too-many-watchers` at `TOPIC_REPLAYS`.
   */
  subscribe<S extends z.ZodType = z.ZodType<JsonValue>>(
    pattern: string,
    options: SubscribeOptions<S>,
    handler: EventHandler<z.output<S>>,
  ): Promise<TopicSubscription>;
}
