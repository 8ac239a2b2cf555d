import {
  CopiedEvent,
  topicMatches,
  type JsonValue,
  type Message,
  type TopicEvent,
} from '@multiswarm/contracts';
import type { z } from 'zod';
import { checked } from '../messages/handlers';
import { NoHandler, PoisonMessage } from '../messages/inbox';
import type { EventHandler, EventOf } from './types';

interface Registered {
  pattern: string;
  schema: z.ZodType | undefined;
  handler: EventHandler<never>;
}

/** Who handles copies of events that come out of one mailbox. */
export class EventHandlers {
  private readonly registered = new Set<Registered>();

  get isEmpty(): boolean {
    return this.registered.size === 0;
  }

  /** Returns the function that removes it. */
  add(registered: Registered): () => void {
    this.registered.add(registered);
    return () => void this.registered.delete(registered);
  }

  /** Runs all whose patterns fit. @throws what one of them throws; `PoisonMessage` where the message is no copy of an event */
  async run(message: Message): Promise<void> {
    const parsed = CopiedEvent.safeParse(message.data);
    if (!parsed.success) throw new PoisonMessage('this is no copy of an event');
    const { topic, id, seq, at, data } = parsed.data;
    const fitting = [...this.registered].filter(({ pattern }) => topicMatches(pattern, topic));
    if (fitting.length === 0) throw new NoHandler(`nobody handles events of the topic "${topic}" here`);
    const { namespace, from, traceparent } = message;
    const event: TopicEvent = {
      ...{ id, namespace, topic, from, at, seq, qos: 'at-least-once' },
      data: data as JsonValue, // it came as JSON
      ...(traceparent === undefined ? {} : { traceparent }),
    };
    await Promise.all(
      fitting.map(async ({ schema, handler }) => {
        const fits = { ...event, data: checked(schema, { ...message, kind: topic, data: event.data }) };
        await handler(fits as EventOf<never>); // the schema says what the data is
      }),
    );
  }
}
