import {
  toTopicEvent,
  type PublishedEvent,
  type PublishEvent,
  type TopicEvent,
  type TopicStart,
} from '@multiswarm/contracts';
import type { Clock, Ids } from '@multiswarm/core';
import type { Logger } from '@multiswarm/telemetry';
import type { TopicLink } from '../topic-ports';

export interface TopicDeskParts {
  topics: TopicLink;
  /** Throws `feature-not-available` where swarms are not to hear each other. */
  assertOpen: () => void;
  clock: Clock;
  ids: Ids;
  logger: Logger;
}

export interface TopicQuestion {
  namespace: string;
  pattern: string;
  start: TopicStart;
}

/** What is asked of topics by those who do not speak NATS. */
export class TopicDesk {
  constructor(private readonly parts: TopicDeskParts) {}

  /** Stored when this resolves, unless it was published at most once. */
  async publish(asked: PublishEvent, traceparent: string | undefined): Promise<PublishedEvent> {
    const { topics, assertOpen, clock, ids } = this.parts;
    assertOpen();
    const event = toTopicEvent(asked, { id: `e-${ids.next()}`, atMs: clock.now(), traceparent });
    const stored = await topics.publish(event);
    const { id, topic, qos } = event;
    return { id, topic, qos, duplicate: stored?.duplicate ?? false, ...(stored ? { seq: stored.seq } : {}) };
  }

  /** Stored events in order, and what comes. */
  read({ namespace, pattern, start }: TopicQuestion): Promise<{
    events: AsyncIterable<TopicEvent & { seq: number }>;
    gap: boolean;
    close: () => void;
  }> {
    return this.parts.topics.replay({ namespace, pattern }, start, (error) =>
      this.parts.logger.warn('a stored event could not be read', { error }),
    );
  }
}
