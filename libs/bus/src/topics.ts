import type { MsgHdrs } from '@nats-io/transport-node';
import {
  eventIdentity,
  fromTopicWire,
  headers as names,
  MultiswarmError,
  streams,
  subjects,
  toTopicWire,
  type TopicEvent,
  type TopicStart,
} from '@multiswarm/contracts';
import type { Bus, Listening } from './bus';
import {
  firstSince,
  readRange,
  readStream,
  streamRange,
  type ReadFrom,
  type Replayed,
  type StreamRange,
} from './streams';

/** What became of an event that was stored. */
export interface StoredEvent {
  seq: number;
  duplicate: boolean;
}

/** An event with its place in the stream. */
export type StoredTopicEvent = TopicEvent & { seq: number };

/** Where an event goes, and where it is heard. */
export interface TopicScope {
  namespace: string;
  pattern: string;
}

/**
 * Topics over one connection: events are published in its JetStream domain, and heard from all domains.
 */
export class Topics {
  constructor(
    private readonly bus: Bus,
    /** The JetStream domain in which what is published here is stored. */
    private readonly domain: () => Promise<string>,
  ) {}

  /**
   * At least once: resolves once the server has stored it. At most once: it is handed to the server, for whoever listens now.
   * @throws MultiswarmError `bus-unavailable`, `body-too-large`
   */
  async publish(event: TopicEvent): Promise<StoredEvent | undefined> {
    const { subject, headers, data } = toTopicWire(event, await this.domain());
    const { traceparent } = event;
    const options = { headers, ...(traceparent === undefined ? {} : { traceparent }) };
    if (event.qos === 'at-least-once')
      return this.bus.publishStored(subject, data, { ...options, messageId: eventIdentity(event) });
    this.bus.publish(subject, data, options);
    return undefined;
  }

  /** What is published from now on, of either promise, at most once. `onFault` gets what is no event. */
  listen(
    { namespace, pattern }: TopicScope,
    onEvent: (event: TopicEvent) => void,
    onFault: (error: unknown) => void,
  ): Listening {
    const subscription = this.bus.connection.subscribe(subjects.topicsLike(namespace, pattern), {
      callback: (error, message) => {
        if (error) return onFault(error);
        try {
          onEvent(fromTopicWire(message.subject, headerOf(message.headers), message.string()));
        } catch (fault) {
          onFault(fault);
        }
      },
    });
    return { stop: () => subscription.unsubscribe() };
  }

  /**
   * What is stored in this domain from a point on, in order, and what comes, until `close`. `gap`: the first event that is kept lies
   * behind the sequence that was asked for.
   * @throws MultiswarmError `bus-unavailable`
   */
  async replay(
    { namespace, pattern }: TopicScope,
    start: TopicStart,
    onFault: (error: unknown) => void,
  ): Promise<{ events: AsyncIterable<StoredTopicEvent>; gap: boolean; close: () => void }> {
    const { connection } = this.bus;
    const { firstSeq, lastSeq } = await streamRange(connection, streams.topics);
    const from = readFrom(start, lastSeq);
    const filter = subjects.topic('at-least-once', await this.domain(), namespace, pattern);
    const { messages, close } = await readStream(connection, streams.topics, from, filter);
    return {
      gap: 'seq' in from && from.seq > 0 && from.seq < firstSeq,
      close,
      events: eventsOf(messages, onFault),
    };
  }

  /** What is stored in this domain from one sequence to another, both included, in order; then it ends. */
  async between(
    { namespace, pattern }: TopicScope,
    range: { first: number; last: number },
    onFault: (error: unknown) => void,
  ): Promise<AsyncIterable<StoredTopicEvent>> {
    const filter = subjects.topic('at-least-once', await this.domain(), namespace, pattern);
    return eventsOf(readRange(this.bus.connection, streams.topics, range, filter), onFault);
  }

  /** The sequence at which a reader begins. @throws MultiswarmError `bus-unavailable` */
  async positionOf(start: TopicStart): Promise<number> {
    const { connection } = this.bus;
    if (start === 'new') return (await this.range()).lastSeq + 1;
    if (typeof start === 'number') return Math.max(1, start);
    return firstSince(connection, streams.topics, Date.parse(start));
  }

  /** What is kept. @throws MultiswarmError `bus-unavailable` */
  range(): Promise<StreamRange> {
    return streamRange(this.bus.connection, streams.topics);
  }
}

async function* eventsOf(
  messages: AsyncIterable<Replayed>,
  onFault: (error: unknown) => void,
): AsyncGenerator<StoredTopicEvent> {
  for await (const { seq, subject, text, headers } of messages) {
    try {
      yield { ...fromTopicWire(subject, headerOf(headers), text), seq };
    } catch (error) {
      if (!(error instanceof MultiswarmError)) throw error;
      onFault(error);
    }
  }
}

/** The last sequence is asked for once: a consumer that is made anew would begin anew with "new". */
function readFrom(start: TopicStart, lastSeq: number): ReadFrom {
  if (start === 'new') return { seq: lastSeq + 1 };
  return typeof start === 'number' ? { seq: start } : { at: Date.parse(start) };
}

function headerOf(headers: MsgHdrs | undefined): (name: string) => string {
  return (name) => headers?.get(name === 'traceparent' ? names.traceparent : name) ?? '';
}
