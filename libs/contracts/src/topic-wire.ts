import { MultiswarmError } from './errors';
import { subjects } from './subjects';
import { TopicEvent } from './topic';

const TYPE = 'multiswarm.topic.event';
const SOURCE_PREFIX = '/swarms/';
/** Tokens of a subject before the words of the topic: `ms.v1.topic.<qos>.<domain>.<namespace>`. */
const TOKENS_BEFORE_TOPIC = 6;

/** An event as NATS carries it: CloudEvents 1.0 in binary mode, its data as the body, its topic as `subject`. */
export interface WireEvent {
  subject: string;
  headers: Record<string, string>;
  data: unknown;
}

/**
 * By what an event is known when it is published again: also another topic, and another publisher, may use an id. No namespace, name or id has
 * a dot.
 */
export function eventIdentity({ namespace, from, topic, id }: TopicEvent): string {
  return `${namespace}.${from}.${topic}.${id}`;
}

export function toTopicWire(event: TopicEvent, domain: string): WireEvent {
  return {
    subject: subjects.topic(event.qos, domain, event.namespace, event.topic),
    headers: {
      'ce-specversion': '1.0',
      'ce-id': event.id,
      'ce-source': SOURCE_PREFIX + event.from,
      'ce-type': TYPE,
      'ce-subject': event.topic,
      'ce-time': event.at,
      'ce-datacontenttype': 'application/json',
    },
    data: event.data,
  };
}

/**
 * The event again.
 * @param header the value of a header, empty where there is none
 * @throws MultiswarmError `invalid-request` where it is none of ours
 */
export function fromTopicWire(subject: string, header: (name: string) => string, body: string): TopicEvent {
  const tokens = subject.split('.');
  const source = header('ce-source');
  const traceparent = header('traceparent');
  const parsed = TopicEvent.safeParse({
    id: header('ce-id'),
    qos: tokens[3],
    namespace: tokens[5],
    topic: tokens.slice(TOKENS_BEFORE_TOPIC).join('.'),
    from: source.startsWith(SOURCE_PREFIX) ? source.slice(SOURCE_PREFIX.length) : '',
    at: header('ce-time'),
    data: dataOf(body),
    ...(traceparent === '' ? {} : { traceparent }),
  });
  if (parsed.success) return parsed.data;
  const why = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
  throw new MultiswarmError('invalid-request', `an event on ${subject} that is none: ${why}`);
}

function dataOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new MultiswarmError('invalid-request', 'the body of an event is not JSON');
  }
}
